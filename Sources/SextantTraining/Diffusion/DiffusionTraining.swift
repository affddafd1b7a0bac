// Trains the diffusion prior of a run on its archive's fields: what `sextant train` does after the Gaussian prior,
// where the configuration has a section `diffusion`. Fields are diffused as the model's states: standardised, without their
// climatology, transformed, each value once. The fields have to be complete: an archive with gaps is refused, unless its fields are
// measurements (CompletionTraining, JointTraining).

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
    let stream = RandomStream(seed: prior.seed).split("diffusion")
    let training = try NoiseTraining(settings, gaussian: gaussian, model: model, random: stream.split("network"))
    let loop = TrainingLoop(
      schedule: .usual(steps: settings.steps, learningRate: settings.learningRate),
      prefix: folder + "/diffusion",
      identity: try CheckpointMetadata(kind: "diffusion training", settings: settings, model: model))
    let best = try training.train(
      on: seen, heldOut: heldOut, by: loop, random: stream, progress: progress, interruption: interruption)
    try TrainingCurves.draw(
      loop.log.records(), title: "Training of the diffusion prior", to: folder + "/diffusion.png")
    let trained = training.stored(best)
    try HeldOutStates(states: heldOut, fingerprint: model.space.domain.fingerprint).write(toFolder: folder)
    try trained.write(toFolder: folder, for: model)
    return try trained.learned(for: model.space)
  }

  /// The archive's fields as states (N×d): those that training sees, and the others.
  private func fields(
    model: Model, interruption: Interruption
  ) throws -> (seen: Tensor<Float>, heldOut: Tensor<Float>) {
    let archive = try prior.openArchive()
    guard archive.count >= 4 else {
      throw RunError.invalid(
        "diffusion: the archive has \(archive.count) field\(archive.count == 1 ? "" : "s"), and at least 4 are needed to learn from some and look at others."
      )
    }
    let states = try archive.completeStates(of: model, for: "diffusion") { try interruption.check() }
    let held = settings.heldOutPositions(of: archive.count, copyCount: archive.copyCount)
    let isHeld = Set(held)
    return (
      states.gatheringRows((0..<archive.count).filter { !isHeld.contains($0) }), states.gatheringRows(held)
    )
  }
}
