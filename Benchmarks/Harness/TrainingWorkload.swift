// A training step as users take it: forward, backward, Adam with a limit on the gradient's norm. Every row that trains
// goes through `step()`, the one place that knows how a step is taken without copying parameters.

import Sextant

/// Steps of Adam on a loss.
final class TrainingWorkload: Workload {
  private let kind: String
  private let settings: any Encodable
  private var parameters: ParameterSet<Float>
  private var optimiser: Adam<Float>
  private let inputs: [String: Tensor<Float>]
  private let loss: (NetworkPass<Float>) -> DifferentiableTensor<Float>

  /// - Parameters:
  ///   - kind: what peers know the work as.
  ///   - settings: what peers need to know to do the same, the optimiser's apart.
  ///   - parameters: as the network made them; normal numbers are added, so that no gradient is 0 because a layer starts at 0.
  ///   - inputs: what the loss reads, for the peers.
  ///   - loss: of shape [], recorded on the pass that it is given.
  init(
    kind: String, settings: any Encodable, parameters: ParameterSet<Float>, inputs: [String: Tensor<Float>],
    loss: @escaping (NetworkPass<Float>) -> DifferentiableTensor<Float>
  ) {
    (self.kind, self.settings, self.inputs, self.loss) = (kind, settings, inputs, loss)
    self.parameters = parameters.scattered()
    optimiser = Adam(TrainingSettings.adam, for: self.parameters)
  }

  func run() { step() }

  /// One step. The pass and the gradients end before and with the update: while a pass lives it shares the parameters,
  /// and updating them would copy all.
  private func step() {
    let gradients = lossAndGradients().gradients
    _ = optimiser.update(&parameters, gradients: gradients)
  }

  private func lossAndGradients() -> (loss: Float, gradients: [ParameterGradient<Float>?]) {
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
    let loss = loss(pass)
    pass.applyUpdates(to: &parameters)
    return (loss.value.scalars[0], pass.parameterGradients(pass.tape.gradients(of: loss)))
  }

  func task() -> PeerTask? {
    PeerTask(
      kind: kind, settings: TrainingSettings(settings),
      tensors: Array(zip(parameters.names, parameters.tensors)) + inputs.map { ("input." + $0, $1) })
  }

  func answers() -> WorkloadAnswers {
    let before = parameters
    let (loss, gradients) = lossAndGradients()
    // Running statistics moved: peers are to start from the same.
    parameters = before
    return WorkloadAnswers(
      loss: loss,
      tensors: zip(parameters.names, gradients).compactMap { name, gradient in
        gradient.map { ("gradient." + name, $0.tensor) }
      })
  }

  func memoryParts() -> MemoryParts? {
    let before = parameters
    defer { parameters = before }
    return parameters.memoryParts(gradients: lossAndGradients().gradients)
  }
}

/// What peers are told of a training: the model's settings, and the optimiser's beside them.
private struct TrainingSettings: Encodable {
  static let adam = AdamSettings(rate: 1e-5, largestNorm: 1)

  private let model: any Encodable

  init(_ model: any Encodable) { self.model = model }

  func encode(to encoder: any Encoder) throws {
    try model.encode(to: encoder)
    try Self.adam.encode(to: encoder)
  }
}

extension ParameterSet<Float> {
  /// Each number with a small normal one added, running variances apart: made from a seed.
  func scattered() -> ParameterSet {
    var result = self
    let random = RandomStream(seed: 20).split("scatter")
    for (index, name) in names.enumerated() where !name.hasSuffix("running_variance") {
      var stream = random.split(name)
      result.tensors[index].add(stream.normals(tensors[index].shape), scaledBy: 0.001)
    }
    return result
  }
}
