// Networks that learn from measurements alone: rounds of completion, by a prior and by a flow, FlowDiff's joint training and ambient diffusion. Each
// goes on to the same bits after an interruption, learns what is known in a Gaussian world, and is used by the solvers. Not here: settings of
// them (MeasuredNetworkSettings).

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantSolvers
@testable import SextantTraining

@Suite(.serialized) struct MeasuredNetworks {
  /// Fields of a Gaussian on a coarse global grid, whose covariance is known, in files.
  struct World {
    let folder: ScratchFolder
    /// V×V, in the variable's units.
    let covariance: Tensor<Double>
    static let mean: Float = 280

    init(count: Int = 60) throws {
      folder = try ScratchFolder()
      let grid = try SmallClimate.grid(step: 45)
      let size = grid.vertexCount
      let positions = grid.positions
      covariance = Tensor(
        (0..<size * size).map { place in
          let difference = positions[place / size] - positions[place % size]
          let square = (difference * difference).sum()
          return 9 * exp(-square / 2) + (place / size == place % size ? 0.01 : 0)
        }, shape: [size, size])
      var random = RandomStream(seed: 12)
      let white: Tensor<Double> = random.normals([size, count + 4])
      // One column for each field.
      let values = try CholeskyFactor(covariance).multiplyLower(white).transposed().converted(to: Float.self)
      let template = try SmallClimate.unseen(1).selecting(["tas"])
      func write(_ rows: Range<Int>, _ name: String) throws {
        let own = values.rows(rows)
        try SmallClimate.write(
          SignalSet(
            domain: grid, variables: template.variables,
            values: Tensor(own.scalars.map { $0 + Self.mean }, shape: [rows.count, size, 1]),
            isValid: [Bool](repeating: true, count: rows.count * size),
            labels: [FieldLabel](repeating: template.labels[0], count: rows.count)), to: folder.path(name))
      }
      try write(0..<count, "archive.nc")
      try write(count..<count + 4, "truth.nc")
    }

    func configuration(
      _ networks: String, output: String = "RUN", measured: String = "noise: 1K", corrupted: String = "mask: \"random:0.5\", noise: 1K",
      mask: String = "\"random:0.5\"", kind: String = "eof", more: String = ""
    ) throws -> RunConfiguration {
      try RunConfiguration.parse(
        """
        output: \(folder.path(output))
        archive:
          files: ["\(folder.path("archive.nc"))"]
          corrupted: {\(corrupted)}
          measured: {\(measured)}
        climatology: {kind: constant}
        prior: {kind: \(kind), modes: 10}
        \(networks)
        evaluate:
          fields: {files: ["\(folder.path("truth.nc"))"]}
          methods: [eof]
          masks: [\(mask)]
          noise: 1K
          samples: 4
          pictures: 0
          scale: {tas: {peak: 100, origin: 220}}
        \(more)
        """, path: "run.yaml"
      ).configuration
    }
  }

  /// A small training of each way.
  static let ways = [
    (
      "completions",
      """
      diffusion: {steps: 8, batch: 4, widths: [8, 8]}
      learning: {completions: {rounds: 2, samples: 2, steps: 3, iterations: 1}}
      """
    ),
    (
      "joint",
      """
      flow: {preset: small, coupling_steps: 2, steps: 8, batch: 4}
      diffusion: {steps: 8, batch: 4, widths: [8, 8]}
      learning: {joint: {steps: 10}}
      """
    ),
    (
      "joint, on the Gaussian posterior, without a reset",
      """
      flow: {widths: [8, 8], batch: 4}
      diffusion: {steps: 8, batch: 4, widths: [8, 8], starts_from_gaussian: false}
      learning: {joint: {steps: 10, reset: false}}
      """
    ),
    (
      "ambient",
      """
      diffusion: {steps: 30, batch: 4, widths: [8, 8]}
      learning: {ambient: {}}
      """
    ),
    (
      "ambient, alone and preconditioned, under several masks",
      """
      diffusion: {steps: 30, batch: 4, widths: [8, 8], preconditioning: edm}
      learning: {ambient: {masks: ["random:0.3", "random:0.1"]}}
      """
    ),
    (
      "amortised",
      """
      flow: {steps: 8, batch: 4, widths: [8, 8], pairs: 48, masks: ["random:0.5"]}
      learning: {amortised: {rounds: 2}}
      """
    ),
    (
      "amortised, from the Gaussian, a whole flow",
      """
      flow: {preset: small, coupling_steps: 2, steps: 8, batch: 4, masks: ["random:0.5"]}
      learning: {amortised: {rounds: 2, start: gaussian}}
      """
    ),
  ]

