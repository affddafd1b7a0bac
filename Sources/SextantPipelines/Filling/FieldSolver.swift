// One field at a time: read, convert units, measure, solve, convert back.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

/// Fills single fields of a document by a model.
final class FieldSolver {
  let frame: FieldFrame
  let methodName: String
  let request: Imputation
  let model: Model
  /// The windows in which a field is solved; nil for the whole.
  private let windows: ModelWindows?
  /// Series with one mask share what depends on the mask: for each method and amount by which the prior is widened, 0 for most. There is
  /// one method, and another one where that settles noise which depends on the signal.
  private var solvers: [Method: [Double: PreparedSolvers]] = [:]
  /// The settings of the methods, which end between steps once a stop was asked for.
  private let settings: SolverSettings
  /// Nil where the method uses none.
  let noise: NoiseLevels?
  /// The level of each variable (C) above which values were cut off, in the file's units; empty where there is none.
  private let saturation: [Float?]
  /// What is to be said of the input.
  private(set) var inputRemarks: [Remark]
  /// What was counted of all fields, also of those that were answered before.
  private(set) var tally: AnswerTally
  /// Which entries of an answer are given (V·C of its domain); nil for all.
  private let region: [Bool]?
  /// The range to which the mean is clipped, in the file's units; nil for none.
  let clipping: ClosedRange<Double>?
  private let checking: AnswerChecking
  /// The answers of fields that are filled together; nil where each is filled by itself.
  private(set) var series: SeriesFilling?
  /// What each variable can be; nil where nothing is certain.
  let physicalRanges: [PhysicalRange?]

  var fields: any SignalDocument { frame.fields }

  /// - Parameters:
  ///   - request: What is asked for.
  ///   - frame: The fields to fill, and how they are measured.
  ///   - noise: Nil where the method uses none.
  ///   - inputRemarks: What is to be said of the input: how its noise was found, what speaks against the model.
  ///   - model: What the method knows of the fields.
  ///   - windows: The windows in which a field is solved; nil for the whole.
  ///   - formats: Those of files that designs need.
  ///   - interruption: Is checked between the steps of the methods that take long.
  /// - Throws: ``RunError``, and what the method throws.
  init(
    _ request: Imputation, frame: FieldFrame, noise: NoiseLevels?, inputRemarks: [Remark] = [], model: Model,
    windows: ModelWindows? = nil, formats: [any SignalFormat], interruption: Interruption
  ) throws {
    self.request = request
    var settings = request.solvers
    settings.checkInterruption = { try interruption.check() }
    self.settings = settings
    self.frame = frame
    self.noise = noise
    self.inputRemarks = inputRemarks + (noise?.remarks ?? [])
    saturation = try request.saturation?.levels(of: frame.fields.variables) ?? []
    let pixelRange = frame.fields.fullRange
    if request.clips, pixelRange == nil {
      throw RunError.invalid(
        "--clip: \(frame.fields.path) is no image of whole numbers, so that there is no range to which the answer could be clipped. Leave --clip out; without a model, --bounds states the range of a variable.")
    }
    clipping = request.clips ? pixelRange : nil
    (self.model, self.windows) = (model, windows)
    let space = frame.space
    methodName = request.method.title
    // A method that fills no gaps predicts no observation from the others.
    checking = AnswerChecking(
      share: request.method.traits.fillsGaps ? request.checkShare : 0, encodings: space.encodings,
      isGaussian: request.method.traits.hasGaussianPosterior && space.isGaussianInItsUnits && windows == nil,
      knowsNoise: noise != nil,
      samples: request.method.traits.drawsSamples ? min(max(8, request.samples / 16), request.samples) : 0,
      drawsSamples: request.method.traits.drawsSamples)
    tally = AnswerTally(channelCount: space.channelCount)
    region = try request.fill.entries(of: frame, hasArchive: model.gaussian != nil, formats: formats)
    physicalRanges = space.variables.map { PhysicalRange(of: $0) }
    // What is wrong with the method is found before any field is read.
    _ = try solvers(of: request.method, widenedBy: 0)
  }

