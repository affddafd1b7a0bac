// A monotone change of one variable after which a Gaussian describes it better: cloud cover as its logit, any
// skewed variable as its normal score. Here is the change of single values; who learns it, see TransformedSource,
// who conditions a prior in transformed units, see TransformedSolver. Values x are in the variable's units, w transformed.

import Foundation

/// Which change a variable gets, in the words of configurations.
public enum MarginalTransformKind: String, Sendable, Codable, CaseIterable {
  /// The variable as it is.
  case none
  /// log((x − minimum)/(maximum − x)), for a variable with both bounds.
  case logit
  /// The monotone map to a standard normal that the archive's values give.
  case normalScore = "normal-score"
}

/// A strictly increasing change of a variable, with its inverse and their derivatives.
public enum MarginalTransform: Sendable, Equatable, Codable {
  /// w = x.
  case none
  /// w = log((x − minimum)/(maximum − x)).
  case logit(minimum: Double, maximum: Double)
  /// w = the normal score of x.
  case normalScore(NormalScore)

  /// How near its bounds a value may come before it is transformed, as a share of the range.
  static let margin = 1e-5

  /// The kind of the change, as a configuration names it.
  public var kind: MarginalTransformKind {
    switch self {
    case .none: .none
    case .logit: .logit
    case .normalScore: .normalScore
    }
  }

  /// Whether this changes anything.
  public var isIdentity: Bool { self == .none }

  /// w of x; a value on or beyond a bound is taken as one just inside.
  public func transformed(_ x: Double) -> Double {
    switch self {
    case .none: return x
    case .logit(let minimum, let maximum):
      let share = min(max((x - minimum) / (maximum - minimum), Self.margin), 1 - Self.margin)
      return log(share / (1 - share))
    case .normalScore(let score): return score.score(of: x)
    }
  }

  /// x of w, strictly between the bounds up to rounding.
  public func value(at w: Double) -> Double {
    switch self {
    case .none: w
    case .logit(let minimum, let maximum): minimum + (maximum - minimum) / (1 + exp(-w))
    case .normalScore(let score): score.value(at: w)
    }
  }

  /// dx/dw at w, never negative.
  public func slope(at w: Double) -> Double {
    switch self {
    case .none: return 1
    case .logit(let minimum, let maximum):
      let tail = exp(-abs(w))
      return (maximum - minimum) * tail / ((1 + tail) * (1 + tail))
    case .normalScore(let score): return score.slope(at: w)
    }
  }

  /// dw/dx at x: the derivative of ``transformed(_:)``.
  public func derivative(at x: Double) -> Double { 1 / slope(at: transformed(x)) }

  /// The steepest that ``value(at:)`` is anywhere.
  public var greatestSlope: Double {
    switch self {
    case .none: 1
    case .logit(let minimum, let maximum): 0.25 * (maximum - minimum)
    case .normalScore(let score): score.greatestSlope
    }
  }

  /// Whether the numbers make a strictly increasing map: what is read from a file may not.
  public var isValid: Bool {
    switch self {
    case .none: true
    case .logit(let minimum, let maximum): minimum.isFinite && maximum.isFinite && minimum < maximum
    case .normalScore(let score): score.isValid
    }
  }

  /// Mean and standard deviation of x where w is normal, by the trapezium rule over ±6 standard deviations.
  ///
  /// The rule is exact for straight lines, and for smooth maps to far below single precision.
  public func momentsOfNormal(mean: Double, deviation: Double) -> (mean: Double, deviation: Double) {
    guard deviation > 0, mean.isFinite else { return (value(at: mean), 0) }
    let centre = value(at: mean)
    var (weights, first, second) = (0.0, 0.0, 0.0)
    for step in -20...20 {
      let z = 0.3 * Double(step)
      let weight = exp(-0.5 * z * z)
      let difference = value(at: mean + deviation * z) - centre
      weights += weight
      first += weight * difference
      second += weight * difference * difference
    }
    first /= weights
    return (centre + first, max(0, second / weights - first * first).squareRoot())
  }
}
