// `--noise auto`: the noise of a file's variables by the marginal likelihood of a few of its fields.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

extension Imputation {
  /// The fields that an estimate is made of, at most.
  private static let estimatedFieldCount = 3

  /// The noise with every level that is to be estimated replaced by its estimate, and what is to be said of it.
  ///
  /// - Parameters:
  ///   - frame: the fields to fill, and how they are measured.
  ///   - model: what is known of them.
  /// - Throws: ``RunError`` where there is too little to estimate from or a variable is transformed, and what reading throws.
  func estimatedNoise(
    in frame: FieldFrame, model: Model
  ) throws -> (NoiseSpecification?, [Remark]) {
    let (fields, units) = (frame.fields, frame.units)
    guard var specification = noiseWithoutLabels(in: frame) else { return (nil, []) }
    let wanted = specification.automatic(among: fields.variables)
    guard !wanted.isEmpty else { return (specification, []) }
    let measurements = try measurements(in: frame)
    var remarks: [Remark] = []
    for variable in wanted {
      guard let channel = fields.variables.firstIndex(of: variable) else { continue }
      guard model.space.encodings[channel] == .number else {
        throw RunError.invalid(
          "--noise auto: \(variable.name) has angles, and their noise cannot be estimated. Give it as a number: --noise \(variable.name)=LEVEL."
        )
      }
      guard model.space.transforms[channel].isIdentity else {
        throw RunError.invalid(
          "--noise auto: \(variable.name) is transformed in the model, and its noise cannot be estimated. Give it as a number: --noise \(variable.name)=LEVEL."
        )
      }
      let estimate: NoiseEstimate
      do {
        estimate = try model.noiseEstimate(
          ofChannel: channel, from: measurements, seed: RandomStream(seed: seed).split("noise"))
      } catch PriorError.nothingObserved {
        throw RunError.invalid(
          "--noise auto: \(variable.name) has fewer than ten different observed values in the fields that were looked at, too few to tell noise from signal. Give the noise as a number."
        )
      }
      let factor = 1 / Double(units.differenceToModel(1, channel: channel))
      let level = factor * estimate.standardDeviation
      specification = specification.with(.constant(level, units: variable.units), for: variable.name)
      let isUncertain = estimate.lossAtHalf < 2
      let number = [String(format: "%.3g", level), variable.units].filter { !$0.isEmpty }.joined(separator: " ")
      let certainty =
        isUncertain
        ? String(
          format: ". Much smaller noise is about as likely, because the observations do not tell it from roughness of the field; twice as much lowers the log-likelihood by %.1f.",
          estimate.lossAtTwice)
        : String(
          format: ", between %.3g and %.3g with 90 %% certainty. Half as much lowers the log-likelihood by %.1f, twice as much by %.1f.",
          factor * estimate.interval.lower, factor * estimate.interval.upper, estimate.lossAtHalf, estimate.lossAtTwice)
      remarks.append(
        Remark(
          isUncertain ? .warning : .assumption, "noise-estimate",
          "The noise of \(variable.name) was estimated from its observations: \(number)\(certainty)"))
    }
    return (specification, remarks)
  }

  /// The noise that was given, where labels count as exact; nil where none was given and not all variables are labels.
  private func noiseWithoutLabels(in frame: FieldFrame) -> NoiseSpecification? {
    let variables = frame.fields.variables
    let labels = zip(variables, frame.space.encodings).filter { $1 == .labels }.map(\.0)
    guard !labels.isEmpty else { return noise }
    let others = variables.filter { variable in !labels.contains { $0.name == variable.name } }
    var result = noise ?? NoiseSpecification(besideVariables: others)
    for label in labels { result = result.with(.constant(0, units: ""), for: label.name) }
    return result
  }

  /// Measurements of a few fields in the model's units; the noise in them is a placeholder.
  private func measurements(in frame: FieldFrame) throws -> [FieldMeasurement] {
    let count = frame.fields.labels.count
    let indices = Set((0..<Self.estimatedFieldCount).map { $0 * count / Self.estimatedFieldCount }).sorted()
    return try indices.compactMap { index in
      guard index < count else { return nil }
      let field = try frame.read(index)
      guard field.isValid.contains(true) else { return nil }
      var values: [Float] = []
      frame.forEachValue(of: field) { _, _, value in values.append(value) }
      return frame.measurement(of: field, values: values, noise: [Float](repeating: 1, count: values.count))
    }
  }
}
