// A training step as users take it: forward, backward, and Adam with a limit on the gradient's norm. Every row that
// trains uses `step()`, the only place that takes a step without copying the parameters.

import Sextant

/// Steps of Adam that minimise a loss.
final class TrainingWorkload: Workload {
  private let kind: String
  private let settings: any Encodable
  private var parameters: ParameterSet<Float>
  private var optimiser: Adam<Float>
  private let inputs: [String: Tensor<Float>]
  private let loss: (NetworkPass<Float>) -> DifferentiableTensor<Float>

  /// - Parameters:
  ///   - kind: the name of the work for peers.
  ///   - settings: the settings that peers need, except those of the optimiser.
  ///   - parameters: the initial parameters; normal numbers are added, so that no gradient is 0 because a layer starts
  ///     at 0.
  ///   - inputs: the inputs of the loss, for the peers.
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

  /// One step. The pass is released before the update and the gradients with it, because a living pass shares the
  /// parameters, and an update would copy all of them.
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

/// The description of a training for peers: the settings of the model and of the optimiser.
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
  /// The parameters with small normal numbers added, except to running variances, from a seed.
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
