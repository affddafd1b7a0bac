// A diffusion prior from fields with gaps by hiding more of them: ambient diffusion (AmbientDiffusionLoss). The network is told which
// values it sees, and corrects the run's Gaussian, whose answer for a part of the values is exact. One training, without rounds and
// without completions; it goes on to the same bits after it was stopped.
//
// Nothing is learned of what lies below the noise of the archive. There the Gaussian, which knows it from expectation and maximisation,
// takes the place of the network.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers

/// The settings of ambient diffusion.
public struct AmbientSettings: Sendable, Equatable, Codable {
  /// The masks that hide measured values in training, in turn: those that they select stay.
  public var masks: [AnyMeasurementDesign]

  public init(masks: [AnyMeasurementDesign]) { self.masks = masks }

  /// The masks where none are stated.
  package static let usualMasks = ["random:0.3"]
}

/// Learns a diffusion prior from fields with gaps.
struct AmbientTraining {
  let context: LearningContext
  let settings: DiffusionSettings
  let ambient: AmbientSettings

  /// The masks that are kept with the prior.
  private static let keptMasks = 32
  /// The held-out fields that are kept with it.
  private static let keptFields = 32

  private var random: RandomStream { RandomStream(seed: context.prior.seed).split("ambient") }

  /// Learns the prior, or goes on with a training that was stopped, and writes it into the folder.
  func run() throws -> LearnedDiffusion {
    let model = context.model
    let measurements = try ArchiveMeasurements(context.prior, model: model, hides: false, interruption: context.interruption)
    let prior = try model.requireGaussian().prior
    let masking = try Masking(
      ambient.masks,
      inputs: MeasurementInputs(on: model.space.domain, landShare: model.space.landShare, formats: context.prior.formats),
      model: model, layout: prior.space.layout)
    let fields = try measurements.states(in: prior.space)
    let gaussian = ArchiveGaussian(
      modes: prior.functions.scaledModes, residualVariance: prior.functions.residualVariance)
    let order = try (settings.network == .neighbourhoods ? .file : settings.order).order(of: model.space.domain)
    var builder = ParameterBuilder<Float>(random: random.split("network"))
    let network = try StoredDiffusion.maskedNetwork(
      settings, gaussian: gaussian, order: order, space: model.space, in: &builder)
    let held = settings.heldOutPositions(of: fields.count, copyCount: measurements.copyCount)
    let seen = (0..<fields.count).filter { !held.contains($0) }
    func loss(_ positions: [Int], _ purpose: String) throws -> AmbientDiffusionLoss<Float> {
      try AmbientDiffusionLoss(
        fields.part(positions), batchSize: settings.batch, times: settings.times,
        schedule: VariancePreservingSchedule(finalRate: settings.finalRate), random: random.split(purpose)
      ) { _, stream in try masking.kept(using: stream) }
    }
    let training = try loss(seen, "training")
    let loop = TrainingLoop(
      schedule: .usual(steps: settings.steps, learningRate: settings.learningRate), prefix: context.folder + "/diffusion",
      identity: try identity())
    let best = try loop.run(
      from: builder.parameters,
      minimising: .ambient(training, heldOut: loss(held, "validation"), of: network, random: random.split("choices")),
      name: "training the diffusion prior", progress: context.progress, interruption: context.interruption)
    try TrainingCurves.draw(
      loop.log.records(), title: "Training of the diffusion prior", to: context.folder + "/diffusion.png")
    let fingerprint = model.space.domain.fingerprint
    try HeldOutStates(
      states: completed(held, measurements: measurements, space: prior.space), fingerprint: fingerprint
    ).write(toFolder: context.folder)
    let stored = try StoredDiffusion(
      settings: settings, parameters: best, gaussian: gaussian, order: order,
      learning: context.learning.identity(of: .diffusion),
      masks: .init(
        examples: examples(of: fields, seen, masking: masking),
        smallestNoise: training.schedule.noiseToSignal(at: training.schedule.startTime)))
    try stored.write(toFolder: context.folder, for: model)
    return try stored.learned(for: model.space)
  }

  private func identity() throws -> CheckpointMetadata {
    struct Settings: Encodable {
      var diffusion: DiffusionSettings
      var ambient: AmbientSettings
    }
    var result = try CheckpointMetadata(
      kind: "ambient training", settings: Settings(diffusion: settings, ambient: ambient), model: context.model)
    result.dataHash = try LearnedFiles.text(of: ambient.masks)
    return result
  }

