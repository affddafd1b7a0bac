// One series under the two-scale prior with memory: its parameters, its windows, and its answers.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// The answers of a series, computed window by window in the order of time.
final class TwoScaleSeries: PreparedSeries {
  private let prior: GaussianPrior
  private let model: CovarianceModel
  private let spatial: [Double]?
  private let series: any MeasuredSeries
  private let request: SeriesRequest
  private var engine: SeriesEngine
  /// The first step that the engine has not taken.
  private var next = 0
  /// The engine before the first step, to go back.
  private let start: SeriesEngine
  private let startingCount: Int
  private var answers: [Int: SeriesEstimate] = [:]
  /// The size of the local part at each step of a joint series.
  private var localScales: [Double] = []
  /// What a causal run knows of that size after its last step, and before its first.
  private var scaleFilter = LogScaleFilter()
  private let startingScaleFilter: LogScaleFilter
  /// The largest number of steps that are held together.
  private let capacity: Int
  private var evaluations: Int
  /// The number of observed steps that a causal run has taken, those of earlier runs included.
  private var observedCount: Int
  /// The parameters with which each step was answered, for people.
  private var notes: [Int: [String: Double]] = [:]

  init(
    prior: GaussianPrior, model: CovarianceModel, spatial: [Double]?, series: any MeasuredSeries,
    request: SeriesRequest, carried: CarriedSeries?
  ) throws {
    (self.prior, self.model, self.spatial) = (prior, model, spatial)
    (self.series, self.request) = (series, request)
    let survey = try Self.survey(series, prior: prior)
    let parameters: SeriesParameters
    if let carried {
      guard let stored = carried.numbers["spatial"], let memory = carried.numbers["memory"], memory.count == 5,
        stored.count == model.parameters.count
      else { throw SeriesError.otherState(reason: "it lacks the parameters of a two-scale prior, or is of an older program") }
      parameters = SeriesParameters(
        spatial: stored, modeMemory: memory[0], localMemory: memory[1], modeSlope: memory[2], slowMemory: memory[3],
        slowShare: memory[4])
      evaluations = 0
    } else if request.use == .causal {
      // Nothing is known before the first step: the hyper-prior.
      let noise = survey.typicalNoise.squareRoot()
      parameters = .expected(
        spatial: spatial ?? model.start(noise: min(1, noise)), spacing: survey.spacing, memory: prior.configuration.memory)
      evaluations = 0
    } else {
      let fit = try Self.fit(
        model, spatial: spatial, series: series, prior: prior, steps: survey.observed, spacing: survey.spacing,
        random: request.random)
      (parameters, evaluations) = (fit.parameters, fit.evaluations)
    }
    engine = try SeriesEngine(
      model, parameters: parameters, memberCount: request.samples,
      smallestNoise: carried?.numbers["smallest-noise"]?.first ?? survey.smallestNoise)
    if let carried { try Self.restore(&engine, carried, samples: request.samples) }
    // A state of a program without sizes has none, and is one of the size 1.
    if let carried, let log = carried.numbers["log-scale"], log.count == 2 {
      scaleFilter = LogScaleFilter(time: carried.time, mean: log[0], variance: log[1])
    }
    startingScaleFilter = scaleFilter
    observedCount = Int(carried?.numbers["observed-steps"]?.first ?? 0)
    startingCount = observedCount
    smallestNoise = carried?.numbers["smallest-noise"]?.first ?? survey.smallestNoise
    start = engine
    capacity = max(4, request.memoryLimit / max(1, engine.bytesPerStep(observed: survey.largestCount)))
    if request.use == .joint {
      let evidence = try series.times.indices.map { step in
        try request.checkInterruption()
        return logScaleEvidence(at: series.times[step], try series.measurement(at: step).map { try prior.space.observe($0) })
      }
      localScales = LogScaleFilter.smoothed(evidence, times: series.times, localMemory: parameters.localMemory)
    }
  }

  private let smallestNoise: Double

  var correlationOfSteps: Double? {
    Self.spacing(of: series.times).map { engine.parameters.localCorrelation(over: $0) }
  }

  func posterior(at step: Int) throws -> Posterior {
    if let estimate = answers.removeValue(forKey: step) { return posterior(of: estimate, at: step) }
    if step < next {
      // Asked again: from the start.
      (engine, next, observedCount, scaleFilter) = (start, 0, startingCount, startingScaleFilter)
      answers = [:]
    }
    while true {
      if request.use == .causal {
        try advanceCausally(to: step)
      } else {
        try advanceWindow(to: step)
      }
      if let estimate = answers.removeValue(forKey: step) { return posterior(of: estimate, at: step) }
    }
  }

