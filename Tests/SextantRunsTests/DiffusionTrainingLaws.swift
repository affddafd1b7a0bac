// Training a diffusion prior by its configuration: all networks and orders, what the file holds, what is refused, and
// that it starts as the Gaussian. That a stopped training ends with the same bits is tested in SextantCommandTests.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantTraining

@Suite(.serialized) struct DiffusionTrainingLaws {
  /// A configuration of a small training on the small climate.
  static func configuration(
    in folder: ScratchFolder, diffusion: String = "{steps: 6, batch: 3, widths: [8, 8]}", output: String = "run"
  ) throws -> RunConfiguration {
    let archive = folder.path("archive.nc")
    if !FileManager.default.fileExists(atPath: archive) {
      try SmallClimate.write(SmallClimate.fields().read(Array(0..<40)), to: archive)
    }
    return try RunConfiguration.parse(
      """
      output: \(folder.path(output))
      archive: {files: ["\(archive)"]}
      climatology: {kind: harmonic, order: 1}
      prior: {modes: 10}
      bounds: {clt: {min: 0, max: 1}}
      variables: {clt: {transform: logit}}
      diffusion: \(diffusion)
      evaluate:
        noise: tas=2K,clt=0.05
        scale: {tas: {peak: 100}, clt: {peak: 1}}
      """, path: "test.yaml"
    ).configuration
  }

  /// A gap that counts as the climatology is learned as signal.
  @Test func anArchiveWithGapsIsRefused() throws {
    let folder = try ScratchFolder()
    try SmallClimate.observe(
      SmallClimate.fields().read(Array(0..<40)), mask: "random:0.1", noise: "tas=1K,clt=0.001",
      to: folder.path("archive.nc"))
    var run = try Self.configuration(in: folder)
    run.archiveGaps = .accept
    run.archive.variables = SmallClimate.variables
    let error = try #require(throws: RunError.self) { try run.train(overwrite: false) }
    guard case .archiveHasGaps("diffusion", let missing, let count) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(missing > count / 20 && missing < count / 5)
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/diffusion.safetensors")))
  }

