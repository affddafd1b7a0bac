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
  ///   - fields: the fields to fill.
  ///   - model: what is known of them.
  ///   - regridding: how they meet the model's grid.
  ///   - formats: those of files that designs need.
  /// - Throws: ``RunError`` where there is too little to estimate from or a variable is transformed, and what reading throws.
  func estimatedNoise(
    of fields: any SignalDocument, model: Model, regridding: Regridding, formats: [any SignalFormat]
  ) throws -> (NoiseSpecification?, [Remark]) {
    guard var specification = noise else { return (nil, []) }
    let wanted = specification.automatic(among: fields.variables)
    guard !wanted.isEmpty else { return (specification, []) }
    let units = try UnitConversion(file: fields.variables, model: model.space.variables)
    let measurements = try measurements(of: fields, model: model, units: units, regridding: regridding, formats: formats)
    var remarks: [Remark] = []
    for variable in wanted {
      guard let channel = fields.variables.firstIndex(of: variable) else { continue }
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
      let text = String(
        format: "The noise of %@ was estimated from its observations: %.3g %@, between %.3g and %.3g with 90 %% certainty. Half as much lowers the log-likelihood by %.1f, twice as much by %.1f.",
        variable.name, level, variable.units, factor * estimate.interval.lower, factor * estimate.interval.upper,
        estimate.lossAtHalf, estimate.lossAtTwice)
      let isUncertain = estimate.lossAtHalf < 2
      remarks.append(
        Remark(
          isUncertain ? .warning : .assumption, "noise-estimate",
          text + (isUncertain ? " Much smaller noise is about as likely: the observations do not tell it from roughness of the field." : "")))
    }
    return (specification, remarks)
  }

  /// Measurements of a few fields in the model's units; the noise in them is a placeholder.
  private func measurements(
    of fields: any SignalDocument, model: Model, units: UnitConversion, regridding: Regridding, formats: [any SignalFormat]
  ) throws -> [FieldMeasurement] {
    let before = try operation.map {
      try $0.fixedOperator(
        on: fields.domain, channelCount: model.space.channelCount,
        inputs: MeasurementInputs(on: fields.domain, landShare: model.space.landShare, formats: formats))
    }
    let channels = model.space.channelCount
    var result: [FieldMeasurement] = []
    for place in 0..<Self.estimatedFieldCount {
      let index = place * fields.labels.count / Self.estimatedFieldCount
      guard index < fields.labels.count, place == 0 || index > (place - 1) * fields.labels.count / Self.estimatedFieldCount
      else { continue }
      let field = try regridding.usable(fields.read([index])[0])
      guard field.isValid.contains(true) else { continue }
      let values = field.values.withUnsafeScalars { scalars in
        field.isValid.indices.filter { field.isValid[$0] }.map { units.toModel(scalars[$0], channel: $0 % channels) }
      }
      result.append(
        FieldMeasurement(
          values: values, noise: [Float](repeating: 1, count: values.count),
          operation: regridding.operation(isObserved: field.isValid, after: before), label: field.label))
    }
    return result
  }
}