  private func posterior(of estimate: SeriesEstimate, at step: Int) -> Posterior {
    var diagnostics = notes[step] ?? [:]
    diagnostics["likelihood-evaluations"] = Double(evaluations)
    return prior.space.posterior(
      mean: estimate.mean, spread: estimate.spread, samples: estimate.samples, label: series.labels[step],
      diagnostics: diagnostics)
  }

  /// The parameters now, and the size of the local part at a step.
  private func parameterNotes(localScale: Double) -> [String: Double] {
    var notes = Dictionary(
      uniqueKeysWithValues: zip(model.parameters.map(\.name), engine.parameters.spatial))
    notes["memory.modes-days"] = engine.parameters.modeMemory
    notes["memory.modes-slope"] = engine.parameters.modeSlope
    notes["memory.local-days"] = engine.parameters.localMemory
    notes["memory.slow-days"] = engine.parameters.slowMemory
    notes["memory.slow-share"] = engine.parameters.slowShare
    notes["local-scale"] = localScale
    return notes
  }

  // MARK: Joint

  /// Takes the next window, of which only the steps that need it are answered.
  private func advanceWindow(to wanted: Int) throws {
    let count = series.times.count
    let whole = count - next <= capacity
    // A third of the memory looks ahead; the rest is answered.
    let ahead = whole ? 0 : min(24, max(2, capacity / 3))
    let answered = whole ? count - next : max(1, capacity - ahead)
    if !whole, wanted >= next + answered {
      // Only what later steps need of these.
      for _ in 0..<answered { try skip() }
      return
    }
    let steps = try (next..<min(count, next + answered + ahead)).map { try self.step($0) }
    let estimates = try engine.estimates(of: steps, count: answered, checkingInterruption: request.checkInterruption)
    for (offset, estimate) in estimates.enumerated() {
      answers[next + offset] = estimate
      notes[next + offset] = parameterNotes(localScale: steps[offset].localScale)
    }
    next += answered
  }

  private func skip() throws {
    try request.checkInterruption()
    try engine.skip(try step(next))
    next += 1
  }

  // MARK: Causal

  private func advanceCausally(to wanted: Int) throws {
    try request.checkInterruption()
    if try series.measurement(at: next) != nil {
      observedCount += 1
      // At 1, 2, 4, 8, … observed steps; beyond 512 the parameters are known well enough.
      if observedCount & (observedCount - 1) == 0, observedCount <= 512 { try refit(upTo: next) }
    }
    let step = try step(next)
    if next == wanted {
      answers[next] = try engine.estimate(at: step)
      notes[next] = parameterNotes(localScale: step.localScale)
    } else {
      try engine.skip(step)
    }
    next += 1
  }

  /// Fits the parameters to this run's steps up to and including `last`.
  private func refit(upTo last: Int) throws {
    let observed = try (max(0, last - 255)...last).filter { try series.measurement(at: $0) != nil }
    let spacing = Self.spacing(of: Array(series.times[0...last]))
    // A single step says nothing of time.
    let fit = try Self.fit(
      model, spatial: spatial, series: series, prior: prior, steps: observed, spacing: spacing ?? engine.parameters.localMemory / 4,
      random: request.random)
    evaluations += fit.evaluations
    try engine.replace(parameters: fit.parameters)
  }

  func carried() throws -> CarriedSeries? {
    guard request.use == .causal else { return nil }
    while next < series.times.count { try advanceCausally(to: -1) }
    guard let time = engine.time else { return nil }
    let state = engine.stored
    let label = series.labels.last?.time ?? "day \(time)"
    return CarriedSeries(
      time: time, label: label,
      numbers: [
        "spatial": engine.parameters.spatial,
        "memory": [
          engine.parameters.modeMemory, engine.parameters.localMemory, engine.parameters.modeSlope,
          engine.parameters.slowMemory, engine.parameters.slowShare,
        ],
        "local-scale": [state.localScale], "log-scale": [scaleFilter.mean, scaleFilter.variance],
        "observed-steps": [Double(observedCount)], "smallest-noise": [smallestNoise], "evidence": [state.logEvidence],
      ], arrays: ["vectors": state.vectors, "covariance": state.covariance, "draws": state.draws])
  }

  private static func restore(_ engine: inout SeriesEngine, _ carried: CarriedSeries, samples: Int) throws {
    let size = engine.size
    guard let vectors = carried.arrays["vectors"], let covariance = carried.arrays["covariance"],
      let draws = carried.arrays["draws"], covariance.shape == [size, size], vectors.columnCount == size
    else {
      throw SeriesError.otherState(reason: "it belongs to a model with another number of states or modes")
    }
    guard vectors.shape == [samples + 1, size], draws.shape == [samples, size] else {
      throw SeriesError.otherState(
        reason: "it has \(max(0, vectors.rowCount - 1)) members, but \(samples) are asked for; give --samples \(max(0, vectors.rowCount - 1))")
    }
    engine.restore(
      SeriesFilterState(
        time: carried.time, localScale: carried.numbers["local-scale"]?.first ?? 1, vectors: vectors,
        covariance: covariance, draws: draws, logEvidence: carried.numbers["evidence"]?.first ?? 0))
  }

