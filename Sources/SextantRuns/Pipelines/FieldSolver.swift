// One field at a time: read, convert units, measure, solve, convert back.

import SextantArrays
import SextantGeometry
import SextantMeasurement
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
  /// What was applied to the fields before their gaps were made.
  private let operation: (any LinearOperator)?
  private var missing = (count: 0, total: 0)
  private var noiseSums: [Double]
  private var noiseCounts: [Double]
  private var diagnosticSums: [String: Double] = [:]
  private var solvedCount = 0

  /// - Parameters:
  ///   - noise: Nil where the method uses none.
  ///   - formats: Those of files that designs need.
  /// - Throws: ``RunError``, ``GridMismatchError``, ``UnitsError``, and what the method throws.
  init(
    _ request: Imputation, fields: any SignalDocument, noise: NoiseLevels?, model: Model, formats: [any SignalFormat]
  ) throws {
    self.request = request
    self.fields = fields
    self.noise = noise
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
    regridding = try Regridding(
      input: fields.domain, path: fields.path, model: space, name: model.provenance.name, regrid: request.regrid)
    operation = try request.operation.map {
      try $0.fixedOperator(
        on: fields.domain, channelCount: space.channelCount,
        inputs: MeasurementInputs(on: fields.domain, landShare: space.landShare, formats: formats))
    }
    noiseSums = [Double](repeating: 0, count: space.channelCount)
    noiseCounts = noiseSums
  }

  /// Whether answers say where the field was observed: not on another grid, nor where each value depends on many places.
  var knowsObserved: Bool { regridding.otherDomain == nil && operation == nil }

  /// Fills field `index`.
  func solve(_ index: Int) throws -> Answer {
    let field = try fields.read([index])[0]
    guard field.isValid.contains(true) else {
      throw RunError.nothingObserved(
        path: fields.path, field: field.label.time.map { "the field of \($0)" } ?? "field \(index + 1)")
    }
    let missingCount = field.isValid.count { !$0 }
    if !request.method.traits.fillsGaps, missingCount > 0 {
      throw RunError.gapsNotFilled(
        path: fields.path, missing: missingCount, count: field.isValid.count, method: request.method.name)
    }
    let measurement = try measure(field, index: index)
    var random = RandomStream(seed: request.seed).split(Self.streamName(of: field.label, index: index))
    let posterior = try solvers.posterior(
      given: measurement, samples: request.method.traits.drawsSamples ? request.samples : 0, using: &random)
    let diagnostics = posterior.diagnostics.merging(Self.diagnostics(of: posterior.cost)) { own, _ in own }
    for (key, value) in diagnostics { diagnosticSums[key, default: 0] += value }
    solvedCount += 1
    missing.count += missingCount
    missing.total += field.isValid.count
    return Answer(record: record(of: posterior, isObserved: field.isValid), diagnostics: posterior.diagnostics)
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

  private func measure(_ field: Signal, index: Int) throws -> FieldMeasurement {
    let channels = model.space.channelCount
    let levels = try noise?(index)
    var (values, deviations): ([Float], [Float]) = ([], [])
    try field.values.withUnsafeScalars { scalars in
      for entry in field.isValid.indices where field.isValid[entry] {
        let channel = entry % channels
        values.append(units.toModel(scalars[entry], channel: channel))
        guard let level = levels?[entry] else {
          // A placeholder: this method ignores the noise.
          deviations.append(1)
          continue
        }
        guard level > 0, level.isFinite else {
          throw RunError.invalid(
            "\(fields.path): the noise of '\(fields.variables[channel].name)' at vertex \(entry / channels) is \(level); expected a positive number wherever a value is observed."
          )
        }
        deviations.append(units.differenceToModel(level, channel: channel))
        noiseSums[channel] += Double(level)
        noiseCounts[channel] += 1
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
    // The spread of an interpolated field is not the interpolated spread: it comes from the samples there.
    var spread =
      regridding.isSameGrid || regridding.answer == .model
      ? posterior.spread : samples.map { $0.columnDeviations(from: mean) }
    units.convertToFile(&mean)
    if var deviations = spread {
      units.convertSpreadToFile(&deviations)
      spread = deviations
    }
    return FieldRecord(
      mean, spread: spread, members: samples.map { units.convertToFile($0) },
      isObserved: knowsObserved ? isObserved : nil)
  }

  /// What was done, over `answers` fields in `seconds`.
  func summary(answers: Int, seconds: Double) -> ImputationSummary {
    var noise: [String: ImputationSummary.NoiseSummary] = [:]
    for (channel, variable) in fields.variables.enumerated() where noiseCounts[channel] > 0 {
      let deviation = noiseSums[channel] / noiseCounts[channel]
      let inModel = Double(units.differenceToModel(Float(deviation), channel: channel))
      noise[variable.name] = .init(
        deviation: deviation, units: variable.units,
        standardised: inModel / model.typicalStandardDeviation(ofChannel: channel))
    }
    return ImputationSummary(
      method: methodName, fieldCount: answers,
      missingShare: missing.total > 0 ? Double(missing.count) / Double(missing.total) : 0, noise: noise,
      secondsPerField: seconds / Double(max(1, solvedCount)),
      diagnostics: diagnosticSums.mapValues { $0 / Double(max(1, solvedCount)) })
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
  /// The standard deviation of a channel's anomalies, in the variable's units; 1 of them without an archive.
  fileprivate func typicalStandardDeviation(ofChannel channel: Int) -> Double {
    gaussian?.typicalStandardDeviation(ofChannel: channel, transform: space.transforms[channel]) ?? 1
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
