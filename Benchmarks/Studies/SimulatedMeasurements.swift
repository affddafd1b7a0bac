// Measurements with a known truth and an exact posterior: fields drawn from a known prior, some of whose vertices are
// measured with noise. Everything is in standardised units.

import SextantArrays

/// N simulated measurements.
public struct SimulatedMeasurements: Sendable {
  /// N×V.
  public let truths: Tensor<Double>
  /// y: N×V, 0 at unmeasured vertices.
  public let values: Tensor<Double>
  /// N×V: 1 at measured vertices.
  public let masks: Tensor<Double>
  /// σ.
  public let noise: Double

  /// N.
  public var count: Int { values.rowCount }

  /// - Parameters:
  ///   - noise: σ in standardised units.
  ///   - maskRandom: the random stream of a fixed mask, which is the same for all sets of a study.
  ///   - random: the random stream of everything else.
  init(
    of prior: AnalyticPrior, count: Int, settings: StudyMeasurementSettings, noise: Double, maskRandom: RandomStream,
    random: RandomStream
  ) {
    let v = prior.vertexCount
    let streams = (0..<count).map { random.split($0) }
    truths = prior.samples(using: streams.map { $0.split("field") })
    let measured = max(1, v - Int((settings.missing * Double(v)).rounded()))
    var masks = Tensor<Double>.zeros([count, v])
    var noises = Tensor<Double>.zeros([count, v])
    for (row, stream) in streams.enumerated() {
      var order = settings.mask == .fixed ? maskRandom : stream.split("mask")
      for vertex in Array(0..<v).shuffled(using: &order).prefix(measured) { masks[row, vertex] = 1 }
      var values = stream.split("noise")
      noises.replaceRows(from: row, with: values.normals([1, v], as: Double.self))
    }
    var noisy = truths
    noisy.add(noises, scaledBy: noise)
    values = noisy * masks
    (self.masks, self.noise) = (masks, noise)
  }

  /// The exact posterior of measurement `index` under a prior.
  public func posterior(_ index: Int, under prior: AnalyticPrior) throws -> AnalyticPosterior {
    try AnalyticPosterior(prior, values: values.row(index).scalars, mask: masks.row(index).scalars, noise: noise)
  }
}
