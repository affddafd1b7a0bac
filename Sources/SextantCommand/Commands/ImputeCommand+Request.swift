// The options of `sextant impute` as a request: the model, and what is said of the variables in NAME=VALUE pairs.

import ArgumentParser
import Foundation
import Sextant
import SextantYAML

extension ImputeCommand {
  /// The request that the options state, to a model or to a method that needs none.
  func request(for model: Model?) throws -> Imputation {
    guard let method = method ?? model?.gaussian?.kind.method else {
      throw Self.methodIsMissing
    }
    if let check, check > 0, !method.traits.fillsGaps {
      throw ValidationError(
        "--check \(check): the check predicts observations from the others, and '\(method.name)' fills no gaps. Leave --check out.")
    }
    var imputation = Imputation(
      method: method, samples: samples ?? Self.drawnSamples, noise: try noise.map(NoiseSpecification.init(text:)),
      operation: try operation.map { try AnyMeasurementDesign($0) }, heldOut: try mask.map { try AnyMeasurementDesign($0) },
      checkShare: check ?? Self.checkShare, regrid: regrid, target: grid == nil && at == nil ? nil : AnswerTarget(grid: grid, places: at),
      quantileLevels: try levels(), writesEnsemble: ensemble, writesAllMembers: samples != nil,
      splitsMembers: splitMembers, transforms: try transforms(), bounds: try ranges(), encodings: try encodings(),
      extrapolates: extrapolate,
      fill: try FillRegion(text: fill), onEmpty: onEmpty,
      requested: samples.map { $0 > 0 } == true ? [.samples] : [], landMask: landMask.map(LandMask.init(text:)),
      solvers: try SolverSettings(overrides: overrides), seed: seed)
    (imputation.time, imputation.stateFile) = (time, state)
    imputation.clips = clip
    imputation.usesWindows = windows == .overlapping
    imputation.saturation = try saturation.map(SaturationLevels.init(text:))
    imputation.times = try times.map { try FieldTimes(text: $0) }
    return imputation
  }

  /// The model that was asked for; nil where the method needs none.
  func learnedModel() throws -> Model? {
    if let model {
      let trained =
        try method.map {
          try Model(contentsOf: model, for: $0, solvers: SolverSettings(overrides: overrides))
        }
        ?? Model(contentsOf: model)
      guard anomalies else { return trained }
      if trained.space.transforms.contains(where: { !$0.isIdentity }) {
        throw ValidationError("--anomalies: the model transforms a variable, and a difference has no transform.")
      }
      return trained.forAnomalies
    }
    guard let method, !method.learnsFromArchive else {
      throw ValidationError(
        "--method \(method?.name ?? ""): this method learns from an archive. Give --model FOLDER.")
    }
    return nil
  }

  private func transforms() throws -> [String: MarginalTransformKind] {
    try pairs(transform, option: "--transform", expected: "NAME=KIND with log, logit, normal-score or censored") {
      MarginalTransformKind(rawValue: $0)
    }
  }

  private func ranges() throws -> [String: ValueBounds] {
    try pairs(bounds, option: "--bounds", expected: "NAME=LOW..HIGH, where one end may be left out") { text in
      guard let dots = text.range(of: "..") else { return nil }
      let (low, high) = (String(text[..<dots.lowerBound]), String(text[dots.upperBound...]))
      guard low.isEmpty || Float(low) != nil, high.isEmpty || Float(high) != nil, !(low.isEmpty && high.isEmpty) else {
        return nil
      }
      let range = ValueBounds(minimum: Float(low), maximum: Float(high))
      guard let minimum = range.minimum, let maximum = range.maximum else { return range }
      return minimum < maximum ? range : nil
    }
  }

  /// What the variables are that are no numbers, by name.
  private func encodings() throws -> [String: ValueEncoding] {
    func period(_ text: String) -> ValueEncoding? {
      Double(text).flatMap { $0 > 0 && $0.isFinite ? .angle(period: $0) : nil }
    }
    var result: [String: ValueEncoding] = [:]
    if let circular, let only = period(circular) {
      result[""] = only
    } else {
      result = try pairs(
        circular, option: "--circular", expected: "NAME=TURN with a positive number such as 360, or the number alone", read: period)
    }
    for name in (categories ?? "").split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
      guard result.updateValue(.labels, forKey: name) == nil else {
        throw ValidationError("--categories \(name): this variable was given to --circular, too.")
      }
    }
    return result
  }

  /// Reads NAME=TEXT pairs by commas.
  private func pairs<Value>(
    _ text: String?, option: String, expected: String, read: (String) -> Value?
  ) throws -> [String: Value] {
    var result: [String: Value] = [:]
    for pair in (text ?? "").split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, let value = read(parts[1]) else {
        throw ValidationError("\(option) \(pair): expected \(expected).")
      }
      result[parts[0]] = value
    }
    return result
  }

  private func levels() throws -> [Double] {
    try (quantiles ?? "").split(separator: ",").map { text in
      guard let level = Double(text.trimmingCharacters(in: .whitespaces)), level > 0, level < 1 else {
        throw ValidationError("--quantiles \(text): expected numbers between 0 and 1, such as 0.05,0.95.")
      }
      return level
    }
  }
}

extension Method: ExpressibleByArgument {
  public init?(argument: String) {
    guard let method = [Method].standard.named(argument) else { return nil }
    self = method
  }

  public static var allValueStrings: [String] { [Method].standard.map(\.name) }
}

extension AnswerGrid: ExpressibleByArgument {}
extension EmptyFields: ExpressibleByArgument {}
extension TimeUse: ExpressibleByArgument {}
