// Every method under the same masks and the same noise: what `sextant evaluate` runs.
//
// A field, a mask and a draw give one measurement, and every method is given that one. Training never sees the
// fields that are evaluated; whoever makes the comparison picks them apart.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// What is to be compared.
public struct Comparison: Sendable {
  /// The methods, in the order of the table.
  public var methods: [Method]
  /// The masks; scores are grouped by mask.
  public var masks: [AnyMeasurementDesign]
  /// The land mask and the files that the masks need.
  public var inputs: MeasurementInputs
  /// The standard deviation of the noise in each channel (C), in the variables' units.
  public var noise: [Float]
  /// How many samples the methods that sample give.
  public var samples: Int
  /// How many draws of mask and noise each field gets.
  public var draws: Int
  /// The scale of each channel (C): PSNR's peak and where it starts, in the variables' units. Without a peak there is neither
  /// PSNR nor SSIM.
  public var scales: [(peak: Double?, origin: Double)]
  /// What missing entries hold in each channel (C), where solvers are to find the mask themselves; nil where they are told.
  public var hiddenFiller: [Float]?
  /// What each answer may use of the other test fields, for the methods that know time; nil where the test fields are not
  /// judged as a series.
  public var time: TimeUse?
  /// What the methods that ask a diffusion prior are set to.
  public var solvers: SolverSettings
  /// The noise of test fields that are measurements themselves; nil where the test fields are the truth. Nothing is added to
  /// such fields: a mask hides values, and the answers' predictions of these values, noise included, are scored.
  public var measured: HeldOutNoise?
  /// What publications say of the methods.
  public var published: [Method: PublishedFigures] = [:]
  /// What the learned parts of the run cost.
  public var training = TrainingCosts()
  /// What is to be said of the comparison as it was asked for.
  public var remarks: [Remark] = []
  /// Where masks, noise and samples come from.
  public var seed: UInt64

  /// What the instrument does to the values beside adding ``noise``, in the units of the fields.
  public var detector = Detector.ideal

  public init(
    methods: [Method], masks: [AnyMeasurementDesign], inputs: MeasurementInputs = MeasurementInputs(), noise: [Float],
    samples: Int = 128, draws: Int = 1, scales: [(peak: Double?, origin: Double)], hiddenFiller: [Float]? = nil,
    solvers: SolverSettings = SolverSettings(), seed: UInt64
  ) {
    self.solvers = solvers
    self.hiddenFiller = hiddenFiller
    self.methods = methods
    self.masks = masks
    self.inputs = inputs
    self.noise = noise
    self.samples = samples
    self.draws = draws
    self.scales = scales
    self.seed = seed
  }

  /// Gives the standard deviation of the noise of each entry of a test field (V·C), by the field's number and by which entries
  /// have a value, in the variables' units.
  public typealias HeldOutNoise = @Sendable (_ index: Int, _ isValid: [Bool]) throws -> [Float]
}

/// The result of a comparison. Methods are told apart by their names; titles are for people.
public struct ComparisonScores: Sendable, Codable {
  /// All scores, field by field.
  public var scores: ScoreCollection
  /// The title of each method for tables, by name.
  public var titles: [String: String]
  /// Seconds for each answer of each method, everything counted after loading: parameters, mean, spread, samples.
  public var seconds: [String: [Double]]
  /// How often each method that has a network evaluated it for one answer, all samples together.
  public var networkEvaluations: [String: Int]
  /// The same for one sample.
  public var networkEvaluationsPerSample: [String: Double]
  /// The calibration over the series, where the test fields were judged as one.
  public var series: [SeriesSummary]?
  /// What is to be said of the comparison, and what is odd about test fields that are measurements themselves; nil for nothing.
  public var remarks: [Remark]?

  public init(
    scores: ScoreCollection = ScoreCollection(), titles: [String: String] = [:], seconds: [String: [Double]] = [:],
    networkEvaluations: [String: Int] = [:], networkEvaluationsPerSample: [String: Double] = [:]
  ) {
    self.scores = scores
    self.titles = titles
    self.seconds = seconds
    self.networkEvaluations = networkEvaluations
    self.networkEvaluationsPerSample = networkEvaluationsPerSample
  }

  /// The title of a method in tables: its name where it has none.
  public func title(of method: String) -> String { titles[method] ?? method }

  /// The names of the methods, in the order of the comparison.
  public var methodNames: [String] {
    var names: [String] = []
    for field in scores.fields where !names.contains(field.label.method) { names.append(field.label.method) }
    return names
  }

