// A noise network over the states of a model, and its training on fields that are known: what every training of a diffusion prior
// repeats, whether its fields come from an archive or are completions of measurements.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSolvers

/// A noise network that is to be trained.
struct NoiseTraining {
  let settings: DiffusionSettings
  /// The Gaussian that the network corrects or is compared with.
  let gaussian: ArchiveGaussian
  /// The vertices in the network's order (V).
  let order: [Int32]
  let network: StateNoiseNetwork<Float>
  /// The parameters before training.
  let initial: ParameterSet<Float>
  private let schedule: VariancePreservingSchedule

  /// - Parameter random: the source of the initial parameters.
  /// - Throws: `RunError` for a domain that has no such network, and what opening a file of weights throws.
  init(_ settings: DiffusionSettings, gaussian: ArchiveGaussian, model: Model, random: RandomStream) throws {
    (self.settings, self.gaussian) = (settings, gaussian)
    order = try (settings.network == .neighbourhoods ? .file : settings.order).order(of: model.space.domain)
    var builder = ParameterBuilder<Float>(random: random)
    network = try StoredDiffusion.network(settings, gaussian: gaussian, order: order, space: model.space, in: &builder)
    initial =
      try settings.weights.map {
        try DDPMUNet<Float>.parameters(fromDiffusers: $0, layout: builder.parameters, levelCount: settings.widths.count)
      } ?? builder.parameters
    schedule = try VariancePreservingSchedule(finalRate: settings.finalRate)
  }

  /// The network with some parameters.
  func predictor(_ parameters: ParameterSet<Float>) -> NetworkNoisePredictor<StateNoiseNetwork<Float>> {
    NetworkNoisePredictor(network, parameters: parameters, schedule: schedule)
  }

  /// The loss on batches of fields (N×d).
  func loss(
    on states: Tensor<Float>, batch: Int? = nil, random: RandomStream
  ) -> NoisePredictionLoss<StateNoiseNetwork<Float>> {
    NoisePredictionLoss(
      predictor(initial), fields: states.reshaped(to: states.shape + [1]), batchSize: batch ?? settings.batch,
      times: settings.times, random: random)
  }

  /// Trains the network by a loop.
  ///
  /// - Parameters:
  ///   - start: the parameters to begin with; nil for the initial ones.
  ///   - seen: the fields to learn from (N×d).
  ///   - heldOut: fields by which the best parameters are chosen (M×d).
  ///   - loop: how long, and where the state is kept.
  ///   - random: the source of all random numbers of the training.
  ///   - preparation: seconds that were spent before the first step.
  func train(
    from start: ParameterSet<Float>? = nil, on seen: Tensor<Float>, heldOut: Tensor<Float>, by loop: TrainingLoop,
    random: RandomStream, preparation: Double = 0, name: String = "training the diffusion prior",
    progress: any ProgressObserver, interruption: Interruption
  ) throws -> ParameterSet<Float> {
    try loop.run(
      from: start ?? initial,
      minimising: .noisePrediction(
        loss(on: seen, random: random.split("training")), heldOut: loss(on: heldOut, random: random.split("validation")),
        random: random.split("choices")),
      name: name, preparation: preparation, progress: progress, interruption: interruption)
  }

  /// The prior with some parameters, as it is stored.
  ///
  /// - Parameter learning: how it was learned from measurements, as text; nil where it was not.
  func stored(_ parameters: ParameterSet<Float>, learning: String? = nil) -> StoredDiffusion {
    StoredDiffusion(settings: settings, parameters: parameters, gaussian: gaussian, order: order, learning: learning)
  }
}

extension TrainingLoss {
  /// The loss of a noise network on batches of fields, and the same on fields that it does not learn from.
  static func noisePrediction(
    _ training: NoisePredictionLoss<some NoiseNetwork<Float>>, heldOut: NoisePredictionLoss<some NoiseNetwork<Float>>,
    random: RandomStream
  ) -> TrainingLoss {
    TrainingLoss(random: { random.split($0) }) { step, pass in
      training.loss(atStep: step, in: pass)
    } validation: { TrainingValidation(loss: heldOut.mean(by: $0)) }
  }
}

extension NoisePredictionLoss where Network.Scalar == Float {
  /// The mean over the same fields, times and noises at each call: every field once, and at least 32 in all.
  func mean(by parameters: ParameterSet<Float>) -> Double {
    let fields = max(32, self.fields.shape[0])
    let batches = (fields + batchSize - 1) / batchSize
    var sum = 0.0
    for batch in 0..<batches {
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      sum += Double(loss(atStep: batch, in: pass).value.scalars[0])
    }
    return sum / Double(batches)
  }
}
