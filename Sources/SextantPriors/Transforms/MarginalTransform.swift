// A monotone transform of a variable after which a Gaussian describes it better: the logit of cloud cover, the logarithm
// of a concentration, the normal score of any skewed variable, and the censored score of an amount with many zeros. This
// file transforms single values; MarginalTransform+Fitting fits the transforms, and TransformedSolver conditions a prior
// in transformed units. Values x are in the variable's units, values w are transformed.

import Foundation

/// The kind of a variable's transform, as written in configurations.
public enum MarginalTransformKind: String, Sendable, Codable, CaseIterable {
  /// No transform.
  case none
  /// log(x − minimum), for a positive variable without exact zeros.
  case log
  /// log((x − minimum)/(maximum − x)), for a variable with two bounds.
  case logit
  /// The monotone map to a standard normal variable, fitted to the archive's values.
  case normalScore = "normal-score"
  /// A latent normal variable of which only the part above a threshold is seen, for variables that often lie exactly on a
  /// bound: rain, and fractions that are 0 or 1.
  case censored
}

/// An increasing transform of a variable, with its inverse and their derivatives.
public enum MarginalTransform: Sendable, Equatable, Codable {
  /// w = x.
  case none
  /// w = log(x − minimum); smaller values than minimum + floor are moved there.
  case log(minimum: Double, floor: Double)
  /// w = log((x − minimum)/(maximum − x)).
  case logit(minimum: Double, maximum: Double)
  /// w = the normal score of x.
  case normalScore(NormalScore)
  /// w = the normal score of x, where all w beyond a threshold belong to the value on the bound.
  case censored(CensoredScore)

  /// The smallest distance of a value from a bound before it is transformed, as a fraction of the range.
  static let margin = 1e-5

  /// The kind of the transform, as written in configurations.
  public var kind: MarginalTransformKind {
    switch self {
    case .none: .none
    case .log: .log
    case .logit: .logit
    case .normalScore: .normalScore
    case .censored: .censored
    }
  }

  /// Whether the transform is the identity.
  public var isIdentity: Bool { self == .none }

  /// w as a function of x; a value on or beyond a bound is moved just inside, or to the mean of the w that belong to it.
  public func transformed(_ x: Double) -> Double {
    switch self {
    case .none: return x
    case .log(let minimum, let floor): return Foundation.log(max(x - minimum, floor))
    case .logit(let minimum, let maximum):
      let share = min(max((x - minimum) / (maximum - minimum), Self.margin), 1 - Self.margin)
      return Foundation.log(share / (1 - share))
    case .normalScore(let score): return score.score(of: x)
    case .censored(let score): return score.score(of: x)
    }
  }

  /// x as a function of w, strictly between the bounds up to rounding unless the transform is censored.
  public func value(at w: Double) -> Double {
    switch self {
    case .none: w
    case .log(let minimum, _): minimum + exp(w)
    case .logit(let minimum, let maximum): minimum + (maximum - minimum) / (1 + exp(-w))
    case .normalScore(let score): score.value(at: w)
    case .censored(let score): score.value(at: w)
    }
  }

  /// dx/dw at w, non-negative.
  public func slope(at w: Double) -> Double {
    switch self {
    case .none: return 1
    case .log: return exp(w)
    case .logit(let minimum, let maximum):
      let tail = exp(-abs(w))
      return (maximum - minimum) * tail / ((1 + tail) * (1 + tail))
    case .normalScore(let score): return score.slope(at: w)
    case .censored(let score): return score.slope(at: w)
    }
  }

  /// dw/dx at x: the derivative of ``transformed(_:)``.
  public func derivative(at x: Double) -> Double { 1 / slope(at: transformed(x)) }

  /// The largest slope of ``value(at:)``; for a logarithm, whose slope has no largest, that at its least value.
  public var greatestSlope: Double {
    switch self {
    case .none: 1
    case .log(_, let floor): floor
    case .logit(let minimum, let maximum): 0.25 * (maximum - minimum)
    case .normalScore(let score): score.greatestSlope
    case .censored(let score): score.score.greatestSlope
    }
  }

  /// Whether the numbers define an increasing map, which must be checked after reading them from a file.
  public var isValid: Bool {
    switch self {
    case .none: true
    case .log(let minimum, let floor): minimum.isFinite && floor.isFinite && floor > 0
    case .logit(let minimum, let maximum): minimum.isFinite && maximum.isFinite && minimum < maximum
    case .normalScore(let score): score.isValid
    case .censored(let score): score.isValid
    }
  }

  /// The mean and the standard deviation of x for normal w, by the trapezium rule over ±6 standard deviations, or in
  /// closed form for a logarithm.
  ///
  /// The rule is exact for linear maps, and for smooth maps accurate far beyond single precision. A censored score counts
  /// the probability of its bounds exactly.
  public func momentsOfNormal(mean: Double, standardDeviation: Double) -> (mean: Double, standardDeviation: Double) {
    guard standardDeviation > 0, mean.isFinite else { return (value(at: mean), 0) }
    switch self {
    case .log(let minimum, _):
      let variance = standardDeviation * standardDeviation
      let average = exp(mean + 0.5 * variance)
      return (minimum + average, average * expm1(variance).squareRoot())
    case .censored(let score): return score.momentsOfNormal(mean: mean, standardDeviation: standardDeviation)
    case .none, .logit, .normalScore: break
    }
    let centre = value(at: mean)
    var (weights, first, second) = (0.0, 0.0, 0.0)
    for step in -20...20 {
      let z = 0.3 * Double(step)
      let weight = exp(-0.5 * z * z)
      let difference = value(at: mean + standardDeviation * z) - centre
      weights += weight
      first += weight * difference
      second += weight * difference * difference
    }
    first /= weights
    return (centre + first, max(0, second / weights - first * first).squareRoot())
  }
}