  /// Fills the fields together where the method and the file allow it, and was asked to.
  func fillTogether(interruption: Interruption) throws {
    series = try SeriesFilling(
      of: fields, model: model, request: request, checkInterruption: { try interruption.check() }
    ) { [unowned self] index in
      let field = try frame.read(index)
      // The sums over the fields are made when they are answered.
      var counts = AnswerTally(channelCount: frame.space.channelCount)
      return field.isValid.contains(true) ? try measure(field, index: index, counts: &counts) : nil
    }
    if series == nil, let remark = SeriesFilling.remarkOnAbsentTimes(of: fields, request: request) { inputRemarks.append(remark) }
    if request.time == nil, let objection = series?.objection {
      inputRemarks.append(objection)
      series = nil
    }
  }

  /// What the answers use of the other times.
  var timeUse: TimeUse { series?.use ?? .separate }

  /// The fields in the order in which they are filled.
  var order: [Int] { series?.order ?? Array(fields.labels.indices) }

  /// Keeps what a later run goes on from, if that was asked for.
  func keepState(overwrite: Bool) throws { try series?.keepState(overwrite: overwrite) }

  /// Takes account of an answer that an earlier run gave.
  func note(_ earlier: AnswerTally) { tally = tally + earlier }

  /// Fills field `index`.
  func solve(_ index: Int) throws -> Answer {
    let clock = ContinuousClock()
    let start = clock.now
    var answer = try answer(to: index)
    if let clipping { answer.tally.clippedCount = answer.record.clip(to: clipping) }
    answer.tally.seconds = (clock.now - start) / .seconds(1)
    tally = tally + answer.tally
    return answer
  }

  private func answer(to index: Int) throws -> Answer {
    let (field, beyondFrameCount) = try frame.readCounting(index)
    var counts = AnswerTally(channelCount: frame.space.channelCount)
    counts.beyondFrameCount = beyondFrameCount
    counts.missingCount = field.isValid.count { !$0 }
    counts.valueCount = field.isValid.count
    guard field.isValid.contains(true) else { return try answerEmpty(field, index: index, counts: counts) }
    if tally.natures == nil {
      let space = frame.space
      let handled = fields.variables.indices.filter {
        space.bounds[$0] != nil || !space.transforms[$0].isIdentity || space.ownTransforms[$0] != .none
          || space.encodings[$0] != .number
      }
      counts.natures = VariableNature.remarks(on: field, handled: Set(handled.map { fields.variables[$0].name }))
    }
    if !request.method.traits.fillsGaps, counts.missingCount > 0 {
      throw RunError.gapsNotFilled(
        path: fields.path, missing: counts.missingCount, count: field.isValid.count, method: request.method.name)
    }
    let measurement = try measure(field, index: index, counts: &counts)
    var random = RandomStream(seed: request.seed).split(Self.streamName(of: field.label, index: index))
    let samples = request.method.traits.drawsSamples ? request.samples : 0
    let solvers = try solvers(of: request.method, for: field.label)
    let refills = series == nil && checking.refills(index, of: fields.count, observations: measurement.count)
    let deviations = counts.channels.indices.map { typicalDeviation(ofChannel: $0, in: counts) }
    // The second filling of a check shares what is fitted to the measurement.
    let isShared = refills && (!checking.hasClosedForm(for: measurement) || checking.isNearlyExact(measurement, deviations: deviations))
    let fitted = isShared ? try solvers.solver.fitted(to: measurement) : nil
    if isShared { try measurement.check() }
    var prepared = try fitted?.prepare(for: measurement.operation, noise: measurement.noise)
    let posterior =
      try series?.posterior(at: index)
      ?? prepared?.solve(measurement, samples: samples, using: &random)
      ?? solvers.posterior(given: measurement, samples: samples, using: &random)
    try posterior.requireSensible(
      measurement, by: request.method, field: field.label.time.map { "the field of \($0)" } ?? "field \(index + 1)",
      isInside: frame.space.isInside, means: counts.channels.map { Float($0.observed.mean) })
    let isKept = try exactValues(index)
    var (check, isChecked) = checking.closedForm(measurement, posterior, keeping: isKept)
    expect(measurement.label, in: &check)
    if !isChecked, refills {
      var stream = RandomStream(seed: request.seed).split("check").split(index)
      check = try check + checking.refill(
        measurement, by: fitted ?? solvers.solver.fitted(to: measurement), prepared: &prepared, using: &stream)
    } else if !isChecked, let (tests, answer) = try series?.heldOut(at: index, by: checking) {
      check = check + checking.compare(answer, with: tests)
    }
    counts.diagnostics = posterior.diagnostics.merging(Self.diagnostics(of: posterior.cost)) { own, _ in own }
    counts.answeredCount = 1
    if samples > 0, posterior.samples == nil {
      try refuseWithoutSamples()
      counts.withoutSamplesCount = 1
    }
    var record = record(of: posterior)
    if let isKept { record.keep(field, where: { isKept[$0] }) }
    return Answer(
      record: record, isObserved: field.isValid, diagnostics: posterior.diagnostics, tally: counts, check: check)
  }

