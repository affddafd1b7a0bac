// Harmonics against SciPy, their orthonormality under the areas of domains, and the spectra of domains.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct SphericalHarmonicsTests {
  let reference: SphereReference

  init() throws { reference = try SphereReference.load() }

  @Test func valuesAreThoseOfSciPy() {
    let low = SphericalHarmonics(degree: 6).values(at: reference.positions, as: Double.self)
    #expect(zip(low.scalars, reference.harmonicsToDegree6.joined()).allSatisfy { abs($0 - $1) < 1e-13 })
    let high = SphericalHarmonics(degree: 120).values(at: reference.positions, as: Double.self)
    for harmonic in reference.harmonicsOfHighDegree {
      let column = SphericalHarmonics.index(degree: harmonic.degree, order: harmonic.order)
      for (i, value) in harmonic.values.enumerated() { #expect(abs(high[i, column] - value) < 1e-11) }
    }
  }

  /// Unsöld's theorem: the squares of one degree sum to (2l + 1) / 4π everywhere, the poles included.
  @Test(arguments: [50, 200])
  func squaresOfADegreeSumToAConstant(_ degree: Int) {
    let positions = [0, 0.3, 45, 89.9, 90, -90].map { GeographicPoint(latitude: $0, longitude: 20).position }
    let harmonics = SphericalHarmonics(degree: degree)
    let values = harmonics.values(at: positions, as: Double.self)
    for i in positions.indices {
      let row = values.row(i).scalars
      for l in stride(from: 0, through: degree, by: 25) {
        let sum = row[(l * l)...(l * l + 2 * l)].reduce(0) { $0 + $1 * $1 }
        #expect(abs(sum * sphereArea / Double(2 * l + 1) - 1) < 1e-10)
      }
    }
  }

  @Test func gaussLegendreIsThatOfNumPy() {
    let rule = GaussLegendre(count: 33)
    #expect(zip(rule.nodes, reference.gauss33Nodes).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(zip(rule.weights, reference.gauss33Weights).allSatisfy { abs($0 - $1) < 1e-14 })
  }

  @Test func harmonicsAreOrthonormalToRoundingOnGaussianGrids() throws {
    let grid = try DomainZoo.grid(DomainZoo.gaussianLatitudes, DomainZoo.range(0, 5.625, 64))
    // 32 Gaussian latitudes integrate degree 63, and 64 longitudes orders below 64.
    #expect(Self.departureFromOrthonormality(harmonics(31, on: grid), grid) < 1e-12)
  }

  @Test(
    arguments: zip(
      [
        try DomainZoo.grid(DomainZoo.range(-90, 4, 46), DomainZoo.range(0, 4, 90)),
        try SphereMesh.icosphere(subdivisions: 4), try SphereMesh.fibonacci(vertexCount: 2500),
      ] as [any Domain], [0.01, 0.004, 0.004]))
  func harmonicsAreNearlyOrthonormalElsewhere(_ domain: any Domain, _ tolerance: Double) {
    #expect(Self.departureFromOrthonormality(harmonics(8, on: domain), domain) < tolerance)
  }

  /// The harmonics up to a degree at the nodes of a domain (k × nodes).
  private func harmonics(_ degree: Int, on domain: any Domain) -> Tensor<Double> {
    SphericalHarmonics(degree: degree).values(at: domain.nodePositions, as: Double.self).transposed()
  }

  /// How far modes (k × nodes) are from orthonormal under the node areas.
  static func departureFromOrthonormality(_ modes: Tensor<Double>, _ domain: any Domain) -> Double {
    let gram = gramMatrix(modes.scalingColumns(by: domain.nodeAreas.map { $0.squareRoot() }))
    let identity = Tensor<Double>.identity(modes.rowCount)
    return zip(gram.scalars, identity.scalars).map { abs($0 - $1) }.max() ?? 0
  }
}