  /// Asks for a stop at the n-th progress of what networks learn from, or of their steps.
  private final class StopAt: ProgressObserver {
    let interruption = Interruption()
    nonisolated(unsafe) private var left: Int
    nonisolated(unsafe) private var counts = false
    init(_ count: Int) { left = count }
    func start(_ activity: String, unit: String, count: Int) {
      counts = unit == "step" || activity.hasPrefix("completing") || activity.hasPrefix("the Gaussian posterior")
    }
    func advance(to done: Int) {
      left -= counts ? 1 : 0
      if left <= 0 { interruption.request() }
    }
    func finish() {}
  }

  @Test(arguments: ways) func aTrainingGoesOnToTheSameBits(_ name: String, _ networks: String) throws {
    let world = try World(count: 24)
    _ = try world.configuration(networks, output: "whole").train(overwrite: false)
    var stops = 0
    for _ in 0..<60 {
      // What was done since a checkpoint is done anew after each stop.
      let stopper = StopAt(3 + 5 * stops)
      do {
        _ = try world.configuration(networks, output: "parts").train(
          overwrite: false, progress: stopper, interruption: stopper.interruption)
        break
      } catch is InterruptionError { stops += 1 }
    }
    #expect(stops > 2)
    let names = try FileManager.default.contentsOfDirectory(atPath: world.folder.path("whole"))
      .filter { ["diffusion.safetensors", "flow.safetensors", "model.safetensors", "diffusion.held-out.safetensors"].contains($0) }
    #expect(names.count == 1 + (networks.contains("flow:") ? 1 : 0) + (networks.contains("diffusion:") ? 2 : 0), "\(names)")
    for file in names {
      #expect(
        FileManager.default.contentsEqual(
          atPath: world.folder.path("whole/\(file)"), andPath: world.folder.path("parts/\(file)")), "\(name): \(file)")
    }
    // The same configuration finds what it trained, and another does not take it for its own.
    let run = try world.configuration(networks, output: "whole")
    let methods = [run.flow == nil ? Method.mmps : .flow]
    _ = try run.modelForEvaluation(of: methods)
    if run.flow == nil || run.learning?.amortised != nil {
      var other = run
      other.learning?.completions?.rounds = 1
      other.learning?.amortised?.rounds = 3
      other.learning?.ambient?.masks.append(try AnyMeasurementDesign("random:0.2"))
      #expect(throws: LearningError.self) { try other.modelForEvaluation(of: methods) }
    }
  }

  /// Rounds of completion go on with the same masks: where the file of one has changed since they were stopped, they say so.
  @Test func roundsKnowTheFilesOfTheirMasks() throws {
    let world = try World(count: 24)
    let (cover, size) = (world.folder.path("cover.nc"), world.covariance.rowCount)
    func hide(_ entries: Range<Int>) throws {
      var set = try SmallClimate.unseen(1).selecting(["tas"]).read([0])
      set = SignalSet(
        domain: try SmallClimate.grid(step: 45), variables: set.variables, values: Tensor([Float](repeating: 1, count: size), shape: [1, size, 1]),
        isValid: (0..<size).map { !entries.contains($0) }, labels: set.labels)
      try? FileManager.default.removeItem(atPath: cover)
      try SmallClimate.write(set, to: cover)
    }
    func train(stoppingAfter count: Int) throws {
      let stopper = StopAt(count)
      _ = try world.configuration(
        """
        flow: {steps: 8, batch: 4, widths: [8, 8], pairs: 48, masks: ["file:\(cover)"]}
        learning: {amortised: {rounds: 2}}
        """
      ).train(overwrite: false, progress: stopper, interruption: stopper.interruption)
    }
    try hide(0..<9)
    // Until the flow that the rounds begin with is learned, and fields are being completed by it.
    var count = 3
    while !FileManager.default.fileExists(atPath: world.folder.path("RUN/flow.rounds.safetensors")) && count < 100 {
      #expect(throws: InterruptionError.self) { try train(stoppingAfter: count) }
      count += 5
    }
    try hide(3..<12)
    #expect(throws: LearningError.self) { try train(stoppingAfter: .max) }
    try hide(0..<9)
    try train(stoppingAfter: .max)
  }

  /// After rounds of completion, samples of the prior have the covariance of the fields, and completions do not vary less and less.
  @Test func completionsKeepTheCovariance() throws {
    let world = try World(count: 150)
    let run = try world.configuration(
      """
      diffusion: {steps: 150, batch: 16, widths: [16, 16]}
      learning: {completions: {rounds: 2, samples: 2, steps: 12, iterations: 3}}
      """)
    let model = try run.train(overwrite: false)
    let records = try TrainingLog(path: world.folder.path("RUN/diffusion.jsonl")).records()
    #expect(records.count >= 2)
    let variances = records.compactMap { $0.figures?["variance"] }
    for variance in variances.dropFirst() { #expect(variance > 0.93 * variances[0], "\(variances)") }
    for record in records {
      #expect((0.85...1.15).contains(record.figures?["spread_over_error"] ?? 0), "\(record)")
    }
    let prior = try #require(model.diffusion)
    let space = try model.requireGaussian().prior.space
    let drawn = DiffusionSampler(prior.predictor, stepCount: 40, batchSize: 100)
      .samples(0..<600, shape: [space.count, 1], using: RandomStream(seed: 3)).reshaped(to: [600, space.count])
    let fields = space.fields(fromStates: drawn, label: try SmallClimate.unseen(1).labels[0])
    let found = Self.covariance(fields)
    let size = found.rowCount
    var (difference, whole) = (0.0, 0.0)
    for i in 0..<size * size {
      difference += pow(found.scalars[i] - world.covariance.scalars[i], 2)
      whole += pow(world.covariance.scalars[i], 2)
    }
    let error = (difference / whole).squareRoot()
    // That of 150 complete fields is about √(2/150)·(trace/‖C‖) ≈ 0.25 in this world; half of the values are missing.
    #expect(error < 0.4, "\(error)")
  }

  /// Completions by a flow do not vary less and less either, and tell their errors: from recorrupted pairs, from the Gaussian, and beneath an
  /// operator, of which no other way of learning a flow knows.
  @Test(arguments: [("recorrupted", ""), ("gaussian", ""), ("gaussian", "footprints:3000km")])
  func aFlowsCompletionsKeepTheirSpread(_ start: String, _ blur: String) throws {
    let world = try World(count: 150)
    let operation = blur.isEmpty ? "" : ", operator: \"\(blur)\""
    let run = try world.configuration(
      """
      flow: {steps: 150, batch: 16, widths: [16, 16], pairs: 300, folds: 2\(operation), masks: ["random:0.1", "random:0.5"], noise: 1K}
      learning: {amortised: {rounds: 2, start: \(start)}}
      """, measured: "noise: 1K\(operation)", corrupted: "noise: 1K\(operation)" + (blur.isEmpty ? ", mask: \"random:0.5\"" : ""),
      kind: blur.isEmpty ? "eof" : "two-scale")
    _ = try run.train(overwrite: false)
    let records = try TrainingLog(path: world.folder.path("RUN/flow.jsonl")).records()
    #expect(records.count >= 2)
    let scores = records.compactMap(\.validation)
    #expect(try #require(scores.dropFirst().min()) < 1.03 * scores[0], "\(scores)")
    let variances = records.compactMap { $0.figures?["variance"] }
    for variance in variances.dropFirst() { #expect((0.9...1.3).contains(variance / variances[0]), "\(variances)") }
    for record in records { #expect((0.85...1.15).contains(record.figures?["spread_over_error"] ?? 0), "\(record)") }
    let kept = try FileManager.default.contentsOfDirectory(atPath: world.folder.path("RUN"))
    #expect(!kept.contains { $0.contains("round") || $0.contains("pairs") }, "\(kept)")
  }

  private static func covariance(_ fields: Tensor<Float>) -> Tensor<Double> {
    let (count, means) = (fields.rowCount, fields.columnMeans())
    let anomalies = Tensor<Double>(
      fields.scalars.enumerated().map { Double($1) - means[$0 % means.count] }, shape: fields.shape)
    return matrixProduct(anomalies, anomalies, transposingFirst: true) * (1 / Double(count - 1))
  }

  /// In a Gaussian world a flow and a prior that know nothing but measurements come nearer to the posterior mean.
  @Test func jointTrainingApproachesThePosteriorMean() throws {
    let world = try World(count: 150)
    func distance(_ steps: Int, _ output: String) throws -> Double {
      let run = try world.configuration(
        """
        flow: {preset: small, coupling_steps: 4, batch: 32, learning_rate: 0.002}
        diffusion: {batch: 16, widths: [8, 8]}
        learning: {joint: {steps: \(steps), reset: false}}
        """, output: output)
      let model = try run.train(overwrite: false)
      let truth = try GriddedFile(path: world.folder.path("truth.nc"), variables: ["tas"]).readAll()
      var total = 0.0
      for field in 0..<truth.count {
        var random = RandomStream(seed: 8).split(field)
        let kept = (0..<truth.vertexCount).filter { _ in random.uniform() < 0.5 }
        let measurement = try Simulation.measure(
          truth[field], by: SelectionOperator(inputCount: truth.vertexCount, indices: kept),
          noise: [Float](repeating: 1, count: truth.vertexCount), using: &random
        ).measurement
        func mean(_ method: SextantSolvers.Method) throws -> [Float] {
          var own = RandomStream(seed: 2)
          return try method.solver(for: model).posterior(given: measurement, samples: 256, using: &own).mean
        }
        total += rootMeanSquareDifference(try mean(.flow), try mean(.eof))
      }
      return total / Double(truth.count)
    }
    let (before, after) = (try distance(1, "before"), try distance(500, "after"))
    #expect(after < 0.5 * before, "\(before) K, then \(after) K")
  }

  /// The gradients of both losses are those of finite differences along a random direction.
  @Test(arguments: [("flow", ""), ("prior", ""), ("flow", "blur:heat,sigma=1500km")])
  func gradientsAreThoseOfDifferences(turn: String, blur: String) throws {
    let world = try World(count: 12)
    let operation = blur.isEmpty ? "" : ", operator: \"\(blur)\""
    let run = try world.configuration(
      "diffusion: {batch: 4, widths: [8, 8], starts_from_gaussian: false}", measured: "noise: 1K\(operation)",
      corrupted: "noise: 1K\(operation)", kind: blur.isEmpty ? "eof" : "two-scale")
    let model = try run.training.learn()
    let gaussian = try model.requireGaussian().prior
    let measurements = try ArchiveMeasurements(run.training, model: model, hides: false, interruption: Interruption())
    let prior = try NoiseTraining(
      try #require(run.diffusion),
      gaussian: ArchiveGaussian(modes: gaussian.functions.scaledModes, residualVariance: gaussian.functions.residualVariance),
      model: model, random: RandomStream(seed: 1))
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 2))
    var settings = CouplingFlowConfiguration.small
    (settings.steps, settings.normalisesBatches) = (2, false)
    let whole = try #require(
      try LearnedFlow.wholeFlow(.vector(settings), over: gaussian.space, on: model.space.domain, in: &builder))
    let measured = try MeasuredStates.all(0..<measurements.count, space: gaussian.space) { try measurements($0).seen }
    let flow = VectorStateFlow(
      flow: whole.flow, initial: builder.parameters,
      conditions: Tensor(
        try (0..<measurements.count).flatMap {
          try gaussian.space.condition(
            of: measurements($0).seen, transforms: model.space.transforms, withMask: whole.conditionsOnMask)
        }, shape: [measured.count, whole.flow.conditionWidth]))
    let losses = JointLosses(
      flow: flow, prior: prior,
      fidelity: StateFidelity(measured, space: gaussian.space, transforms: model.space.transforms), batch: 6,
      smallestNoise: nil, annealing: nil, random: RandomStream(seed: 3))
    let numbers = Array(0..<measurements.count)
    // Last layers are zero at the beginning: elsewhere every parameter has a gradient.
    var random = RandomStream(seed: 4)
    func moved(_ set: ParameterSet<Float>, by size: Float, _ stream: RandomStream) -> ParameterSet<Float> {
      var (result, stream) = (set, stream)
      for index in result.tensors.indices where result.isTrained[index] {
        result.tensors[index].add(stream.normals(result.tensors[index].shape), scaledBy: size)
      }
      return result
    }
    let (flowStart, priorStart) = (
      moved(flow.initial, by: 0.02, random.split("flow")), moved(prior.initial, by: 0.02, random.split("prior"))
    )
    let loss = turn == "flow"
      ? losses.flowTurn(on: numbers, under: priorStart) : losses.priorTurn(on: numbers, drawnBy: flowStart)
    let start = turn == "flow" ? flowStart : priorStart
    let direction = random.fork()
    func value(_ distance: Float) throws -> Double {
      var parameters = moved(start, by: distance, direction)
      return try loss.gradients(step: 5, parameters: &parameters, tape: Tape()).loss
    }
    var parameters = start
    let gradients = try loss.gradients(step: 5, parameters: &parameters, tape: Tape()).gradients
    // The same direction, whose products with the gradients are summed.
    var (stream, slope) = (direction, 0.0)
    for index in start.tensors.indices where start.isTrained[index] {
      let own: Tensor<Float> = stream.normals(start.tensors[index].shape)
      if let gradient = gradients[index] { slope += Self.product(gradient, own) }
    }
    let h: Float = 2e-4
    let difference = (try value(h) - value(-h)) / (2 * Double(h))
    #expect(abs(difference - slope) < 0.03 * abs(slope) + 1e-3, "\(difference) and \(slope)")
    #expect(abs(slope) > 1e-2)
  }

  private static func product(_ gradient: ParameterGradient<Float>, _ direction: Tensor<Float>) -> Double {
    Double(gradient.tensor.dot(direction))
  }

  /// A prior that was learned from measurements is sampled by every method for other measurements: of what was never seen by single
  /// values, and through a blur.
  @Test(arguments: ["\"random:0.3\"", "\"blur:heat,sigma=1500km\""], ["completions", "ambient"])
  func everySolverUsesTheLearnedPrior(_ mask: String, _ way: String) throws {
    let world = try World(count: 24)
    let run = try world.configuration(
      try #require(Self.ways.first { $0.0 == way }).1, mask: mask, more: "solvers:\n  " + DiffusionSolverRuns.short.replacing("\n", with: "\n  "))
    var changed = run
    changed.evaluate.methods = [.dps, .ambientDPS, .mcg, .pigdm, .mmps, .ddnm, .redDiff, .scorePrior]
    let model = try changed.train(overwrite: false)
    let (comparison, fields, indices) = try changed.comparison(for: model)
    let summaries = try comparison.run(model: model, fields: fields, indices: indices).scores.summaries()
    #expect(summaries.count == 8)
    for summary in summaries { #expect(summary[.rootMeanSquareError]?.mean.isFinite == true, "\(summary)") }
  }

  /// In a Gaussian world the answers of a network that stands alone come near the exact ones, under a mask of its training and for all
  /// values, although half of the values are missing and the others have noise.
  @Test func ambientDiffusionApproachesTheExactAnswer() throws {
    let world = try World(count: 150)
    func errors(_ steps: Int, _ output: String) throws -> [Double] {
      let run = try world.configuration(
        """
        diffusion: {steps: \(steps), batch: 8, widths: [16, 16], learning_rate: 0.003, preconditioning: edm}
        learning: {ambient: {}}
        """, output: output)
      let model = try run.train(overwrite: false)
      let (prior, space) = (try #require(model.diffusion), try model.requireGaussian().prior.space)
      let (masked, gaussian) = (try #require(prior.masked), try #require(prior.gaussian))
      let truth = space.anomalies(of: try GriddedFile(path: world.folder.path("truth.nc"), variables: ["tas"]).readAll())
      let exact = MaskedPrior(MaskedGaussianPredictor(gaussian), masks: masked.masks)
      // As large as the fields' own deviation, and larger than the noise of the archive.
      let schedule = prior.predictor.schedule
      let time = schedule.time(noiseToSignal: 1)
      let times = [Double](repeating: time, count: truth.rowCount)
      let fields = truth.reshaped(to: truth.shape + [1])
      func distance(_ a: any NoisePredictor<Float>, _ b: any NoisePredictor<Float>) -> Double {
        (0..<8).reduce(0.0) { sum, draw in
          var stream = RandomStream(seed: 5).split(draw)
          var noisy = fields * Float(schedule.signal(at: time))
          noisy.add(stream.normals(fields.shape), scaledBy: Float(schedule.noise(at: time)))
          let difference = a.denoised(noisy, at: times) - b.denoised(noisy, at: times)
          return sum + difference.dot(difference)
        }
      }
      return [
        (0..<masked.masks.rowCount).reduce(0.0) { $0 + distance(masked.under(mask: $1), exact.under(mask: $1)) },
        distance(prior.predictor, gaussian),
      ]
    }
    let (before, after) = (try errors(1, "before"), try errors(300, "after"))
    #expect(after[0] < 0.75 * before[0] && after[1] < 0.75 * before[1], "\(before), then \(after)")
  }
}
