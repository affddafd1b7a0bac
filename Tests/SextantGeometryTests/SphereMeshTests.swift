// Meshes of the sphere: hulls and areas against SciPy, counts, refusals, and the order of the interpolation.

import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct SphereMeshTests {
  let reference: SphereReference

  init() throws { reference = try SphereReference.load() }

  static func sorted(_ triangles: [SIMD3<Int32>]) -> [[Int]] {
    triangles.map { [Int($0.x), Int($0.y), Int($0.z)].sorted() }.sorted { $0.lexicographicallyPrecedes($1) }
  }

  @Test func hullsAreThoseOfSciPy() throws {
    let lattice = try SphereMesh.fibonacci(vertexCount: 100)
    #expect(Self.sorted(lattice.triangles) == reference.fibonacci100Triangles)
    let random = try SphereMesh(delaunay: reference.randomPoints)
    #expect(Self.sorted(random.triangles) == reference.randomTriangles)
  }

  @Test func areasAreThoseOfSciPysVoronoiCells() throws {
    let lattice = try SphereMesh.fibonacci(vertexCount: 100)
    #expect(zip(lattice.areaWeights, reference.fibonacci100Areas).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test(arguments: [12, 13, 20, 47, 500, 1500])
  func latticesOfAnySizeAreTriangulated(_ count: Int) throws {
    let mesh = try SphereMesh.fibonacci(vertexCount: count)
    #expect(mesh.triangles.count == 2 * count - 4)
    // Each edge has one triangle on either side, which see it in opposite directions.
    var edges: Set<SIMD2<Int32>> = []
    for t in mesh.triangles { for k in 0..<3 { #expect(edges.insert(SIMD2(t[k], t[(k + 1) % 3])).inserted) } }
    #expect(edges.allSatisfy { edges.contains(SIMD2($0.y, $0.x)) })
  }

  @Test func pointsOnCommonCirclesAreTriangulated() throws {
    let grid = try DomainZoo.grid(DomainZoo.range(-90, 10, 19), DomainZoo.range(0, 10, 36))
    let mesh = try SphereMesh(delaunay: grid.nodePositions)
    #expect(mesh.triangles.count == 2 * grid.nodeCount - 4)
  }

  @Test(arguments: zip(0...4, [12, 42, 162, 642, 2562]))
  func icospheresHaveTheirCounts(_ subdivisions: Int, _ count: Int) throws {
    let mesh = try SphereMesh.icosphere(subdivisions: subdivisions)
    #expect(mesh.vertexCount == count && mesh.triangles.count == 2 * count - 4)
    #expect(mesh.summary == "\(count)-vertex icosphere")
  }

  @Test func meshesThatDoNotCoverTheSphereAreRefused() throws {
    let whole = try SphereMesh.icosphere(subdivisions: 1)
    let triangles = whole.triangles
    let inputs: [(positions: [SIMD3<Double>], triangles: [SIMD3<Int32>])] = [
      (whole.nodePositions, Array(triangles.dropLast())), (whole.nodePositions, triangles + [triangles[0]]),
      (whole.nodePositions + [SIMD3(0, 0, 1)], triangles), (whole.nodePositions, [SIMD3(0, 1, 99)]),
      ([SIMD3(.nan, 0, 0)] + whole.nodePositions.dropFirst(), triangles),
    ]
    for input in inputs {
      #expect(throws: GeometryError.self) {
        try SphereMesh(positions: input.positions, triangles: input.triangles)
      }
    }
    let turned = try SphereMesh(positions: whole.nodePositions, triangles: triangles.map { SIMD3($0.z, $0.y, $0.x) })
    #expect(zip(turned.areaWeights, whole.areaWeights).allSatisfy { abs($0 - $1) < 1e-14 })
    let half = whole.nodePositions.filter { $0.z > 0 }
    #expect(throws: GeometryError.self) { try SphereMesh(delaunay: half) }
    #expect(throws: GeometryError.self) {
      try SphereMesh(delaunay: whole.nodePositions + [whole.nodePositions[3]])
    }
    #expect(throws: GeometryError.self) { try SphereMesh.icosphere(subdivisions: -1) }
    #expect(throws: GeometryError.self) { try SphereMesh.fibonacci(vertexCount: 3) }
  }

  @Test func interpolationErrsByTheSquareOfTheSpacing() throws {
    var random = RandomStream(seed: 2)
    let places = (0..<300).map { _ in GeographicPoint(SIMD3(random.normal(), random.normal(), random.normal())) }
    for subdivisions in [3, 4] {
      let mesh = try SphereMesh.icosphere(subdivisions: subdivisions)
      // Edges of the icosphere are at most about 1.3 / 2ⁿ long; a triangle's middle lies e²/6 below the sphere.
      let edge = 1.3 / Double(1 << subdivisions)
      let matrix = try mesh.interpolation(to: places)
      for axis in 0..<3 {
        let values = matrix.times(mesh.nodePositions.map { $0[axis] })
        #expect(zip(values, places).allSatisfy { abs($0 - $1.position[axis]) < edge * edge / 6 })
      }
    }
  }

  @Test(arguments: [
    try SphereMesh.icosphere(subdivisions: 4), try SphereMesh.fibonacci(vertexCount: 2562),
  ])
  func theLaplacianHasHarmonicsAsEigenvectors(_ mesh: SphereMesh) throws {
    let degree = 4
    let harmonics = SphericalHarmonics(degree: degree)
    let modes = harmonics.values(at: mesh.nodePositions, as: Double.self).transposed()
    let stiffness = mesh.stiffness
    for (k, l) in harmonics.degrees.enumerated() where l > 0 {
      let mode = modes.row(k).scalars
      let eigenvalue = Double(l * (l + 1))
      let product = stiffness.times(mode)
      let energy = zip(mode, product).reduce(0.0) { $0 + $1.0 * $1.1 }
      #expect(abs(energy / eigenvalue - 1) < 0.01)
      let residual = mode.indices.reduce(0.0) {
        let difference = product[$1] / mesh.areaWeights[$1] - eigenvalue * mode[$1]
        return $0 + difference * difference * mesh.areaWeights[$1]
      }
      #expect(residual.squareRoot() < 0.03 * eigenvalue)
    }
  }
}
