// How long the engine takes: `make bench`. Each row is the median of five runs after one that is not counted, on random
// numbers of the paper's shapes. Not a test: nothing fails here for being slow. Peers and limits: docs/benchmarks.md.

import Foundation
import Sextant

/// The median of the seconds that `body` takes.
func medianSeconds(_ runs: Int = 5, _ body: () throws -> Void) rethrows -> Double {
  try body()
  let times = try (0..<runs).map { _ in
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }.sorted()
  return times[runs / 2]
}

/// One line of the table.
func report(_ name: String, _ seconds: Double) {
  print("\(name.padding(toLength: 58, withPad: " ", startingAt: 0)) \(String(format: "%9.1f ms", 1000 * seconds))")
}

/// The conditional RealNVP of the APS paper over `vertices` values under as many measured ones: one training step on 64
/// draws (fidelity and entropy; the prior's network is not part of it) with Adam, and sampling.
func benchmarkPaperFlow(vertices: Int) throws {
  var random = RandomStream(seed: 1)
  var builder = ParameterBuilder<Float>(random: random.split("parameters"))
  let flow = try ConditionalRealNVP(&builder, dimension: vertices, conditionWidth: vertices, configuration: .paper)
  var parameters = builder.parameters
  var optimiser = Adam(AdamSettings(rate: 1e-5, largestNorm: 1), for: parameters)
  let batch = 64
  let y: Tensor<Float> = random.normals([batch, vertices])
  let z: Tensor<Float> = random.normals([batch, vertices])
  let fidelity = EntryFidelity(
    values: y.reshaped(to: [batch, vertices, 1]), precisions: Tensor(repeating: 100, shape: [batch, vertices, 1]))
  /// The gradient of the loss. The pass ends here: while it lives it shares the parameters, and updating them would copy all.
  func gradients(at parameters: inout ParameterSet<Float>) -> [Tensor<Float>?] {
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
    let points = flow.sample(pass.tape.constant(z), given: pass.tape.constant(y), in: pass)
    let loss =
      fidelity(points.values.reshaped(to: [batch, vertices, 1]), Array(0..<batch)) * (1 / Float(batch))
      - points.logDeterminant.sum() * (1 / Float(batch))
    pass.applyUpdates(to: &parameters)
    return pass.parameterGradients(pass.tape.gradients(of: loss))
  }
  print("paper, V = \(vertices): \(parameters.trainedCount) parameters")
  report(
    "  training step, batch 64",
    medianSeconds {
      let gradients = gradients(at: &parameters)
      _ = optimiser.update(&parameters, gradients: gradients)
    })
  for count in [1, 128] {
    let base: Tensor<Float> = random.normals([count, vertices])
    report(
      "  sampling, N = \(count)",
      medianSeconds {
        let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
        let condition = flow.prepare(pass.tape.constant(y.rows(0..<1)), in: pass)
        _ = flow.sample(pass.tape.constant(base), given: condition, in: pass)
      })
  }
}

for vertices in [1888, 4160] {
  try benchmarkPaperFlow(vertices: vertices)
  StoragePool.shared.drain()
}