  /// The median time of an answer, in seconds.
  public func medianSeconds(of method: String) -> Double? {
    guard let all = seconds[method]?.sorted(), !all.isEmpty else { return nil }
    return all[all.count / 2]
  }
}

extension [Method] {
  /// A title for each method, by name: two methods with one title have their names behind it.
  var distinctTitles: [String: String] {
    let uses = Dictionary(grouping: self, by: \.title)
    return Dictionary(map { ($0.name, uses[$0.title]?.count == 1 ? $0.title : "\($0.title) (\($0.name))") }) { a, _ in a
    }
  }
}

/// One measurement and what each method made of it, for pictures.
public struct ComparedField: Sendable {
  /// The clean field.
  public var truth: Signal
  /// What was measured.
  public var measured: SimulatedMeasurement
  /// The mask that was drawn.
  public var mask: AnyMeasurementDesign
  /// The answers.
  public var answers: [(method: Method, posterior: Posterior)]
}

extension Comparison {
  /// Runs the comparison.
  ///
  /// - Parameters:
  ///   - model: what the methods learned from.
  ///   - fields: where the test fields are read from; on the model's grid.
  ///   - indices: which of them are tested.
  ///   - progress: called after each answer with how many were given; may throw to interrupt.
  ///   - visit: called with each measurement and all answers to it.
  public func run(
    model: Model, fields: some SignalSource, indices: [Int],
    progress: (Int) throws -> Void = { _ in }, visit: (ComparedField) throws -> Void = { _ in }
  ) throws -> ComparisonScores {
    let methods = methods.withoutRepetitions
    // Fields that are measured alike, as by a blur without a mask, need one preparation.
    let asked = try methods.map { method -> PreparedSolvers in
      let solver = try method.solver(for: model, settings: solvers)
      return PreparedSolvers(
        try hiddenFiller.map {
          HiddenMaskSolver(
            solver, prior: try model.requireGaussian().prior, transforms: model.space.transforms, filler: $0)
        } ?? solver, limit: 1)
    }
    let pilots =
      detector.isIdeal
      ? asked.map(\.solver)
      : try zip(methods, asked).map { method, prepared in
        let pilot = method.pilot(for: model)
        return pilot == method ? prepared.solver : try pilot.solver(for: model, settings: solvers)
      }
    let overTime =
      time == nil || time == .separate
      ? [:]
      : Dictionary(
        uniqueKeysWithValues: try methods.compactMap { method in
          try method.seriesSolver(for: model, settings: solvers).map { (method.name, $0) }
        })
    let series =
      try time.flatMap { try overTime.isEmpty ? nil : ComparedSeries(indices.map { fields.labels[$0] }, use: $0) }
    var gathering = SeriesGathering()
    var neighbours = measured.map { _ in HeldOutNeighbours(in: model.space) }
    let scorer = scorer(for: model)
    let base = RandomStream(seed: seed)
    var result = ComparisonScores(titles: methods.distinctTitles)
    var done = 0
    func read(_ index: Int) throws -> (truth: Signal, isScored: [Bool]) {
      let truth = try fields.read([index])[0]
      return (truth, zip(truth.isValid, model.space.isInside).map { $0 && $1 })
    }
    /// Of one draw, whose streams depend on field, draw and mask alone: adding a method or a mask changes no other number.
    func streamOf(_ index: Int, _ draw: Int, _ mask: AnyMeasurementDesign) -> RandomStream {
      base.split(index).split(draw).split(mask.description)
    }
    func placeOf(_ place: Int, _ draw: Int, _ mask: AnyMeasurementDesign) -> SeriesPlace {
      SeriesPlace(step: place, stream: base.split("series").split(draw).split(mask.description))
    }
    for (position, index) in indices.enumerated() {
      let (truth, isScored) = try read(index)
      for draw in 0..<draws {
        for mask in masks {
          let stream = streamOf(index, draw, mask)
          let measured = try measure(
            truth, index: index, mask: mask, isScored: isScored, stream: stream, series: placeOf(position, draw, mask))
          let heldOut = try heldOut(truth, index: index, measured: measured, isScored: isScored, mask: mask)
          let given =
            try hiddenFiller.map { try hiding(measured, isScored: isScored, filler: $0, stream: stream) }
            ?? measured.measurement
          var answers: [(method: Method, posterior: Posterior)] = []
          for ((method, solver), pilot) in zip(zip(methods, asked), pilots) {
            var random = stream.split(method.name)
            let start = ContinuousClock.now
            let settled = try self.settled(given, for: method, by: pilot)
            let posterior =
              try overTime[method.name].flatMap { solver in
                try series?.posterior(
                  at: position, of: method, solver: solver, key: "\(draw) \(mask)", samples: sampleCount(of: method),
                  random: base.split("series").split(draw).split(mask.description).split(method.name)
                ) { other in
                  let (truth, isScored) = try read(indices[other])
                  return try self.settled(
                    measure(
                      truth, index: indices[other], mask: mask, isScored: isScored,
                      stream: streamOf(indices[other], draw, mask), series: placeOf(other, draw, mask)
                    ).measurement, for: method, by: pilot)
                }
              } ?? solver.posterior(given: settled, samples: sampleCount(of: method), using: &random)
            let elapsed = ContinuousClock.now - start
            result.seconds[method.name, default: []].append(elapsed / .seconds(1))
            result.networkEvaluations[method.name] = posterior.cost?.evaluations
            result.networkEvaluationsPerSample[method.name] = posterior.cost?.evaluationsPerSample
            try result.scores.add(
              scorer.scores(
                of: heldOut.map { $0.prediction(of: posterior, using: stream.split("held out").split(method.name)) }
                  ?? ScoredEstimate(mean: posterior.mean, spread: posterior.spread, samples: posterior.samples),
                against: ScoredTruth(
                  values: truth.values.scalars, isValid: heldOut?.isScored ?? isScored,
                  isObserved: Self.isObserved(measured)),
                label: ScoreLabel(
                  method: method.name, field: Self.name(of: truth.label, index: index, draw: draw),
                  group: mask.description),
                breakingTiesWith: stream.split("ties")))
            // Another draw of the mask shows the same noise again.
            if let heldOut, draw == 0 {
              neighbours?.add(truth, heldOut, mean: posterior.mean, method: method.name, mask: mask.description)
            }
            if time != nil {
              gathering.add(
                method: method.name, group: mask.description, draw: draw, truth: truth.values, isScored: isScored,
                samples: posterior.samples, areas: model.space.domain.areaWeights, channelCount: model.space.channelCount)
            }
            answers.append((method, posterior))
            done += 1
            try progress(done)
          }
          try visit(ComparedField(truth: truth, measured: measured, mask: mask, answers: answers))
        }
      }
    }
    let said = remarks + (neighbours?.remarks ?? [])
    result.remarks = said.isEmpty ? nil : said
    if time != nil { result.series = gathering.summaries(variables: model.space.variables.map(\.name)) }
    return result
  }

