// Fits the transform of one variable to a sample of its values: those of an archive, or those that are observed of a single
// field.

import Foundation
import SextantArrays

extension MarginalTransformKind {
  /// Whether the transform is fitted to values; if not, the bounds determine it.
  public var isFitted: Bool {
    switch self {
    case .none, .logit: false
    case .log, .normalScore, .censored: true
    }
  }
}

extension MarginalTransform {
  /// The transform of a kind, fitted to a sample.
  ///
  /// A logarithm and a censored score take 0 as their lower bound if none is given and no value is negative.
  ///
  /// - Parameters:
  ///   - kind: the kind of the transform.
  ///   - sample: values of the variable, in its units; not used unless ``MarginalTransformKind/isFitted``.
  ///   - minimum: the lower bound of the variable, in its units; nil for none.
  ///   - maximum: the upper bound of the variable, in its units; nil for none.
  ///   - variable: the name of the variable, for errors.
  ///   - source: where the values come from, for errors, such as "the archive".
  /// - Throws: ``PriorError/noTransform(variable:reason:)``.
  public static func fitted(
    _ kind: MarginalTransformKind, to sample: [Double], minimum: Double?, maximum: Double?, variable: String,
    source: String
  ) throws(PriorError) -> MarginalTransform {
    switch kind {
    case .none: return .none
    case .logit:
      guard let minimum, let maximum, minimum < maximum else {
        throw .noTransform(
          variable: variable, reason: "a logit needs both bounds. Set bounds.\(variable).min and .max")
      }
      return .logit(minimum: minimum, maximum: maximum)
    case .normalScore:
      guard let score = NormalScore(sample: sample, minimum: minimum, maximum: maximum) else {
        throw .noTransform(
          variable: variable, reason: "\(source) has fewer than two distinct values of it. Remove the transform")
      }
      return .normalScore(score)
    case .log:
      let bound = try lowerBound(minimum, of: sample, kind: kind, variable: variable)
      guard let least = sample.lazy.filter({ $0 > bound && $0.isFinite }).min() else {
        throw .noTransform(
          variable: variable, reason: "\(source) has no value of it above \(bound). Remove the transform, or set bounds")
      }
      return .log(minimum: bound, floor: 0.5 * (least - bound))
    case .censored:
      let bound = try lowerBound(minimum, of: sample, kind: kind, variable: variable)
      guard let score = CensoredScore(sample: sample, minimum: bound, maximum: maximum) else {
        throw .noTransform(
          variable: variable,
          reason: "\(source) has fewer than two distinct values of it between its bounds. Remove the transform, or correct the bounds")
      }
      return .censored(score)
    }
  }

  private static func lowerBound(
    _ minimum: Double?, of sample: [Double], kind: MarginalTransformKind, variable: String
  ) throws(PriorError) -> Double {
    if let minimum { return minimum }
    guard let least = sample.lazy.filter(\.isFinite).min(), least >= 0 else {
      throw .noTransform(
        variable: variable,
        reason: "it has negative values, so that the lower bound of a transform of kind \(kind.rawValue) is not known. Set bounds.\(variable).min")
    }
    return 0
  }
}
