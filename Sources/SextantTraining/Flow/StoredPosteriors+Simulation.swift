// Gaussian posteriors of simulated measurements, filled one by one, and on disk, so that a training that was stopped need not
// simulate them again.

import Foundation
import SextantArrays
import SextantGeometry
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

extension StoredPosteriors {
  /// Posteriors that are all still empty.
  init(count: Int, draws: Int, domain: any Domain, channels: Int, states: Int) {
    self.init(
      features: .zeros(
        [count, domain.vertexCount, PosteriorFeatures.channelCount(fieldChannels: channels, domain: domain)]),
      means: .zeros([count, states]), spreads: .zeros([count, states]), anomalies: .zeros([count, draws, states]))
  }

  /// Puts a posterior in the place of its number.
  ///
  /// - Parameter space: the space of the states; the posterior's own prior may have another, of a part of the archive.
  mutating func put(_ simulated: SimulatedPosterior, space: StateSpace) {
    put(
      simulated.posterior, features: simulated.features, label: simulated.field.label, number: simulated.plan.number,
      space: space)
  }

  /// Puts the posterior of the measurement of a field in the place of its number.
  mutating func put(
    _ posterior: Posterior, features shown: Tensor<Float>, label: FieldLabel, number: Int, space: StateSpace
  ) {
    let d = space.count
    let scales = space.stateScales
    let climate = space.climatology.mean(for: label)
    func states(_ arrays: Tensor<Float>) -> [Float] {
      space.layout.reduced(arrays, isValid: [Bool](repeating: true, count: arrays.count)).scalars
    }
    func row(_ values: [Float]) -> Tensor<Float> { Tensor(values, shape: [1, values.count]) }
    let mean = states(row(posterior.mean))
    features.replaceSample(number, with: shown)
    means.replaceRows(from: number, with: row((0..<d).map { (mean[$0] - climate[$0]) / scales[$0] }))
    if let spread = posterior.spread {
      spreads.replaceRows(from: number, with: row(zip(states(row(spread)), scales).map { $0 / $1 }))
    }
    if let samples = posterior.samples {
      let draws = states(samples)
      anomalies.replaceSample(
        number,
        with: Tensor(
          draws.indices.map { (draws[$0] - mean[$0 % d]) / scales[$0 % d] }, shape: [samples.rowCount, d]))
    }
  }

  func write(to path: String, identity: String) throws {
    var writer = SimulationFile.writer(identity: identity, seconds: seconds)
    writer.add("features", features)
    writer.add("means", means)
    writer.add("spreads", spreads)
    writer.add("anomalies", anomalies)
    try writer.write(to: path, overwrite: true)
  }

  /// The posteriors in a file; nil if there is none, or it holds those of another training.
  init?(contentsOf path: String, identity: String) throws {
    guard let (file, seconds) = try SimulationFile.open(path, identity: identity) else { return nil }
    self.seconds = seconds
    features = try file.floats("features")
    means = try file.floats("means")
    spreads = try file.floats("spreads", shape: means.shape)
    anomalies = try file.floats("anomalies")
    guard features.shape.count == 3, features.shape[0] == means.shape.first, anomalies.shape.count == 3,
      anomalies.shape[0] == means.shape[0], anomalies.shape[2] == means.columnCount
    else { return nil }
  }
}