  /// How many answers a run over `fieldCount` fields gives.
  public func answerCount(fieldCount: Int) -> Int {
    fieldCount * draws * masks.count * methods.withoutRepetitions.count
  }

  /// The samples that a method is asked for.
  private func sampleCount(of method: Method) -> Int {
    guard method.traits.drawsSamples else { return 0 }
    return method.samplesDiffusion ? solvers.samples ?? samples : samples
  }

  private func measure(
    _ truth: Signal, index: Int, mask: AnyMeasurementDesign, isScored: [Bool], stream: RandomStream, series: SeriesPlace
  ) throws -> SimulatedMeasurement {
    var maskStream = stream.split("mask")
    var noiseStream = stream.split("noise")
    let context = try MeasurementContext(domain: truth.domain, isValid: isScored, inputs: inputs, series: series)
    let operation = try mask.draw(in: context, using: &maskStream)
    if let measured {
      guard operation.selectedEntries != nil else {
        throw Self.refusalOfHoldingOut(by: mask)
      }
      // Exact values count as measured with a tiny noise: methods need one.
      let smallest = scales.enumerated().map { channel, scale in
        1e-4 * (scale.peak.map { Float($0) } ?? Self.range(of: truth, channel: channel))
      }
      let levels = try measured(index, truth.isValid).enumerated().map { entry, level in
        max(level, smallest[entry % smallest.count])
      }
      return try Simulation.part(of: truth, by: operation, noise: levels)
    }
    // Values are those of the channels in turn, whatever the operator measures of them.
    let deviations = (0..<operation.outputEntries.count).map { noise[$0 % noise.count] }
    return try Simulation.measure(truth, by: operation, noise: deviations, detector: detector, using: &noiseStream)
  }

