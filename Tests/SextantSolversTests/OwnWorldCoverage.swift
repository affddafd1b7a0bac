// Methods that need no archive, each on fields drawn from its own Gaussian model, on a sphere and on another mesh: from noise far
// below the signal to noise of twice the signal, 90 % intervals contain the truth in 85 to 95 % of places, and no field collapses.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized) struct OwnWorldCoverage {
  /// Where fields live.
  enum Place: String, CaseIterable {
    case sphere, mesh

    func domain() throws -> any Domain {
      let sphere = try SphereMesh.fibonacci(vertexCount: 400)
      guard self == .mesh else { return sphere }
      return try SurfaceMesh(
        TriangleMesh(positions: sphere.nodePositions.map { $0 * SIMD3(2, 1, 0.5) }, triangles: sphere.triangles))
    }
  }

  /// A Gaussian model of fields.
  enum World: String, CaseIterable {
    case exponential, smooth, sparse

    var method: Method { self == .sparse ? .sparseMatern : .kriging }

    /// L with the covariance L·Lᵀ, or K of the equation K·x = √C·noise.
    func factor(on domain: any Domain) throws -> CholeskyFactor<Double> {
      let (positions, n) = (domain.nodePositions, domain.nodeCount)
      var matrix = Tensor<Double>.zeros([n, n])
      if self == .sparse {
        // The range is a quarter of the root of the area.
        let area = domain.nodeAreas.reduce(0, +)
        let stiffness = domain.stiffness
        for i in 0..<n {
          for k in stiffness.rowStarts[i]..<stiffness.rowStarts[i + 1] {
            matrix[i, Int(stiffness.columns[k])] = stiffness.values[k]
          }
          matrix[i, i] += 8 / (0.0625 * area) * domain.nodeAreas[i]
        }
      } else {
        for i in 0..<n {
          for j in 0..<n {
            let difference = positions[i] - positions[j]
            let t = (difference * difference).sum().squareRoot() / 0.6
            let smooth = (1 + 3.0.squareRoot() * t) * exp(-3.0.squareRoot() * t)
            matrix[i, j] = self == .exponential ? exp(-t) : smooth
          }
          matrix[i, i] += 1e-9
        }
      }
      return try CholeskyFactor(matrix)
    }
  }

  /// Draws of a world, each with a deviation of 1 about a mean of 5 (count×n).
  private func fields(_ world: World, on domain: any Domain, count: Int) throws -> [[Double]] {
    let factor = try world.factor(on: domain)
    let areas = domain.nodeAreas
    let total = areas.reduce(0, +)
    return (0..<count).map { index in
      var random = RandomStream(seed: 11).split(index)
      let white = (0..<areas.count).map { _ in random.normal() }
      let field =
        world == .sparse
        ? factor.solve(Tensor(zip(white, areas).map { $0 * $1.squareRoot() })).scalars
        : factor.multiplyLower(rows: Tensor(white, shape: [1, areas.count])).scalars
      let mean = zip(field, areas).reduce(0.0) { $0 + $1.0 * $1.1 } / total
      let variance = zip(field, areas).reduce(0.0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
      return field.map { 5 + ($0 - mean) / variance.squareRoot() }
    }
  }

  /// The share of places where the 90 % interval contains a field of which 60 % is observed.
  private func coverage(of truth: [Double], noise: Double, method: Method, on domain: any Domain, seed: Int) throws
    -> Double
  {
    var random = RandomStream(seed: 12).split(seed)
    let observed = truth.indices.filter { _ in random.uniform() < 0.6 }
    let measurement = FieldMeasurement(
      values: observed.map { Float(truth[$0] + noise * random.normal()) },
      noise: [Float](repeating: Float(noise), count: observed.count),
      operation: SelectionOperator(inputCount: truth.count, indices: observed))
    let posterior = try method.solver(for: Model(FieldSpace(domain: domain))).posterior(
      given: measurement, samples: 0, using: &random)
    let spread = try #require(posterior.spread)
    let covered = truth.indices.count { abs(truth[$0] - Double(posterior.mean[$0])) <= 1.645 * Double(spread[$0]) }
    return Double(covered) / Double(truth.count)
  }

  /// Sixteen fields of each world: two for each noise and place.
  @Test(arguments: World.allCases) func intervalsAreHonest(world: World) throws {
    let noises = [0.05, 0.3, 1, 2]
    var coverages: [[Double]] = noises.map { _ in [] }
    for place in Place.allCases {
      let domain = try place.domain()
      let truths = try fields(world, on: domain, count: 2 * noises.count)
      for (index, truth) in truths.enumerated() {
        let level = index / 2
        let share = try coverage(
          of: truth, noise: noises[level], method: world.method, on: domain, seed: index)
        // A field that collapses covers next to nothing.
        #expect(share > 0.4, "\(world) on a \(place), noise \(noises[level])")
        coverages[level].append(share)
      }
    }
    let all = coverages.flatMap { $0 }
    let mean = all.reduce(0, +) / Double(all.count)
    #expect((0.85...0.95).contains(mean), "\(world): \(coverages)")
    for (noise, level) in zip(noises, coverages) {
      let mean = level.reduce(0, +) / Double(level.count)
      #expect((0.75...0.99).contains(mean), "\(world), noise \(noise): \(level)")
    }
  }

  /// A rough field whose deviation is that of the noise: the fixed point of the roughness once collapsed to a constant with a spread
  /// near 0 here.
  @Test(.enabled(if: SharedMeshes.arePresent, Comment(rawValue: SharedMeshes.absence)), arguments: [0.05, 0.1, 0.2])
  func theConfidenceOfABunnyDoesNotCollapse(noise: Double) throws {
    let document = try MeshFile.document(SharedMeshes.path("bunny/bun_zipper_res4.ply"))
    let domain = try SurfaceMesh(document.triangleMesh())
    let truth = try document.vertexProperty("confidence").values
    var coverages: [Double] = []
    for seed in 0..<3 as Range<UInt64> {
      var random = RandomStream(seed: seed)
      let observed = truth.indices.filter { _ in random.uniform() < 0.4 }
      let measurement = FieldMeasurement(
        values: observed.map { Float(truth[$0] + noise * random.normal()) },
        noise: [Float](repeating: Float(noise), count: observed.count),
        operation: SelectionOperator(inputCount: truth.count, indices: observed))
      let posterior = try Method.sparseMatern.solver(for: Model(FieldSpace(domain: domain))).posterior(
        given: measurement, samples: 0, using: &random)
      let spread = try #require(posterior.spread)
      let hidden = Set(truth.indices).subtracting(observed)
      let covered = hidden.count { abs(truth[$0] - Double(posterior.mean[$0])) <= 1.645 * Double(spread[$0]) }
      coverages.append(Double(covered) / Double(hidden.count))
    }
    let mean = coverages.reduce(0, +) / Double(coverages.count)
    #expect((0.8...0.97).contains(mean) && coverages.allSatisfy { $0 > 0.5 }, "\(coverages)")
  }
}