extension LaplacianEigenpairs {
  /// The lowest eigenpairs of a domain.
  init(of domain: any Domain, count: Int) throws {
    try self.init(stiffness: domain.stiffness, nodeAreas: domain.nodeAreas, count: count)
  }
}

@Suite struct LaplacianEigenpairTests {
  /// A small flat rectangle at the equator has eigenvalues π²(i²/a² + j²/b²) up to the discretisation's error.
  @Test(arguments: [20, 41])
  func rectanglesHaveTheEigenvaluesOfCosines(_ rows: Int) throws {
    let step = 2.0 / Double(rows)
    let grid = try DomainZoo.grid(
      DomainZoo.range(-1 + step / 2, step, rows), DomainZoo.range(10 + step / 2, step, 3 * rows / 2))
    let basis = try LaplacianEigenpairs(of: grid, count: 24)
    #expect(basis.eigenvalues.count == 24)
    #expect(SphericalHarmonicsTests.departureFromOrthonormality(basis.vectors, grid) < 1e-9)
    let (a, b) = (2 * Double.pi / 180, Double(3 * rows / 2) * step * Double.pi / 180)
    let expected = (0..<12).flatMap { i in
      (0..<12).map { j in
        let (u, v) = (Double(i) * .pi / a, Double(j) * .pi / b)
        return u * u + v * v
      }
    }.sorted()
    for (value, exact) in zip(basis.eigenvalues, expected).dropFirst() { #expect(abs(value / exact - 1) < 0.04) }
    #expect(basis.eigenvalues[0] < 1e-6 * basis.eigenvalues[1])
  }

  @Test func repeatedEigenvaluesAreAllFound() throws {
    // On the whole sphere, where each eigenvalue l(l + 1) comes 2l + 1 times; 2562 nodes go through ARPACK.
    let mesh = try SphereMesh.icosphere(subdivisions: 4)
    let basis = try LaplacianEigenpairs(of: mesh, count: 64)
    let expected = SphericalHarmonics(degree: 7).degrees.map { Double($0 * ($0 + 1)) }
    #expect(zip(basis.eigenvalues, expected).allSatisfy { abs($0 - $1) <= 0.03 * $1 + 1e-6 })
    #expect(SphericalHarmonicsTests.departureFromOrthonormality(basis.vectors, mesh) < 1e-9)
    let stiffness = mesh.stiffness
    for k in 0..<64 {
      let mode = basis.vectors.row(k).scalars
      let product = stiffness.times(mode)
      let residual = mode.indices.map { abs(product[$0] / mesh.areaWeights[$0] - basis.eigenvalues[k] * mode[$0]) }
      #expect((residual.max() ?? 0) < 1e-5)
    }
  }

  /// Equal pieces have the eigenvalues of one, each so many times as there are pieces, zero too.
  @Test(arguments: [(pieces: 4, count: 20), (pieces: 8, count: 3), (pieces: 8, count: 40)])
  func equalPiecesRepeatTheEigenvaluesOfOne(pieces: Int, count: Int) throws {
    let patch = SurfaceZoo.patch(21, 21, shear: 0.2)
    let single = try LaplacianEigenpairs(of: SurfaceMesh(patch), count: count).eigenvalues
    var (positions, triangles): ([SIMD3<Double>], [SIMD3<Int32>]) = ([], [])
    for piece in 0..<pieces {
      let first = Int32(positions.count)
      positions += patch.positions.map { $0 + SIMD3(0, 0, 64 * Double(piece)) }
      triangles += patch.triangles.map { $0 &+ SIMD3(repeating: first) }
    }
    let surface = try SurfaceMesh(TriangleMesh(positions: positions, triangles: triangles))
    let basis = try LaplacianEigenpairs(of: surface, count: count)
    for (mode, value) in basis.eigenvalues.enumerated() {
      #expect(abs(value - single[mode / pieces]) <= 1e-9 * (value + single[1]), "\(mode)")
    }
    #expect(SphericalHarmonicsTests.departureFromOrthonormality(basis.vectors, surface) < 1e-9)
  }
}