  /// Whether an answer has no samples although samples were wanted.
  var lacksSamples: Bool { tally.withoutSamplesCount > 0 }

  /// Throws ``RunError`` where samples were asked for in so many words.
  private func refuseWithoutSamples() throws {
    let option: MethodOption? =
      if request.splitsMembers { .splitMembers } else if !request.quantileLevels.isEmpty { .quantiles } else {
        request.requested.contains(.samples) ? .samples : nil
      }
    guard let option else { return }
    throw RunError.invalid(
      "\(option.rawValue): '\(request.method.name)' draws samples on at most \(TwoScaleSolver.stateLimit) vertices, and the domain of the answer has \(frame.space.domain.nodeCount). Leave the option out for the exact mean and spread without samples, choose a coarser grid, or use sparse-matern.")
  }

  /// The answer for a field without any observed value.
  private func answerEmpty(_ field: Signal, index: Int, counts: AnswerTally) throws -> Answer {
    let name = field.label.time.map { "the field of \($0)" } ?? "field \(index + 1)"
    // A series goes on; a file of one empty field is a mistake.
    guard request.onEmpty != .fail, fields.labels.count > 1 else { throw RunError.nothingObserved(path: fields.path, field: name) }
    var counts = counts
    let samples = request.method.traits.drawsSamples ? request.samples : 0
    if request.onEmpty == .prior, let series {
      let posterior = try series.posterior(at: index)
      counts.filledEmptyFields = [name]
      return Answer(record: record(of: posterior), isObserved: field.isValid, diagnostics: [:], tally: counts)
    }
    // A method that learned from an archive and ignores noise follows the climatology, too: the one value is the climatology's.
    let knowsPrior = request.method.traits.usesNoise || request.method.learnsFromArchive
    if request.onEmpty == .prior, knowsPrior, request.method.traits.fillsGaps,
      let nothing = windows.map({ $0.emptyMeasurement(field.label, by: model) }) ?? model.emptyMeasurement(field.label)
    {
      var random = RandomStream(seed: request.seed).split(Self.streamName(of: field.label, index: index))
      let posterior = try solvers(of: request.method, for: field.label).solver.posterior(given: nothing, samples: samples, using: &random)
      counts.filledEmptyFields = [name]
      return Answer(record: record(of: posterior), isObserved: field.isValid, diagnostics: [:], tally: counts)
    }
    counts.missingEmptyFields = [name]
    let size = frame.space.isInside.count
    let nothing = Posterior(
      mean: [Float](repeating: .nan, count: size),
      spread: request.method.traits.drawsSamples ? [Float](repeating: .nan, count: size) : nil,
      samples: samples > 0 ? Tensor(repeating: .nan, shape: [samples, size]) : nil)
    return Answer(record: record(of: nothing), isObserved: field.isValid, diagnostics: [:], tally: counts)
  }

  /// The solvers of a method for fields of a label: those of the model, or of a wider prior for a season or an hour that its archive
  /// lacks.
  private func solvers(of method: Method, for label: FieldLabel) throws -> PreparedSolvers {
    try solvers(of: method, widenedBy: model.unknownClimatologyShare(for: label))
  }

  private func solvers(of method: Method, widenedBy share: Double) throws -> PreparedSolvers {
    if let known = solvers[method]?[share] { return known }
    let wider = try model.widened(by: share)
    let whole = try method.solver(for: wider, settings: settings)
    let made = PreparedSolvers(windows?.solver(whole, for: wider) ?? whole)
    solvers[method, default: [:]][share] = made
    return made
  }

