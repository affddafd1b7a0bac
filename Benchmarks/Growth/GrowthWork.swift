// The work of a point, in stages. The generation of the synthetic fields is not counted.

import Foundation
import Sextant

extension GrowthSizes {
  /// Does the work of the point.
  func measured() throws -> GrowthResult {
    var clock = StageClock()
    let domain = try clock.time("domain") { try makeDomain() }
    let archive = SyntheticArchive(on: domain)
    let measurement = archive.measurement()
    switch path {
    case .modes, .mesh: try measureModes(archive, measurement, &clock)
    case .sparse: try measureSparseField(domain, measurement, &clock)
    }
    return GrowthResult(sizes: self, vertices: domain.vertexCount, stages: clock.stages)
  }

  /// A grid of r×2r cells, or an icosphere, of about as many vertices as wanted.
  private func makeDomain() throws -> any Domain {
    if path == .mesh {
      let subdivisions = (log(Double(vertices) / 10) / log(4)).rounded()
      return try SphereMesh.icosphere(subdivisions: Int(max(0, subdivisions)))
    }
    let rows = max(4, Int((Double(vertices) / 2).squareRoot().rounded()))
    let step = 180 / Double(rows)
    return try LatitudeLongitudeGrid(
      latitudes: (0..<rows).map { 90 - step * (Double($0) + 0.5) }, longitudes: (0..<2 * rows).map { step * Double($0) }
    )
  }

  private func measureModes(
    _ archive: SyntheticArchive, _ measurement: FieldMeasurement, _ clock: inout StageClock
  ) throws {
    var random = RandomStream(seed: 1)
    let prior = try {
      let fields = archive.fields(self.fields)
      return try clock.time("learn") {
        try GaussianPrior.train(
          GaussianPriorConfiguration(kind: .modes, modeCount: modes), on: fields, indices: Array(0..<self.fields),
          random: random.split("learn"))
      }
    }()
    let solver = EOFInterpolationSolver(prior)
    let posterior = try clock.time("answer") {
      try solver.posterior(given: measurement, samples: samples, using: &random)
    }
    try check(posterior, against: measurement)
    if path == .modes { try measureNetwork(archive.domain, &clock) }
  }

  /// One evaluation of the network of the Gaussian-base flow, with its default widths, which serves all samples.
  private func measureNetwork(_ domain: any Domain, _ clock: inout StageClock) throws {
    let widths = [24, 48, 64]
    guard let hierarchy = try StencilHierarchy.neighbourhoods(of: domain, levelCount: widths.count) else { return }
    let features = PosteriorFeatures.channelCount(fieldChannels: 1, domain: domain)
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 2))
    let network = StencilUNet(
      StencilUNetConfiguration(
        inputChannels: features, outputChannels: 2, widths: Array(widths.prefix(hierarchy.levels.count))),
      hierarchy: hierarchy, in: &builder)
    var stream = RandomStream(seed: 3)
    let input: Tensor<Float> = stream.normals([1, domain.vertexCount, features])
    let output = clock.time("network") {
      let pass = NetworkPass(builder.parameters, isTraining: false, wantsGradients: false)
      return network(pass.tape.constant(input), in: pass).value
    }
    guard output.isFinite else { throw GrowthError.notFinite(self) }
  }

  private func measureSparseField(
    _ domain: any Domain, _ measurement: FieldMeasurement, _ clock: inout StageClock
  ) throws {
    var random = RandomStream(seed: 1)
    let solver = try clock.time("prior") { try SparseFieldSolver(domain: domain) }
    let posterior = try clock.time("answer") {
      try solver.posterior(given: measurement, samples: samples, using: &random)
    }
    try check(posterior, against: measurement)
  }

  /// Checks that the answer is close to the measured values; otherwise its time would mean nothing.
  private func check(_ posterior: Posterior, against measurement: FieldMeasurement) throws {
    let mean = Tensor(posterior.mean, shape: [1, posterior.mean.count])
    let misfit = measurement.operation.apply(mean) - Tensor(measurement.values, shape: [1, measurement.values.count])
    let deviation = (misfit.dot(misfit) / Double(max(1, misfit.count))).squareRoot()
    guard deviation < 0.6 else { throw GrowthError.farOff(self, deviation: deviation) }
  }
}

/// A point whose work failed.
enum GrowthError: Error, CustomStringConvertible {
  /// The network's output contains infinities or NaN.
  case notFinite(GrowthSizes)
  /// The mean is not close to the measured values.
  case farOff(GrowthSizes, deviation: Double)
  /// The process of the point ended without a result.
  case lost(GrowthSizes, status: Int32)

  var description: String {
    switch self {
    case .notFinite(let sizes): "\(sizes.path.rawValue), \(sizes.vertices) vertices: the network's output is not finite"
    case .farOff(let sizes, let deviation):
      "\(sizes.path.rawValue), \(sizes.vertices) vertices: the mean is \(deviation) from what was measured with noise of 0.3; expected less than 0.6"
    case .lost(let sizes, let status):
      "\(sizes.path.rawValue), \(sizes.vertices) vertices: its process ended with status \(status) and no result; it may have lacked memory (--largest asks for fewer vertices)"
    }
  }
}
