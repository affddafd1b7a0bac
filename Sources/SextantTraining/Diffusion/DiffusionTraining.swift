// Trains the diffusion prior of a run on its archive's fields: what `sextant train` does after the Gaussian prior,
// where the configuration has a section `diffusion`. Fields are diffused as the model's states: standardised, without their
// climatology, transformed, each value once. The fields have to be complete: an archive with gaps is refused.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// How a diffusion prior is trained beside a model's Gaussian one.
public struct DiffusionTraining: Sendable {
  /// How the Gaussian prior was trained, and on what.
  public var prior: Training
  /// The settings.
  public var settings: DiffusionSettings

  public init(prior: Training, settings: DiffusionSettings) {
    self.prior = prior
    self.settings = settings
  }

  /// Trains the diffusion prior of `model`, or goes on with a training that was stopped, and writes it into `folder`,
  /// with the fields that it was not shown.
  ///
  /// Throws `RunError`, ``LearningError``, `DiffusionError`, what reading and writing throw, and
  /// `InterruptionError`.
  public func run(
    model: Model, folder: String, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> LearnedDiffusion {
    let (seen, heldOut) = try fields(model: model, interruption: interruption)
    let count = seen.rowCount
    let trial =
      settings.heldOut == .blocks ? Array(count * 3 / 4..<count) : stride(from: 1, to: count, by: 4).map { $0 }
    let gaussian = try ArchiveGaussian(
      anomalies: seen, modeCount: prior.prior.modeCount, channelOfState: model.space.layout.channelOfState,
      trial: trial)
    let order = try (settings.network == .neighbourhoods ? .file : settings.order).order(of: model.space.domain)
    let stream = RandomStream(seed: prior.seed).split("diffusion")
    var builder = ParameterBuilder<Float>(random: stream.split("network"))
    let network = try StoredDiffusion.network(
      settings, gaussian: gaussian, order: order, space: model.space, in: &builder)
    let start =
      try settings.weights.map {
        try DDPMUNet<Float>.parameters(
          fromDiffusers: $0, layout: builder.parameters, levelCount: settings.widths.count)
      } ?? builder.parameters
    let predictor = NetworkNoisePredictor(
      network, parameters: start,
      schedule: try VariancePreservingSchedule(finalRate: settings.finalRate))
    let loop = TrainingLoop(
      schedule: .usual(steps: settings.steps, learningRate: settings.learningRate),
      prefix: folder + "/diffusion",
      identity: try CheckpointMetadata(kind: "diffusion training", settings: settings, model: model))
    let best = try loop.run(
      from: start,
      minimising: .noisePrediction(
        NoisePredictionLoss(
          predictor, fields: seen.reshaped(to: seen.shape + [1]), batchSize: settings.batch, times: settings.times,
          random: stream.split("training")),
        heldOut: NoisePredictionLoss(
          predictor, fields: heldOut.reshaped(to: heldOut.shape + [1]), batchSize: settings.batch,
          times: settings.times, random: stream.split("validation")),
        random: stream.split("choices")),
      name: "training the diffusion prior", progress: progress, interruption: interruption)
    try TrainingCurves.draw(
      loop.log.records(), title: "Training of the diffusion prior", to: folder + "/diffusion.png")
    let trained = StoredDiffusion(settings: settings, parameters: best, gaussian: gaussian, order: order)
    try HeldOutStates(states: heldOut, fingerprint: model.space.domain.fingerprint).write(toFolder: folder)
    try trained.write(toFolder: folder, fingerprint: model.space.domain.fingerprint)
    return try trained.learned(for: model.space)
  }

  /// The archive's fields as states (N×d): those that training sees, and the others.
  private func fields(
    model: Model, interruption: Interruption
  ) throws -> (seen: Tensor<Float>, heldOut: Tensor<Float>) {
    let archive = try prior.openArchive()
    guard archive.count >= 4 else {
      throw RunError.invalid(
        "diffusion: the archive has \(archive.count) fields, and at least 4 are needed to learn from some and look at others."
      )
    }
    let states = try archive.completeStates(of: model, for: "diffusion") { try interruption.check() }
    let held = settings.heldOutPositions(of: archive.count)
    let isHeld = Set(held)
    return (
      states.gatheringRows((0..<archive.count).filter { !isHeld.contains($0) }), states.gatheringRows(held)
    )
  }
}

extension TrainingLoss {
  /// The loss of a noise network on batches of fields, and the same on fields that it does not learn from.
  fileprivate static func noisePrediction(
    _ training: NoisePredictionLoss<some NoiseNetwork<Float>>, heldOut: NoisePredictionLoss<some NoiseNetwork<Float>>,
    random: RandomStream
  ) -> TrainingLoss {
    TrainingLoss(random: { random.split($0) }) { step, pass in
      training.loss(atStep: step, in: pass)
    } validation: { parameters in
      // The same fields, times and noises at each call: every field once, and at least 32 in all.
      let fields = max(32, heldOut.fields.shape[0])
      let batches = (fields + heldOut.batchSize - 1) / heldOut.batchSize
      var sum = 0.0
      for batch in 0..<batches {
        let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
        sum += Double(heldOut.loss(atStep: batch, in: pass).value.scalars[0])
      }
      return TrainingValidation(loss: sum / Double(batches))
    }
  }
}