  // MARK: Steps

  private func step(_ index: Int) throws -> SeriesStep {
    let observation = try series.measurement(at: index).map { try prior.space.observe($0) }
    // The members of a step depend on its place in time, not on the file that it lies in.
    let name = series.labels[index].time ?? "step \(series.times[index])"
    let repetition = series.times[..<index].reversed().prefix { $0 == series.times[index] }.count
    return SeriesStep(
      time: series.times[index], observation: observation, random: request.random.split(name).split(repetition),
      localScale: localScale(at: index, observation))
  }

  /// The size of the local part at a step; a causal run learns it as it takes the steps in turn.
  private func localScale(at index: Int, _ observation: StateObservation?) -> Double {
    if request.use == .joint { return localScales[index] }
    let time = series.times[index]
    scaleFilter.take(logScaleEvidence(at: time, observation), at: time, localMemory: engine.parameters.localMemory)
    return exp(scaleFilter.mean)
  }

  private func logScaleEvidence(at time: Double, _ observation: StateObservation?) -> LogScaleEvidence {
    guard let observation else { return LogScaleEvidence() }
    var piece = SeriesPiece()
    var stream = request.random.split("scale").split("\(time)")
    piece.add(observation, at: time, limit: 300, using: &stream)
    return model.logScaleEvidence(of: piece, parameters: engine.parameters.spatial)
  }

  /// What a look at all steps tells.
  private struct Survey {
    var observed: [Int] = []
    var largestCount = 1
    var smallestNoise = Double.infinity
    var typicalNoise = 0.0
    var spacing = 1.0
  }

  private static func survey(_ series: any MeasuredSeries, prior: GaussianPrior) throws -> Survey {
    var survey = Survey()
    let scales = prior.space.scales
    var noises: [Double] = []
    for index in series.times.indices {
      guard let measurement = try series.measurement(at: index), measurement.count > 0 else { continue }
      survey.observed.append(index)
      survey.largestCount = max(survey.largestCount, measurement.count)
      // Standardised by the largest scale: a lower bound.
      let scale = Double(scales.max() ?? 1)
      let smallest = Double(measurement.noise.min() ?? 0) / scale
      survey.smallestNoise = min(survey.smallestNoise, smallest * smallest)
      noises.append(smallest * smallest)
    }
    guard !survey.observed.isEmpty else { throw PriorError.nothingObserved }
    survey.typicalNoise = noises.sorted()[noises.count / 2]
    survey.spacing = spacing(of: series.times) ?? 1
    return survey
  }

  /// The median time between steps at different times; nil without any.
  private static func spacing(of times: [Double]) -> Double? {
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }.sorted()
    return gaps.isEmpty ? nil : gaps[gaps.count / 2]
  }

  /// The steps of each group that the fit looks at, from its first: most are neighbours, which tell how soon the local part
  /// forgets, and some are far apart, for what stays. No distance is a multiple of 12, because half a day and a day are
  /// special in hourly series.
  private static let groups = [[0, 1, 3], [0, 1, 18], [0, 2, 43], [0, 1, 3]]

  /// The parameters of largest likelihood of pieces of the series: 4 groups of 3 steps with 300 observations of each step.
  /// Fewer observations of more steps see less of the small scales, and were overconfident.
  private static func fit(
    _ model: CovarianceModel, spatial: [Double]?, series: any MeasuredSeries, prior: GaussianPrior, steps: [Int],
    spacing: Double, random: RandomStream
  ) throws -> (parameters: SeriesParameters, evaluations: Int) {
    var stream = random.split("fit")
    var chosen: [[Int]] = []
    for (number, group) in groups.enumerated() {
      // A short series has neighbours alone.
      let offsets = (group.last ?? 0) < steps.count ? group : groups[0]
      let reach = min(steps.count, (offsets.last ?? 0) + 1)
      let start = (steps.count - reach) * number / (groups.count - 1)
      // Fewer steps have more observations each.
      let used = offsets.map { start + $0 }.filter { $0 < start + reach }
      if !chosen.contains(used) { chosen.append(used) }
    }
    let pieces = try chosen.map { used -> SeriesPiece in
      var piece = SeriesPiece()
      for position in used {
        guard let measurement = try series.measurement(at: steps[position]) else { continue }
        piece.add(
          try prior.space.observe(measurement), at: series.times[steps[position]], limit: 900 / used.count, using: &stream)
      }
      return piece
    }
    let fit = model.chooseSeriesParameters(for: pieces.filter { $0.count > 0 }, spacing: spacing, fixedSpatial: spatial,
      fixedMemory: prior.configuration.memory)
    return (fit.parameters, fit.evaluations)
  }
}