  /// Notes the range of values that the archive lets expect: the climatology, give or take five standard deviations.
  private func expect(_ label: FieldLabel, in check: inout AnswerCheck) {
    guard let gaussian = model.gaussian, model.space.transforms.allSatisfy(\.isIdentity),
      model.unknownClimatologyShare(for: label) == 0
    else { return }
    let space = gaussian.prior.space
    let mean = space.climatology.mean(for: label)
    for channel in check.channels.indices {
      let reach = Float(5 * (model.typicalStandardDeviation(ofChannel: channel) ?? 0))
      let range = AnswerChecking.range(of: space.layout.states(ofChannel: channel).lazy.map { mean[$0] })
      check.channels[channel].expected = range.map { $0.lowerBound - reach...$0.upperBound + reach }
    }
  }

  private static func diagnostics(of cost: NetworkCost?) -> [String: Double] {
    guard let cost else { return [:] }
    return [
      "network-evaluations": Double(cost.evaluations), "network-evaluations-per-sample": cost.evaluationsPerSample,
      "network-gradients": Double(cost.gradients),
    ]
  }

  /// A field has the same samples at every place in a file, if its coordinates tell it from others.
  private static func streamName(of label: FieldLabel, index: Int) -> String {
    let coordinates = label.coordinates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let words = [label.time].compactMap { $0 } + coordinates
    return words.isEmpty ? "field \(index)" : words.joined(separator: " ")
  }

  /// Which values of a field (V·C) are stated to be exact: where they are observed, they are written as they were read. Nil where the noise is
  /// not known, or the answer is not on the places of the input.
  private func exactValues(_ index: Int) throws -> [Bool]? {
    guard frame.knowsObserved, let noise else { return nil }
    let channels = frame.space.channelCount
    // Noise with a law may be 0 in the dark, and is not at a value.
    return try noise(index).enumerated().map { $1 == 0 && noise.laws[$0 % channels] == nil }
  }

  /// What was measured of a field.
  private func measure(_ field: Signal, index: Int, counts: inout AnswerTally) throws -> FieldMeasurement {
    let (space, units) = (frame.space, frame.units)
    let levels = try noise?(index)
    let detector = try units.toModel(Detector(laws: noise?.laws ?? [], saturation: saturation))
    var bounds = BoundsCheck(space.variables, bounds: space.bounds)
    var (values, deviations, channels): ([Float], [Float], [Int]) = ([], [], [])
    try frame.forEachValue(of: field) { entry, channel, value in
      values.append(value)
      channels.append(channel)
      counts.channels[channel].observed.add(Double(value))
      if frame.isInside?[entry] == false { counts.outsideCount += 1 }
      let level = levels.map { $0[entry] }
      if let level, !(level >= 0 && level.isFinite) {
        throw RunError.invalid(
          "\(fields.path): the noise of '\(fields.variables[channel].name)' at vertex \(entry / space.channelCount + 1) is \(level); expected a positive number, or 0 for an exact value, wherever a value is observed."
        )
      }
      let law = detector.law(ofChannel: channel)
      if let law, let expected = law.objection(toClean: Double(value)) {
        throw RunError.invalid(
          "\(fields.path): '\(fields.variables[channel].name)' is \(value.formatted()) at vertex \(entry / space.channelCount + 1), and values of the noise \(law) are \(expected). \(law.advice)")
      }
      let deviation = law.map { Float($0.deviation(at: Double(value))) } ?? level.map { units.differenceToModel($0, channel: channel) }
      // Noise of five standard deviations explains a value that cannot be.
      let reach = deviation.map { 5 * $0 }
      bounds.note(value, channel: channel, tolerance: reach ?? bounds.tolerance(ofChannel: channel))
      if let range = physicalRanges[channel], range.excludes(Double(value), noise: Double(reach ?? 0)) {
        counts.channels[channel].impossibleCount += 1
      }
      if let level, law == nil { counts.channels[channel].noise.add(Double(level)) }
      // A placeholder where the method ignores the noise.
      deviations.append(deviation ?? 1)
    }
    counts.bounds = bounds.tally
    _ = try boundsRemarks(with: counts.bounds)
    // Exact values: methods divide by the noise, so it is a ten-thousandth of the variability instead of 0.
    if deviations.contains(0) {
      let floors = counts.channels.indices.map { Float(1e-4 * typicalDeviation(ofChannel: $0, in: counts)) }
      for row in deviations.indices { deviations[row] = max(deviations[row], floors[channels[row]]) }
    }
    var measurement = frame.measurement(of: field, values: values, noise: deviations)
    guard !detector.isIdeal else { return measurement }
    measurement.read(by: detector, channels: channels)
    counts.saturatedCount = measurement.isSaturated.count { $0 }
    // A method that ignores the noise has nothing to settle.
    if request.method.traits.usesNoise {
      measurement = try request.method.settled(
        measurement, by: solvers(of: request.method.pilot(for: model), for: field.label).solver)
    }
    for (row, channel) in channels.enumerated() where detector.law(ofChannel: channel) != nil {
      counts.channels[channel].noise.add(Double(measurement.noise[row] / units.differenceToModel(1, channel: channel)))
    }
    return measurement
  }