  /// A measurement as a method takes it; one that ignores the noise takes it as it is.
  private func settled(
    _ measurement: FieldMeasurement, for method: Method, by pilot: any Solver
  ) throws -> FieldMeasurement {
    method.traits.usesNoise && !detector.isIdeal ? try method.settled(measurement, by: pilot) : measurement
  }

  /// The range of the values of a channel; 1 where they are all the same.
  private static func range(of truth: Signal, channel: Int) -> Float {
    let entries = stride(from: channel, to: truth.isValid.count, by: truth.variables.count).filter { truth.isValid[$0] }
    let values = truth.values.withUnsafeScalars { values in entries.map { values[$0] } }
    let range = (values.max() ?? 0) - (values.min() ?? 0)
    return range > 0 ? range : 1
  }

  /// The values of a test field that is a measurement itself which a mask hides; nil where test fields are the truth.
  ///
  /// Throws ``RunError/invalid(_:)`` where the mask hides nothing.
  private func heldOut(
    _ truth: Signal, index: Int, measured simulated: SimulatedMeasurement, isScored: [Bool], mask: AnyMeasurementDesign
  ) throws -> HeldOutValues? {
    guard let measured else { return nil }
    let hidden = zip(isScored, simulated.isMeasured).map { $0 && !$1 }
    guard hidden.contains(true) else {
      throw RunError.invalid(
        "evaluate.masks: '\(mask)' hides none of the measured values of \(Self.name(of: truth.label, index: index, draw: 0)), so there is nothing to score. Hide more, such as random:0.1, or leave the field out."
      )
    }
    return HeldOutValues(isScored: hidden, noise: try measured(index, truth.isValid))
  }

  /// Which entries of the field were measured, as far as that means something: nowhere by itself under a blur.
  private static func isObserved(_ measured: SimulatedMeasurement) -> [Bool] {
    measured.coverage?.map { $0 > 0 } ?? [Bool](repeating: false, count: measured.measurement.operation.inputCount)
  }

  /// The same measurement with the mask hidden: missing entries hold the filler and noise.
  ///
  /// Throws ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` where values are not single entries.
  private func hiding(
    _ measured: SimulatedMeasurement, isScored: [Bool], filler: [Float], stream: RandomStream
  ) throws -> FieldMeasurement {
    guard measured.measurement.operation.selectedEntries != nil else {
      throw Self.refusalOfHiding(beside: measured.measurement.operation.form.kind)
    }
    var random = stream.split("filler")
    let draws: Tensor<Float> = random.normals([isScored.count])
    let (draw, channels) = (draws.scalars, filler.count)
    let entries = isScored.indices.filter { isScored[$0] }
    return FieldMeasurement(
      values: entries.map { entry in
        measured.isMeasured[entry]
          ? measured.values[entry] : filler[entry % channels] + noise[entry % channels] * draw[entry]
      },
      noise: entries.map { noise[$0 % channels] },
      operation: SelectionOperator(inputCount: isScored.count, indices: entries), label: measured.measurement.label)
  }

  /// What is said of a hidden mask beside an operator that is none.
  package static func refusalOfHiding(beside kind: OperatorForm.Kind) -> MeasurementError {
    .operatorNotSupported(
      method: "A hidden mask (hide_mask)", form: kind, reason: "each measured value must be one entry of the field",
      hint: "Hide masks only.")
  }

  /// What is said of test fields that are measurements themselves, where nothing is hidden by a mask.
  package static func refusalOfHoldingOut(by design: AnyMeasurementDesign) -> RunError {
    .invalid(
      "evaluate.masks: '\(design)' is not a mask: it does not leave values as they are. Test fields that are measurements themselves (evaluate.fields.measured) are scored on the values that a mask hides, such as random:0.1."
    )
  }

  /// What scores the answers for a model.
  package func scorer(for model: Model) -> Scorer {
    let variables = zip(model.space.variables, scales).enumerated().map { channel, pair in
      ScoredVariable(
        name: pair.0.name, units: pair.0.units, channels: [channel], peak: pair.1.peak, origin: pair.1.origin)
    }
    return Scorer(on: model.space.domain, variables: variables.withAllBands(of: model.space.domain), channelCount: model.space.channelCount)
  }

  private static func name(of label: FieldLabel, index: Int, draw: Int) -> String {
    let place = label.time ?? "field \(index)"
    return draw == 0 ? place : "\(place), draw \(draw)"
  }
}
