// Every method of the table that gives a spread without a network, each on fields drawn from its own Gaussian model, on a sphere,
// on another mesh and on a grid: from noise far below the signal to noise of twice the signal, 90 % intervals contain the truth in 85 to
// 95 % of places, and no field collapses. Methods that sample a diffusion prior are approximations, whose biases have tests of their own
// (DiffusionBiasTests), and an untrained flow is the Gaussian posterior itself (GaussianBaseFlowTests).

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized) struct OwnWorldCoverage {
  /// Where fields live.
  enum Place: String, CaseIterable {
    case sphere, mesh, grid

    func domain() throws -> any Domain {
      if self == .grid {
        return try LatitudeLongitudeGrid(
          latitudes: (0..<12).map { -82.5 + 15 * Double($0) }, longitudes: (0..<22).map { 360 * Double($0) / 22 })
      }
      let sphere = try SphereMesh.fibonacci(vertexCount: 240)
      guard self == .mesh else { return sphere }
      return try SurfaceMesh(
        TriangleMesh(positions: sphere.nodePositions.map { $0 * SIMD3(2, 1, 0.5) }, triangles: sphere.triangles))
    }
  }

  /// A Gaussian model of fields.
  enum World: String, CaseIterable {
    case exponential, smooth, sparse, sparseSmooth, modes, twoScale, mixture

    /// The method that assumes it.
    var method: Method {
      switch self {
      case .exponential, .smooth: .kriging
      case .sparse, .sparseSmooth: .sparseMatern
      case .modes: .eof
      case .twoScale: .twoScale
      case .mixture: .mixture
      }
    }

    /// Where the method is tried: what learns from an archive does not see of which kind a domain is.
    var places: [Place] { method.learnsFromArchive ? [.sphere, .mesh] : Place.allCases }

    /// What the method knows of the fields: all but the parameters that it fits itself.
    func model(on domain: any Domain) throws -> Model {
      let space = try FieldSpace(domain: domain)
      guard method.learnsFromArchive else { return try Model(space) }
      let (positions, count) = (domain.nodePositions, 12)
      var random = RandomStream(seed: 5)
      let waves = (0..<count).map { mode -> (SIMD3<Double>, Double, Double) in
        (SIMD3(random.normal(), random.normal(), random.normal()) * 2, 2 * .pi * random.uniform(), pow(0.85, Double(mode)))
      }
      let modes = Tensor<Float>(
        waves.flatMap { wave in positions.map { Float(wave.2 * cos((wave.0 * $0).sum() + wave.1)) } },
        shape: [count, positions.count])
      // The modes are made orthogonal, as those of an archive are.
      let empty = EmpiricalOrthogonalFunctions(
        scaledModes: .zeros([0, positions.count]), standardDeviations: [],
        residualVariance: [Float](repeating: 0.05, count: positions.count))
      let functions = try empty.adding(modes: modes).functions
      let (fields, groups) = (90, 3)
      let centres = (0..<groups).map { _ in (0..<functions.modeCount).map { _ in 1.3 * random.normal() } }
      let coefficients = (0..<fields).flatMap { field in
        (0..<functions.modeCount).map { mode in
          Float(self == .mixture ? centres[field % groups][mode] + 0.5 * random.normal() : random.normal())
        }
      }
      let prior = GaussianPrior(
        configuration: GaussianPriorConfiguration(kind: .twoScale, modeCount: functions.modeCount),
        space: StateSpace(
          layout: space.layout,
          climatology: Climatology(kind: .constant, coefficients: Tensor(repeating: 5, shape: [1, positions.count])), scales: [1]),
        functions: functions, archiveCoefficients: Tensor(coefficients, shape: [fields, functions.modeCount]),
        landShare: nil, channelCorrelation: .identity(1))
      return try Model(
        space, gaussian: LearnedGaussian(prior, membership: self == .mixture ? (0..<fields).map { $0 % groups } : nil))
    }

    /// Draws of fields about 0 (count×n).
    func fields(_ model: Model, count: Int) throws -> [[Double]] {
      let domain = model.space.domain
      let (positions, n) = (domain.nodePositions, domain.nodeCount)
      func draws(_ covariance: Tensor<Double>, seed: Int = 0) throws -> [[Double]] {
        var matrix = covariance
        for i in 0..<n { matrix[i, i] += 1e-9 }
        let factor = try CholeskyFactor(matrix)
        return (0..<count).map { index in
          var random = RandomStream(seed: 11).split(seed).split(index)
          return factor.multiplyLower(rows: Tensor((0..<n).map { _ in random.normal() }, shape: [1, n])).scalars
        }
      }
      switch self {
      case .exponential, .smooth:
        var matrix = Tensor<Double>.zeros([n, n])
        for i in 0..<n {
          for j in 0..<n {
            let difference = positions[i] - positions[j]
            let t = (difference * difference).sum().squareRoot() / 0.6
            matrix[i, j] =
              self == .exponential ? exp(-t) : (1 + 3.0.squareRoot() * t) * exp(-3.0.squareRoot() * t)
          }
        }
        return try draws(matrix)
      case .sparse:
        // K·x = √C·noise, with a range of a quarter of the root of the area.
        let (areas, stiffness) = (domain.nodeAreas, domain.stiffness)
        var matrix = Tensor<Double>.zeros([n, n])
        for i in 0..<n {
          for k in stiffness.rowStarts[i]..<stiffness.rowStarts[i + 1] {
            matrix[i, Int(stiffness.columns[k])] = stiffness.values[k]
          }
          matrix[i, i] += 8 / (0.0625 * areas.reduce(0, +)) * areas[i]
        }
        let factor = try CholeskyFactor(matrix)
        return (0..<count).map { index in
          var random = RandomStream(seed: 11).split(index)
          return factor.solve(Tensor(areas.map { random.normal() * $0.squareRoot() })).scalars
        }
      case .sparseSmooth:
        // The same with K·C⁻¹·K·C⁻¹·K for a precision.
        let (areas, stiffness) = (domain.nodeAreas, domain.stiffness)
        var (matrix, scaled) = (Tensor<Double>.zeros([n, n]), Tensor<Double>.zeros([n, n]))
        for i in 0..<n {
          for k in stiffness.rowStarts[i]..<stiffness.rowStarts[i + 1] {
            matrix[i, Int(stiffness.columns[k])] = stiffness.values[k]
          }
          matrix[i, i] += 16 / (0.0625 * areas.reduce(0, +)) * areas[i]
          for j in 0..<n { scaled[i, j] = matrix[i, j] / areas[i] }
        }
        var covariance = try CholeskyFactor(
          matrixProduct(scaled, matrixProduct(matrix, scaled), transposingFirst: true)).inverse()
        let mean = (0..<n).reduce(0.0) { $0 + covariance[$1, $1] } / Double(n)
        covariance = covariance.map { $0 / mean }
        return try draws(covariance)
      case .modes:
        let functions = try model.requireGaussian().prior.functions
        return (0..<count).map { index in
          var random = RandomStream(seed: 11).split(index)
          let weights = Tensor((0..<functions.modeCount).map { _ in Float(random.normal()) }, shape: [1, functions.modeCount])
          let large = matrixProduct(weights, functions.scaledModes).scalars
          return zip(large, functions.residualVariance).map { Double($0) + Double($1).squareRoot() * random.normal() }
        }
      case .twoScale:
        let covariance = try model.requireGaussian().prior.covarianceModel(on: domain)
        return try draws(covariance.covariance(parameters: covariance.start(noise: 1)))
      case .mixture:
        let gaussian = try model.requireGaussian()
        let mixture = try GaussianMixturePrior(gaussian.prior, membership: try #require(gaussian.membership))
        let groups = try mixture.components.enumerated().map { number, component in
          let covariance = gaussian.prior.covarianceModel(on: domain, modes: mixture.modes(of: component))
          let mean = mixture.mean(of: component)
          return try draws(covariance.covariance(parameters: covariance.start(noise: 1)), seed: number)
            .map { zip($0, mean).map { $0 + Double($1) } }
        }
        return (0..<count).map { groups[$0 % groups.count][$0] }
      }
    }
  }

  /// The share of places where the 90 % interval contains a field of which 60 % is observed, with noise relative to its
  /// deviation.
  private func coverage(of field: [Double], noise: Double, method: Method, model: Model, seed: Int) throws -> Double {
    let mean = field.reduce(0, +) / Double(field.count)
    let deviation = (field.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / Double(field.count)).squareRoot()
    let truth = field.map { 5 + $0 }
    var random = RandomStream(seed: 12).split(seed)
    let observed = truth.indices.filter { _ in random.uniform() < 0.6 }
    let measurement = FieldMeasurement(
      values: observed.map { Float(truth[$0] + noise * deviation * random.normal()) },
      noise: [Float](repeating: Float(noise * deviation), count: observed.count),
      operation: SelectionOperator(inputCount: truth.count, indices: observed))
    let posterior = try method.solver(for: model).posterior(given: measurement, samples: 0, using: &random)
    let spread = try #require(posterior.spread)
    let covered = truth.indices.count { abs(truth[$0] - Double(posterior.mean[$0])) <= 1.645 * Double(spread[$0]) }
    return Double(covered) / Double(truth.count)
  }

  /// A new method with a spread must bring its own world.
  @Test func everyMethodHasAWorld() {
    let methods = [Method].withoutNetworks.filter(\.traits.drawsSamples)
    #expect(Set(methods.map(\.name)) == Set(World.allCases.map(\.method.name)))
  }

  /// Twenty fields in each place, whose noise grows from 0.05 to 2 times the deviation of the field.
  @Test(arguments: World.allCases) func intervalsAreHonest(world: World) throws {
    let count = 20
    var coverages: [[Double]] = [[], [], []]
    for place in world.places {
      let model = try world.model(on: place.domain())
      for (index, field) in try world.fields(model, count: count).enumerated() {
        let noise = 0.05 * pow(40, Double(index) / Double(count - 1))
        let share = try coverage(of: field, noise: noise, method: world.method, model: model, seed: index)
        // A field that collapses covers next to nothing.
        #expect(share > 0.4, "\(world) on a \(place), noise \(noise)")
        coverages[min(2, 3 * index / count)].append(share)
      }
    }
    let all = coverages.flatMap { $0 }
    let mean = all.reduce(0, +) / Double(all.count)
    #expect((0.85...0.95).contains(mean), "\(world): \(mean), \(coverages)")
    for (third, part) in coverages.enumerated() {
      let mean = part.reduce(0, +) / Double(part.count)
      #expect((0.78...0.98).contains(mean), "\(world), third \(third) of the noise: \(mean), \(part)")
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
