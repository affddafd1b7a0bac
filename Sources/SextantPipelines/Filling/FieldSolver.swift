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
  let regridding: Regridding
  let methodName: String
  private let request: Imputation
  private let fields: any SignalDocument
  private let model: Model
  /// Series with one mask share what depends on the mask.
  private let solvers: PreparedSolvers
  private let units: UnitConversion
  /// Nil where the method uses none.
  private let noise: NoiseLevels?
  /// What is to be said of the input.
  private var inputRemarks: [Remark]
  /// What was applied to the fields before their gaps were made.
  private let operation: (any LinearOperator)?
  private var missing = (count: 0, total: 0)
  private var noiseSums: [Double]
  private var noiseCounts: [Double]
  /// The number of observed values of each variable, their sum and that of their squares, in the model's units.
  private var observed: [(count: Double, sum: Double, squares: Double)]
  private var diagnosticSums: [String: Double] = [:]
  private var solvedCount = 0
  /// What the first observed field shows of the nature of its variables; nil before there is one.
  private var natures: [Remark]?
  /// Observed values beside the ranges that a model was given.
  private var bounds: BoundsCheck
  private var boundsRemarks: [Remark] = []
  /// The fields without any observed value.
  private var emptyFields: (filled: [String], missing: [String]) = ([], [])
  /// Which entries were observed in some field (V·C).
  private var everObserved: [Bool]
  /// Which entries of an answer are given (V·C of its domain); nil for all.
  private let region: [Bool]?
  private let checking: AnswerChecking
  /// The answers of fields that are filled together; nil where each is filled by itself.
  private var series: SeriesFilling?

  /// - Parameters:
  ///   - request: What is asked for.
  ///   - fields: The fields to fill.
  ///   - noise: Nil where the method uses none.
  ///   - inputRemarks: What is to be said of the input: how its noise was found, what speaks against the model.
  ///   - model: What the method knows of the fields.
  ///   - regridding: How the input meets the model's domain, and where answers are given.
  ///   - formats: Those of files that designs need.
  /// - Throws: ``RunError``, ``UnitsError``, and what the method throws.
  init(
    _ request: Imputation, fields: any SignalDocument, noise: NoiseLevels?, inputRemarks: [Remark] = [], model: Model,
    regridding: Regridding, formats: [any SignalFormat]
  ) throws {
    self.request = request
    self.fields = fields
    self.noise = noise
    self.inputRemarks = inputRemarks + (noise?.remarks ?? [])
    self.model = model
    let space = model.space
    guard fields.variables.count == space.channelCount else {
      func list(_ variables: [Variable]) -> String { variables.map(\.name).joined(separator: ", ") }
      throw RunError.invalid(
        "\(fields.path): \(fields.variables.count) variables were named (\(list(fields.variables))), but the model has \(space.channelCount) (\(list(space.variables))). Name one for each, in the model's order; a variable may be missing everywhere."
      )
    }
    solvers = PreparedSolvers(try request.method.solver(for: model, settings: request.solvers))
    methodName = request.method.title
    units = try UnitConversion(file: fields.variables, model: space.variables)
    self.regridding = regridding
    operation = try request.operation.map {
      try $0.fixedOperator(
        on: fields.domain, channelCount: space.channelCount,
        inputs: MeasurementInputs(on: fields.domain, landShare: space.landShare, formats: formats))
    }
    checking = AnswerChecking(
      share: request.checkShare, channelCount: space.channelCount,
      isGaussian: request.method.traits.hasGaussianPosterior && space.isGaussianInItsUnits,
      knowsNoise: noise != nil,
      samples: request.method.traits.drawsSamples ? min(max(8, request.samples / 16), request.samples) : 0)
    bounds = BoundsCheck(space.variables, bounds: space.bounds)
    everObserved = [Bool](repeating: false, count: fields.domain.vertexCount * space.channelCount)
    region = try request.fill.entries(
      of: fields, on: regridding.otherDomain ?? fields.domain, hasArchive: model.gaussian != nil, formats: formats)
    noiseSums = [Double](repeating: 0, count: space.channelCount)
    noiseCounts = noiseSums
    observed = [(Double, Double, Double)](repeating: (0, 0, 0), count: space.channelCount)
  }

  /// Fills the fields together where the method and the file allow it, and was asked to.
  func fillTogether(interruption: Interruption) throws {
    series = try SeriesFilling(
      of: fields, model: model, request: request, checkInterruption: { try interruption.check() }
    ) { [unowned self] index in
      let field = try fields.read([index])[0]
      return field.isValid.contains(true) ? try measure(field, index: index, counts: false) : nil
    }
  }

  /// What the answers use of the other times.
  var timeUse: TimeUse { series?.use ?? .separate }

  /// The fields in the order in which they are filled.
  var order: [Int] { series?.order ?? Array(fields.labels.indices) }

  /// Keeps what a later run goes on from, if that was asked for.
  func keepState(overwrite: Bool) throws { try series?.keepState(overwrite: overwrite) }

  /// Whether answers say where the field was observed: not on another grid, nor where each value depends on many places.
  var knowsObserved: Bool { regridding.answersOnInput && operation == nil }

  /// Fills field `index`.
  func solve(_ index: Int) throws -> Answer {
    let field = try regridding.usable(fields.read([index])[0])
    guard field.isValid.contains(true) else { return try solveEmpty(field, index: index) }
    if natures == nil {
      let handled = fields.variables.indices.filter {
        model.space.bounds[$0] != nil || !model.space.transforms[$0].isIdentity || model.space.ownTransforms[$0] != .none
      }
      natures = VariableNature.remarks(on: field, handled: Set(handled.map { fields.variables[$0].name }))
    }
    let missingCount = field.isValid.count { !$0 }
    if !request.method.traits.fillsGaps, missingCount > 0 {
      throw RunError.gapsNotFilled(
        path: fields.path, missing: missingCount, count: field.isValid.count, method: request.method.name)
    }
    for entry in field.isValid.indices where field.isValid[entry] { everObserved[entry] = true }
    let measurement = try measure(field, index: index)
    var random = RandomStream(seed: request.seed).split(Self.streamName(of: field.label, index: index))
    let samples = request.method.traits.drawsSamples ? request.samples : 0
    // The second filling of a check shares what is fitted to the measurement.
    let refills = !checking.isGaussian && checking.refills(index, of: fields.count)
    let fitted = refills ? try solvers.solver.fitted(to: measurement) : nil
    let posterior =
      try series?.posterior(at: index)
      ?? fitted?.posterior(given: measurement, samples: samples, using: &random)
      ?? solvers.posterior(given: measurement, samples: samples, using: &random)
    var check = checking.closedForm(measurement, posterior)
    expect(measurement.label, in: &check)
    if let fitted {
      var stream = RandomStream(seed: request.seed).split("check").split(index)
      check = try check + checking.refill(measurement, by: fitted, using: &stream)
    }
    let diagnostics = posterior.diagnostics.merging(Self.diagnostics(of: posterior.cost)) { own, _ in own }
    for (key, value) in diagnostics { diagnosticSums[key, default: 0] += value }
    solvedCount += 1
    missing.count += missingCount
    missing.total += field.isValid.count
    return Answer(
      record: record(of: posterior, isObserved: field.isValid), diagnostics: posterior.diagnostics, check: check)
  }

  /// The answer for a field without any observed value.
  private func solveEmpty(_ field: Signal, index: Int) throws -> Answer {
    let name = field.label.time.map { "the field of \($0)" } ?? "field \(index + 1)"
    // A series goes on; a file of one empty field is a mistake.
    guard request.onEmpty != .fail, fields.labels.count > 1 else { throw RunError.nothingObserved(path: fields.path, field: name) }
    missing.count += field.isValid.count
    missing.total += field.isValid.count
    let samples = request.method.traits.drawsSamples ? request.samples : 0
    if request.onEmpty == .prior, let series {
      let posterior = try series.posterior(at: index)
      emptyFields.filled.append(name)
      return Answer(record: record(of: posterior, isObserved: field.isValid), diagnostics: [:])
    }
    if request.onEmpty == .prior, request.method.traits.usesNoise, request.method.traits.fillsGaps,
      let nothing = model.emptyMeasurement(field.label)
    {
      var random = RandomStream(seed: request.seed).split(Self.streamName(of: field.label, index: index))
      let posterior = try solvers.solver.posterior(given: nothing, samples: samples, using: &random)
      emptyFields.filled.append(name)
      return Answer(record: record(of: posterior, isObserved: field.isValid), diagnostics: [:])
    }
    emptyFields.missing.append(name)
    let size = model.space.isInside.count
    let nothing = Posterior(
      mean: [Float](repeating: .nan, count: size),
      spread: request.method.traits.drawsSamples ? [Float](repeating: .nan, count: size) : nil,
      samples: samples > 0 ? Tensor(repeating: .nan, shape: [samples, size]) : nil)
    return Answer(record: record(of: nothing, isObserved: field.isValid), diagnostics: [:])
  }

  /// Notes the range of values that the archive lets expect: the climatology, give or take five standard deviations.
  private func expect(_ label: FieldLabel, in check: inout AnswerCheck) {
    guard let gaussian = model.gaussian, model.space.transforms.allSatisfy(\.isIdentity) else { return }
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

  /// What was measured of a field; `counts` says whether the sums over the fields take it in.
  private func measure(_ field: Signal, index: Int, counts: Bool = true) throws -> FieldMeasurement {
    let channels = model.space.channelCount
    let levels = try noise?(index)
    var (values, deviations): ([Float], [Float]) = ([], [])
    try field.values.withUnsafeScalars { scalars in
      for entry in field.isValid.indices where field.isValid[entry] {
        let channel = entry % channels
        let value = units.toModel(scalars[entry], channel: channel)
        values.append(value)
        if counts {
          let tolerance = levels.map { 5 * units.differenceToModel($0[entry], channel: channel) }
          bounds.note(value, channel: channel, tolerance: tolerance ?? bounds.tolerance(ofChannel: channel))
          observed[channel].count += 1
          observed[channel].sum += Double(value)
          observed[channel].squares += Double(value) * Double(value)
        }
        guard let level = levels?[entry] else {
          // A placeholder: this method ignores the noise.
          deviations.append(1)
          continue
        }
        guard level >= 0, level.isFinite else {
          throw RunError.invalid(
            "\(fields.path): the noise of '\(fields.variables[channel].name)' at vertex \(entry / channels) is \(level); expected a positive number, or 0 for an exact value, wherever a value is observed."
          )
        }
        deviations.append(units.differenceToModel(level, channel: channel))
        guard counts else { continue }
        noiseSums[channel] += Double(level)
        noiseCounts[channel] += 1
      }
    }
    if counts { boundsRemarks = try bounds.checkObservations(of: fields.path, model: model.provenance.name) }
    // Exact values: methods divide by the noise, so it is a ten-thousandth of the variability instead of 0.
    if deviations.contains(0) {
      let floors = (0..<channels).map { channel in
        Float(1e-4 * (model.typicalStandardDeviation(ofChannel: channel) ?? observedDeviation(ofChannel: channel)))
      }
      var row = 0
      for entry in field.isValid.indices where field.isValid[entry] {
        deviations[row] = max(deviations[row], floors[entry % channels])
        row += 1
      }
    }
    return FieldMeasurement(
      values: values, noise: deviations,
      operation: regridding.operation(isObserved: field.isValid, after: operation), label: field.label)
  }

  private func record(of posterior: Posterior, isObserved: [Bool]) -> FieldRecord {
    let size = posterior.mean.count
    var mean = regridding.answers(Tensor(posterior.mean, shape: [1, size])).scalars
    let samples = posterior.samples.map { regridding.answers($0) }
    var spread = regridding.spread(of: posterior)
    // A method without a spread of its own has that of its samples.
    if spread == nil, let samples, samples.rowCount > 1 { spread = samples.columnDeviations(from: mean) }
    units.convertToFile(&mean)
    if var deviations = spread {
      units.convertSpreadToFile(&deviations)
      spread = deviations
    }
    var members = samples.map { units.convertToFile($0) }
    if let region {
      for entry in mean.indices where !region[entry] {
        mean[entry] = .nan
        spread?[entry] = .nan
      }
      members?.withUnsafeMutableScalars { values in
        for i in values.indices where !region[i % region.count] { values[i] = .nan }
      }
    }
    return FieldRecord(
      mean, spread: spread, members: members, isObserved: knowsObserved ? isObserved : nil)
  }

  /// What was done, over `answers` fields in `seconds`, and what the sums over the answers give reason to say.
  func summary(answers: Int, seconds: Double, check: AnswerCheck?) -> ImputationSummary {
    let verdict = check.map {
      AnswerVerdict(
        check: $0, variables: fields.variables,
        scales: fields.variables.indices.map { 1 / Double(units.differenceToModel(1, channel: $0)) })
    }
    var noise: [String: ImputationSummary.NoiseSummary] = [:]
    for (channel, variable) in fields.variables.enumerated() where noiseCounts[channel] > 0 {
      let deviation = noiseSums[channel] / noiseCounts[channel]
      let inModel = Double(units.differenceToModel(Float(deviation), channel: channel))
      noise[variable.name] = .init(
        deviation: deviation, units: variable.units,
        standardised: inModel / (model.typicalStandardDeviation(ofChannel: channel) ?? observedDeviation(ofChannel: channel)))
    }
    return ImputationSummary(
      method: methodName, fieldCount: answers,
      missingShare: missing.total > 0 ? Double(missing.count) / Double(missing.total) : 0, noise: noise,
      secondsPerField: seconds / Double(max(1, solvedCount)),
      diagnostics: diagnosticSums.mapValues { $0 / Double(max(1, solvedCount)) }, check: verdict?.summaries ?? [:],
      remarks: remarks(noise) + (verdict?.remarks ?? []))
  }

  /// The standard deviation of the observed values of a channel, in the model's units; at least a tiny number.
  private func observedDeviation(ofChannel channel: Int) -> Double {
    let (count, sum, squares) = observed[channel]
    return max(.leastNormalMagnitude, (squares / count - (sum / count) * (sum / count)).squareRoot())
  }

  /// What the answers assume and what is odd about the input, known without looking at the answers.
  private func remarks(_ noise: [String: ImputationSummary.NoiseSummary]) -> [Remark] {
    var remarks = fields.remarks + model.space.assumptions
    if let kind = model.gaussian?.prior.space.climatology.kind {
      remarks.append(Remark(.assumption, "climatology", "Anomalies are relative to the archive's climatology of kind \(kind)."))
    }
    if missing.total > 0, missing.count == 0, request.method.traits.usesNoise, regridding.answersOnInput {
      remarks.append(
        Remark(.note, "nothing-missing", "No value is missing, so the answer is the input with its noise removed: observed values change, too."))
    }
    remarks += inputRemarks + (series?.remarks ?? [])
    func list(_ names: [String]) -> String {
      names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
    if !emptyFields.filled.isEmpty {
      remarks.append(
        Remark(.warning, "empty-field", "No value was observed in \(list(emptyFields.filled)): the answer there is what \(series == nil ? "the model knows without the field" : "the model and the other times know")."))
    }
    if !emptyFields.missing.isEmpty {
      remarks.append(
        Remark(.warning, "empty-field", "No value was observed in \(list(emptyFields.missing)): nothing was filled there."))
    }
    remarks += (natures ?? []) + boundsRemarks
    let averages = diagnosticSums.mapValues { $0 / Double(max(1, solvedCount)) }
    remarks += model.space.clampingRemarks(averages)
    if averages.keys.contains(where: { $0.hasPrefix("spread from samples") }) {
      remarks.append(
        Remark(
          .note, "spread-from-samples",
          "The exact spread of this field needs more memory than there is, so it was estimated from samples and is good to about 6 %. A coarser grid or mesh has an exact one."))
    }
    let never = everObserved.count { !$0 }
    if request.fill == .all, model.gaussian == nil, solvedCount >= 3, never > 0, regridding.isSameGrid {
      remarks.append(
        Remark(
          .note, "never-observed",
          "\(never) of \(everObserved.count) values are missing in every field of the file, and were filled. If nothing exists there, such as the sea's temperature on land, give --fill archive."))
    }
    for (name, level) in noise.sorted(by: { $0.key < $1.key }) where level.standardised > 1 {
      remarks.append(
        Remark(
          .warning, "noise-level",
          String(
            format: "The noise of %@ (%.4g %@) is %.2g times as large as the variable's own variability, so a single observed value says little. Check its number and its units.",
            name, level.deviation, level.units, level.standardised)))
    }
    return remarks
  }

  /// How near the answers came to the values that were held out; nil where none were.
  func errors(
    at held: HeldOutSource, of cache: AnswerCache
  ) throws -> [String: ImputationSummary.HiddenSummary]? {
    let channels = fields.variables.count
    var sums = [(count: Int, error: Double, spread: Double)](repeating: (0, 0, 0), count: channels)
    // The spread of what an operator makes of a field is not that of the field.
    var hasSpread = operation == nil
    for index in 0..<fields.count {
      let values = try held.heldOut(of: index)
      guard !values.isEmpty else { continue }
      let answer = try cache.answer(at: index).record
      let predicted = predicted(answer.values)
      hasSpread = hasSpread && answer.spread != nil
      for (entry, value) in values {
        let (error, spread) = (Double(predicted[entry] - value), Double(answer.spread?[entry] ?? 0))
        sums[entry % channels].count += 1
        sums[entry % channels].error += error * error
        sums[entry % channels].spread += spread * spread
      }
    }
    let summaries = zip(fields.variables, sums).filter { $1.count > 0 }.map { variable, sum in
      (
        variable.name,
        ImputationSummary.HiddenSummary(
          count: sum.count, error: (sum.error / Double(sum.count)).squareRoot(),
          spread: hasSpread ? (sum.spread / Double(sum.count)).squareRoot() : nil)
      )
    }
    return summaries.isEmpty ? nil : Dictionary(summaries, uniquingKeysWith: { first, _ in first })
  }

  /// What would be measured of an answer.
  private func predicted(_ values: [Float]) -> [Float] {
    operation?.apply(Tensor(values, shape: [1, values.count])).scalars ?? values
  }
}

extension AnyMeasurementDesign {
  /// The operator of a design that is the same in every draw and gives as many values as it takes.
  ///
  /// Throws ``RunError`` for any other design, and what drawing throws.
  func fixedOperator(
    on domain: any Domain, channelCount: Int, inputs: MeasurementInputs
  ) throws -> any LinearOperator {
    let size = domain.vertexCount * channelCount
    let context = try MeasurementContext(
      domain: domain, isValid: [Bool](repeating: true, count: size), inputs: inputs)
    let drawn = try [0, 1].map { (seed: UInt64) -> any LinearOperator in
      var random = RandomStream(seed: seed)
      return try draw(in: context, using: &random)
    }
    guard drawn[0].outputCount == size else {
      throw RunError.invalid(
        "--operator \(self): it gives \(drawn[0].outputCount) values of a field of \(size). Expected an operator that gives as many values as it takes; masks belong to --mask."
      )
    }
    let ones = [Float](repeating: 1, count: size)
    guard
      try MeasurementModel(operation: drawn[0], noise: ones).matches(MeasurementModel(operation: drawn[1], noise: ones))
    else {
      throw RunError.invalid(
        "--operator \(self): it is drawn at random, so nothing says which operator the file was made by. Expected one that is the same in every draw."
      )
    }
    return drawn[0]
  }
}

extension Model {
  /// The standard deviation of a channel's anomalies, in the variable's units; nil without an archive.
  fileprivate func typicalStandardDeviation(ofChannel channel: Int) -> Double? {
    gaussian?.typicalStandardDeviation(ofChannel: channel, transform: space.transforms[channel])
  }
}

extension Tensor where Scalar == Float {
  /// The root-mean-square deviation of each column's entries from `mean`.
  func columnDeviations(from mean: [Float]) -> [Float] {
    var sums = [Double](repeating: 0, count: columnCount)
    withUnsafeScalars { values in
      for i in values.indices {
        let j = i % columnCount
        let difference = Double(values[i] - mean[j])
        sums[j] += difference * difference
      }
    }
    return sums.map { Float(($0 / Double(Swift.max(1, rowCount))).squareRoot()) }
  }
}