  @Test(arguments: [
    "{steps: 6, batch: 3, widths: [8, 8]}",
    "{steps: 3, batch: 2, widths: [8, 8], starts_from_gaussian: false, final_rate: 10, held_out: interleaved}",
    "{steps: 3, batch: 2, widths: [8, 8], network: line}",
    "{steps: 3, batch: 2, widths: [8, 8], network: line, order: curve, times: likelihood}",
    "{steps: 3, batch: 2, widths: [8, 8], network: line, order: spectral}",
  ])
  func everyNetworkTrainsAndIsReadAgain(_ diffusion: String) throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, diffusion: diffusion)
    let model = try run.train(overwrite: false)
    #expect(
      try folder.names().contains("run")
        && ["last", "best", "held-out"].allSatisfy {
          FileManager.default.fileExists(atPath: folder.path("run/diffusion.\($0).safetensors"))
        })
    let records = try TrainingLog(path: folder.path("run/diffusion.jsonl")).records()
    #expect(records.last?.step == run.diffusion?.steps)
    #expect(records.allSatisfy { $0.loss.isFinite && $0.validation?.isFinite ?? false })
    let prior = try LearnedDiffusion(folder: folder.path("run"), for: model)
    #expect(try prior.identity == run.diffusion?.canonicalText())
    let held = try HeldOutStates(folder: folder.path("run"), model: model)
    #expect(held.states.shape == [4, model.prior.space.count])
    let x = held.states.rows(0..<2).reshaped(to: [2, model.prior.space.count, 1])
    #expect(prior.predictor.predictedNoise(in: x, at: [0.1, 0.9]).isFinite)
  }

  @Test func anUntrainedNetworkIsTheGaussian() throws {
    let folder = try ScratchFolder()
    let run = try Self.configuration(in: folder, diffusion: "{steps: 1, batch: 1, widths: [8, 8], learning_rate: 1e-8}")
    let model = try run.train(overwrite: false)
    let prior = try LearnedDiffusion(folder: folder.path("run"), for: model)
    let held = try HeldOutStates(folder: folder.path("run"), model: model)
    let x = held.states.reshaped(to: held.states.shape + [1])
    let times = [0.01, 0.1, 0.5, 1]
    let (network, gaussian) = (
      prior.predictor.predictedNoise(in: x, at: times),
      try #require(prior.gaussian).predictedNoise(in: x, at: times)
    )
    #expect(rootMeanSquareDifference(network.scalars, gaussian.scalars) < 1e-4)
  }

  /// White noise on every value once: the posterior mean of optimal interpolation is what the predictor denoises to.
  @Test(arguments: [0.1, 1.0]) func theGaussianPredictorIsThePosteriorMean(_ level: Double) throws {
    let model = try SmallClimate.model()
    let predictor = try model.prior.noisePredictor()
    let time = predictor.schedule.time(noiseToSignal: level)
    let (space, field) = (model.prior.space, try SmallClimate.unseen(1))
    let truth = space.anomalies(of: field)
    var stream = RandomStream(seed: 3)
    let noise: Tensor<Float> = stream.normals(truth.shape)
    let noisy = truth + noise * Float(level)
    let denoised = predictor.denoised(
      (noisy * Float(predictor.schedule.signal(at: time))).reshaped(to: [1, space.count, 1]), at: [time])

    let values = space.fields(fromStates: noisy, label: field.labels[0]).scalars
    let channels = model.space.channelCount
    // Each value once: further vertices of a pole would be further measurements.
    var isFirst = [Bool](repeating: false, count: values.count)
    for vertex in model.space.domain.representativeVertices {
      for channel in 0..<channels { isFirst[vertex * channels + channel] = true }
    }
    let entries = values.indices.filter { isFirst[$0] }
    let measurement = FieldMeasurement(
      values: entries.map { values[$0] }, noise: entries.map { Float(level) * space.scales[$0 % channels] },
      operation: SelectionOperator(inputCount: values.count, indices: entries),
      label: field.labels[0])
    var random = RandomStream(seed: 1)
    let posterior = try EOFInterpolationSolver(model.prior)
      .posterior(given: measurement, samples: 0, using: &random)
    let expected = space.layout.reduced(
      Tensor(posterior.mean, shape: [1, values.count]), isValid: values.map { _ in true })
    let mean = space.climatology.mean(for: field.labels[0])
    let found = denoised.scalars.indices.map { denoised.scalars[$0] * space.stateScales[$0] + mean[$0] }
    let differences = zip(found, expected.scalars).enumerated().map { abs($1.0 - $1.1) / space.stateScales[$0] }
    #expect(differences.max() ?? 1 < 2e-3)
  }

  /// White noise of variance 1 and 4 in two channels: few fields have modes enough to hold all of themselves.
  @Test(arguments: [(12, 20), (60, 5)]) func theRestIsWhatModesLeaveOfOtherFields(_ fields: Int, _ modes: Int) throws {
    var stream = RandomStream(seed: 4)
    let noise: Tensor<Float> = stream.normals([fields, 400])
    let anomalies = noise.scalingColumns(by: (0..<400).map { $0 < 200 ? 1 : 2 })
    let gaussian = try ArchiveGaussian(
      anomalies: anomalies, modeCount: modes, channelOfState: (0..<400).map { $0 < 200 ? 0 : 1 },
      trial: Array(fields * 3 / 4..<fields))
    for (range, variance) in [(0..<200, 1.0), (200..<400, 4.0)] {
      let mean = gaussian.residualVariance[range].reduce(0.0) { $0 + Double($1) } / 200
      #expect(abs(mean / variance - 1) < 0.15, "\(mean)")
    }
  }

  @Test func anotherConfigurationDoesNotGoOn() throws {
    let folder = try ScratchFolder()
    _ = try Self.configuration(in: folder).train(overwrite: false)
    try FileManager.default.removeItem(atPath: folder.path("run/diffusion.safetensors"))
    #expect(throws: LearningError.self) {
      try Self.configuration(in: folder, diffusion: "{steps: 7, batch: 3, widths: [8, 8]}").train(overwrite: false)
    }
    // The same goes on, here from its end.
    _ = try Self.configuration(in: folder).train(overwrite: false)
    #expect(throws: FileError.self) { try Self.configuration(in: folder).train(overwrite: false) }
  }

  @Test(arguments: [
    ("{network: neighbourhoods, order: curve}", "diffusion.order"),
    ("{network: six-level, widths: [8]}", "diffusion.widths"),
    ("{network: spherical}", "one of neighbourhoods, line, six-level, plane"),
    ("{network: line, order: hilbert}", "one of file, curve, spectral"),
    ("{widths: [3, 8]}", "even and at least 4"),
    ("{widths: []}", "even and at least 4"),
    ("{beta1: 20}", "diffusion.beta1"),
    ("{final_rate: 0}", "diffusion.final_rate"),
  ])
  func wrongSettingsAreNamed(_ diffusion: String, _ expected: String) throws {
    let folder = try ScratchFolder()
    let text = complaint { _ = try Self.configuration(in: folder, diffusion: diffusion) }
    #expect(text.contains(expected), "\(text)")
  }

  @Test func aModelWithoutADiffusionPriorSaysSo() throws {
    let folder = try ScratchFolder()
    let text = complaint { _ = try LearnedDiffusion(folder: folder.path, for: SmallClimate.model()) }
    #expect(text.contains("section `diffusion`"))
  }
}