  /// What is to be said of the ranges of the model after all fields so far. Throws ``RunError`` where too many values leave them.
  func boundsRemarks(with more: BoundsCheck.Tally? = nil) throws -> [Remark] {
    try BoundsCheck(
      frame.space.variables, bounds: frame.space.bounds, tally: more.map { tally.bounds + $0 } ?? tally.bounds
    ).checkObservations(of: fields.path, model: model.gaussian == nil ? nil : model.provenance.name)
  }

  /// The standard deviation of the model's anomalies or, without a model, of the observed values; at least a tiny number.
  func typicalDeviation(ofChannel channel: Int, in counts: AnswerTally) -> Double {
    model.typicalStandardDeviation(ofChannel: channel)
      ?? max(.leastNormalMagnitude, counts.channels[channel].observed.standardDeviation)
  }

  private func record(of posterior: Posterior) -> FieldRecord {
    let (units, regridding, size) = (frame.units, frame.regridding, posterior.mean.count)
    var mean = regridding.answers(Tensor(posterior.mean, shape: [1, size])).scalars
    let samples = posterior.samples.map { regridding.answers($0) }
    var spread = regridding.spread(of: posterior)
    // A method without a spread of its own has that of its samples; labels have none.
    if spread == nil, let samples, samples.rowCount > 1, frame.space.encodings.allSatisfy({ $0 == .number }) {
      spread = samples.columnDeviations(from: mean)
    }
    units.convertToFile(&mean)
    if var deviations = spread {
      units.convertSpreadToFile(&deviations)
      spread = deviations
    }
    var record = FieldRecord(mean, spread: spread, members: samples.map { units.convertToFile($0) }, isObserved: nil)
    if let region { record.remove(outside: region) }
    return record
  }
}

extension Model {
  /// The standard deviation of a channel's anomalies, in the variable's units; nil without an archive.
  fileprivate func typicalStandardDeviation(ofChannel channel: Int) -> Double? {
    gaussian?.typicalStandardDeviation(ofChannel: channel, transform: space.transforms[channel])
  }
}

extension FieldRecord {
  /// Keeps the observed values of entries that were stated to be exact, to the last bit.
  mutating func keep(_ field: Signal, where isExact: (Int) -> Bool) {
    let exact = field.isValid.indices.filter { field.isValid[$0] && isExact($0) && values[$0].isFinite }
    guard !exact.isEmpty else { return }
    let observed = field.values.scalars
    for entry in exact {
      values[entry] = observed[entry]
      spread?[entry] = 0
    }
    let size = values.count
    members?.withUnsafeMutableScalars { members in
      for start in stride(from: 0, to: members.count, by: size) {
        for entry in exact { members[start + entry] = observed[entry] }
      }
    }
  }

  /// Brings the mean into a range, and returns how many of its values lay outside of it.
  mutating func clip(to range: ClosedRange<Double>) -> Int {
    let (low, high) = (Float(range.lowerBound), Float(range.upperBound))
    // Single precision may round the ends of 32-bit numbers outwards.
    let least = Double(low) < range.lowerBound ? low.nextUp : low
    let greatest = Double(high) > range.upperBound ? high.nextDown : high
    var count = 0
    for entry in values.indices where values[entry] < low || values[entry] > high {
      values[entry] = values[entry] < low ? least : greatest
      count += 1
    }
    return count
  }

  /// Leaves the entries outside of a region (V·C) without an answer.
  mutating func remove(outside region: [Bool]) {
    EntryRegion(region).removeOutside(mean: &values, spread: &spread, members: &members)
  }
}