  /// Some of the masks under which the network learned (M×d).
  private func examples(of fields: MaskedStates<Float>, _ seen: [Int], masking: Masking) throws -> Tensor<Float> {
    let count = Self.keptMasks
    let rows = try (0..<count).flatMap { number -> [Float] in
      let kept = try masking.kept(using: random.split("examples").split(number))
      let field = seen[number * seen.count / count]
      return zip(fields.isMeasured.rows(field..<field + 1).scalars, kept).map { $1 ? $0 : 0 }
    }
    return Tensor(rows, shape: [count, fields.isMeasured.columnCount])
  }

  /// Some held-out fields as states, whose gaps are filled and whose noise is taken off by samples of the Gaussian posterior: nobody knows
  /// the fields themselves.
  private func completed(_ held: [Int], measurements: ArchiveMeasurements, space: StateSpace) throws -> Tensor<Float> {
    let count = min(Self.keptFields, held.count)
    let solvers = PreparedSolvers(try context.model.flowBase())
    var result = Tensor<Float>.zeros([count, space.count])
    for number in 0..<count {
      try context.interruption.check()
      let seen = try measurements(held[number * held.count / count]).seen
      var stream = random.split("held out").split(number)
      let posterior = try solvers.posterior(given: seen, samples: 1, using: &stream)
      guard let drawn = posterior.samples else { preconditionFailure("A completion without samples") }
      result.replaceRows(from: number, with: space.states(of: drawn, label: seen.label, on: context.model.space))
    }
    return result
  }
}

/// The masks that hide what was measured.
private struct Masking: Sendable {
  let designs: [AnyMeasurementDesign]
  let context: MeasurementContext
  let layout: StateLayout

  /// - Throws: ``RunError/invalid(_:)`` where a design is no mask, and what drawing it throws.
  init(_ designs: [AnyMeasurementDesign], inputs: MeasurementInputs, model: Model, layout: StateLayout) throws {
    try inputs.check(designs, on: model.space.domain)
    (self.designs, self.layout) = (designs, layout)
    context = try MeasurementContext(domain: model.space.domain, isValid: model.space.isInside, inputs: inputs)
    for design in designs {
      var stream = RandomStream(seed: 0)
      let drawn = try design.draw(in: context, using: &stream)
      guard let selected = drawn.selectedEntries else {
        throw RunError.invalid(
          "learning.ambient.masks: '\(design)' is not a mask, and what is hidden are single values. Use a mask such as random:0.3.")
      }
      guard selected.count < model.space.isInside.count(where: { $0 }) else {
        throw RunError.invalid(
          "learning.ambient.masks: '\(design)' hides nothing, and the network learns from what is hidden. Use a mask such as random:0.3.")
      }
    }
  }

  /// Which states are not hidden (d).
  func kept(using random: RandomStream) throws -> [Bool] {
    var (choice, stream) = (random.split("design"), random.split("mask"))
    let design = designs[Int(choice.next() % UInt64(designs.count))]
    var result = [Bool](repeating: false, count: layout.count)
    for entry in try design.draw(in: context, using: &stream).selectedEntries ?? [] {
      let state = layout.stateOfEntry[entry]
      if state >= 0 { result[Int(state)] = true }
    }
    return result
  }
}

extension MaskedStates<Float> {
  /// Some of the fields.
  func part(_ positions: [Int]) -> MaskedStates {
    MaskedStates(
      values: values.gatheringRows(positions), variances: variances.gatheringRows(positions),
      isMeasured: isMeasured.gatheringRows(positions))
  }
}

extension TrainingLoss {
  /// The loss of ambient diffusion, and the same on fields that the network does not learn from: every one once, and at least 32 in all.
  static func ambient(
    _ training: AmbientDiffusionLoss<Float>, heldOut: AmbientDiffusionLoss<Float>, of network: MaskedStateNetwork<Float>,
    random: RandomStream
  ) -> TrainingLoss {
    func loss(_ batch: AmbientBatch<Float>, in pass: NetworkPass<Float>) -> DifferentiableTensor<Float> {
      batch.loss(of: network.expectation(of: pass.tape.constant(batch.noisy), seeing: batch.mask, at: batch.times, in: pass))
    }
    return TrainingLoss(random: { random.split($0) }) { step, pass in
      loss(try training.batch(atStep: step), in: pass)
    } validation: { parameters in
      let batches = (max(32, heldOut.fields.count) + heldOut.batchSize - 1) / heldOut.batchSize
      var sum = 0.0
      for batch in 0..<batches {
        let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
        sum += Double(loss(try heldOut.batch(atStep: batch), in: pass).value.scalars[0])
      }
      return TrainingValidation(loss: sum / Double(batches))
    }
  }
}
