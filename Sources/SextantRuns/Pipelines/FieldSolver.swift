// One field of a file at a time: read, standardise units, measure, solve, convert back.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantSolvers

/// The noise of every entry of one field (V·C), in the file's units.
typealias FieldNoise = (_ index: Int) throws -> [Float]

/// Fills single fields of a file by a model.
final class FieldSolver {
  let match: GridMatch
  let methodName: String
  private let request: Imputation
  private let fields: any SignalSource
  private let path: String
  private let model: Model
  /// Series with one mask share what depends on the mask.
  private let solvers: PreparedSolvers
  private let units: UnitMatch
  /// Nil where the method asks for none.
  private let noise: FieldNoise?
  private var missing = (count: 0, total: 0)
  private var noiseSums: [Double]
  private var noiseCounts: [Double]
  private var diagnosticSums: [String: Double] = [:]
  private var solvedCount = 0

  /// - Parameters:
  ///   - path: the file of the fields, for messages.
  ///   - noise: nil where the method makes no use of it.
  /// - Throws: ``RunError``, ``GridMismatchError``, ``UnitsError``, and what the method throws.
  init(
    _ request: Imputation, fields: any SignalSource, path: String, noise: FieldNoise?, model: Model
  ) throws {
    self.request = request
    self.fields = fields
    self.path = path
    self.noise = noise
    self.model = model
    guard fields.variables.count == model.space.channelCount else {
      func list(_ variables: [Variable]) -> String { variables.map(\.name).joined(separator: ", ") }
      throw RunError.invalid(
        "\(path): \(fields.variables.count) variables were named (\(list(fields.variables))), but the model has \(model.space.channelCount) (\(list(model.space.variables))). Name one for each, in the model's order; one that is wholly missing may be there as such."
      )
    }
    solvers = PreparedSolvers(try request.method.solver(for: model, settings: request.solvers))
    methodName = request.method.title
    units = try UnitMatch(file: fields.variables, model: model.space.variables)
    match = try GridMatch(
      input: fields.domain, path: path, model: model.space.domain, channelCount: model.space.channelCount, regrid: request.regrid)
    noiseSums = [Double](repeating: 0, count: model.space.channelCount)
    noiseCounts = noiseSums
  }

  /// The noise that a request gives for a NetCDF file, or else that of the file's own variables `<name>_noise`.
  ///
  /// Throws ``RunError/noiseUnknown(path:variable:)`` where there is neither.
  static func noise(of file: GriddedFile, for request: Imputation) throws -> FieldNoise {
    if let noise = request.noise {
      return { index in
        try noise.deviations(vertexCount: file.domain.vertexCount, variables: file.variables) { name in
          let own = try GriddedFile(path: file.path, variables: [name], selecting: request.selecting)
          return try own.read([min(index, own.count - 1)]).values.scalars
        }
      }
    }
    let names = file.variables.map { "\($0.name)_noise" }
    guard let levels = try? GriddedFile(path: file.path, variables: names, selecting: request.selecting) else {
      throw RunError.noiseUnknown(path: file.path, variable: file.variables[0].name)
    }
    return { index in try levels.read([min(index, levels.count - 1)]).values.scalars }
  }

  /// Fills field `index`.
  func solve(_ index: Int) throws -> FilledAnswer {
    let field = try fields.read([index])[0]
    guard field.isValid.contains(true) else {
      throw RunError.nothingObserved(
        path: path, field: field.label.time.map { "the field of \($0)" } ?? "field \(index + 1)")
    }
    let measurement = try measure(field, index: index)
    var random = RandomStream(seed: request.seed).split(Self.streamName(of: field.label, index: index))
    let posterior = try solvers.posterior(
      given: measurement, samples: request.method.traits.drawsSamples ? request.samples : 0, using: &random)
    for (key, value) in posterior.diagnostics { diagnosticSums[key, default: 0] += value }
    if let cost = posterior.cost {
      diagnosticSums["network-evaluations", default: 0] += Double(cost.evaluations)
      diagnosticSums["network-evaluations-per-sample", default: 0] += cost.evaluationsPerSample
      diagnosticSums["network-gradients", default: 0] += Double(cost.gradients)
    }
    solvedCount += 1
    missing.count += field.isValid.count { !$0 }
    missing.total += field.isValid.count
    return answer(posterior, isObserved: field.isValid)
  }

  /// A field has the same samples wherever it stands in a file, if its coordinates tell it from others.
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
          // What the method does not look at has to be a number nevertheless.
          deviations.append(1)
          continue
        }
        guard level > 0, level.isFinite else {
          throw RunError.invalid(
            "\(path): the noise of '\(fields.variables[channel].name)' at vertex \(entry / channels) is \(level); expected a positive number wherever a value is observed."
          )
        }
        deviations.append(units.differenceToModel(level, channel: channel))
        noiseSums[channel] += Double(level)
        noiseCounts[channel] += 1
      }
    }
    return FieldMeasurement(
      values: values, noise: deviations, operation: match.operation(isObserved: field.isValid), label: field.label)
  }

  private func answer(_ posterior: Posterior, isObserved: [Bool]) -> FilledAnswer {
    let size = posterior.mean.count
    var mean = match.answers(Tensor(posterior.mean, shape: [1, size])).scalars
    var samples = posterior.samples.map { match.answers($0) }
    // The spread of an interpolated field is not the interpolated spread: it comes from the samples there.
    var spread =
      match.isSameGrid || match.answer == .model
      ? posterior.spread : samples.map { $0.columnDeviations(from: mean) }
    units.convertToFile(&mean)
    if var deviations = spread {
      units.convertSpreadToFile(&deviations)
      spread = deviations
    }
    samples = samples.map { units.convertToFile($0) }
    let keepsMask = match.isSameGrid || match.answer == .input
    return FilledAnswer(mean: mean, spread: spread, samples: samples, isObserved: keepsMask ? isObserved : nil)
  }

  /// What was done, over `answers` fields in `seconds`.
  func summary(answers: Int, seconds: Double) -> ImputationSummary {
    var noise: [String: ImputationSummary.NoiseSummary] = [:]
    for (channel, variable) in fields.variables.enumerated() where noiseCounts[channel] > 0 {
      let deviation = noiseSums[channel] / noiseCounts[channel]
      let inModel = Double(units.differenceToModel(Float(deviation), channel: channel))
      noise[variable.name] = .init(
        deviation: deviation, units: variable.units,
        standardised: inModel / model.typicalDeviation(ofChannel: channel))
    }
    return ImputationSummary(
      method: methodName, fieldCount: answers,
      missingShare: missing.total > 0 ? Double(missing.count) / Double(missing.total) : 0, noise: noise,
      secondsPerField: seconds / Double(max(1, solvedCount)),
      diagnostics: diagnosticSums.mapValues { $0 / Double(max(1, solvedCount)) })
  }
}

extension Model {
  /// The standard deviation of a channel's anomalies, in the variable's units; 1 of them without an archive.
  fileprivate func typicalDeviation(ofChannel channel: Int) -> Double {
    gaussian?.typicalDeviation(ofChannel: channel, transform: space.transforms[channel]) ?? 1
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
