// The transform of a variable that often lies exactly on a bound: rain, sea ice, cloud cover. A latent standard normal
// variable w is seen through it: up to a threshold w₀ the value is the lower bound, from a threshold w₁ on it is the upper
// one, and between them a normal score gives the value (J. Tobin, "Estimation of Relationships for Limited Dependent
// Variables", Econometrica, 1958). A value on a bound is therefore known only to be an interval of w, and samples of w
// give exact bounds with the right probability.

import Foundation
import SextantArrays

/// A map from a latent standard normal variable to a variable with a share of its values exactly on a bound.
public struct CensoredScore: Sendable, Equatable, Codable {
  /// The map between the thresholds.
  public let score: NormalScore
  /// The least value, which all w up to ``lowest`` have; nil if no value lies on a lower bound.
  public let minimum: Double?
  /// The threshold w₀ of the least value; nil if no value lies on a lower bound.
  public let lowest: Double?
  /// The greatest value, which all w from ``highest`` on have; nil if no value lies on an upper bound.
  public let maximum: Double?
  /// The threshold w₁ of the greatest value; nil if no value lies on an upper bound.
  public let highest: Double?

  /// A map with the given thresholds.
  ///
  /// - Parameters:
  ///   - score: the map between the thresholds, whose knots lie between them.
  ///   - lowest: the value on the lower bound and its threshold w₀; nil for none.
  ///   - highest: the value on the upper bound and its threshold w₁; nil for none.
  public init(
    _ score: NormalScore, lowest: (value: Double, threshold: Double)? = nil,
    highest: (value: Double, threshold: Double)? = nil
  ) {
    self.score = score
    (minimum, self.lowest) = (lowest?.value, lowest?.threshold)
    (maximum, self.highest) = (highest?.value, highest?.threshold)
  }

  /// Fits the map to a sample; nil if it has fewer than two distinct values between the bounds.
  ///
  /// - Parameters:
  ///   - sample: the values, in the variable's units; those on or beyond a bound count as being on it.
  ///   - minimum: the lower bound; nil for none.
  ///   - maximum: the upper bound; nil for none.
  public init?(sample: [Double], minimum: Double? = nil, maximum: Double? = nil) {
    let sorted = sample.filter(\.isFinite).sorted()
    let below = minimum.map { bound in partitionPoint(in: 0..<sorted.count) { sorted[$0] <= bound } } ?? 0
    let above = maximum.map { bound in partitionPoint(in: 0..<sorted.count) { sorted[$0] < bound } } ?? sorted.count
    guard below < above, sorted[below] < sorted[above - 1] else { return nil }
    let count = Double(sorted.count)
    // The scores at which the values between the bounds begin and end.
    let start = StandardNormal.quantile(max(Double(below), 0.5) / count)
    let end = StandardNormal.quantile(min(Double(above), count - 0.5) / count)
    guard start + 0.05 < end else { return nil }
    var (scores, values) = ([start], [sorted[below]])
    let gap = MarginalTransform.margin * (sorted[above - 1] - sorted[below])
    // Few values do not determine many knots.
    let spacing = above - below < 1000 ? 0.5 : 0.25
    for step in -Int(4 / spacing)...Int(4 / spacing) {
      let value = sorted[min(sorted.count - 1, Int(StandardNormal.cumulative(spacing * Double(step)) * count))]
      guard value > (values.last ?? value) + gap, value < sorted[above - 1] - gap else { continue }
      let middle = 0.5 * Double(NormalScore.rank(of: value, in: sorted) + NormalScore.rank(of: value.nextUp, in: sorted))
      let at = StandardNormal.quantile(middle / count)
      guard at > (scores.last ?? at) + 0.05, at < end - 0.05 else { continue }
      scores.append(at)
      values.append(value)
    }
    scores.append(end)
    values.append(sorted[above - 1])
    self.init(
      NormalScore(scores: scores, values: values, minimum: minimum, maximum: maximum),
      lowest: below > 0 ? minimum.map { ($0, start) } : nil,
      highest: above < sorted.count ? maximum.map { ($0, end) } : nil)
  }

  /// Whether the numbers define an increasing map.
  var isValid: Bool {
    let scores = score.scores
    guard score.isValid, (minimum == nil) == (lowest == nil), (maximum == nil) == (highest == nil) else { return false }
    return (lowest.map { $0.isFinite && $0 <= scores[0] } ?? true)
      && (highest.map { $0.isFinite && $0 >= scores[scores.count - 1] } ?? true)
      && (minimum.map { $0 < score.values[0] } ?? true)
      && (maximum.map { $0 > score.values[score.values.count - 1] } ?? true)
  }

  /// The w that a value between the bounds can have.
  public var visible: ClosedRange<Double> { (lowest ?? -.infinity)...(highest ?? .infinity) }

  /// The w that the value x can have, if it lies on or beyond a bound; nil for a value between the bounds, which has one w.
  public func hidden(at x: Double) -> ClosedRange<Double>? {
    if let minimum, let lowest, x <= minimum { return -.infinity...lowest }
    if let maximum, let highest, x >= maximum { return highest ... .infinity }
    return nil
  }

  /// The bound that a value on or beyond a bound stands for.
  package func bound(nearestTo x: Double) -> Double {
    if let minimum, x <= minimum { return minimum }
    return maximum ?? x
  }

  /// The value at the latent w.
  func value(at w: Double) -> Double {
    if let minimum, let lowest, w <= lowest { return minimum }
    if let maximum, let highest, w >= highest { return maximum }
    return score.value(at: w)
  }

  /// dx/dw at the latent w: 0 where the value is on a bound.
  func slope(at w: Double) -> Double {
    if let lowest, w <= lowest { return 0 }
    if let highest, w >= highest { return 0 }
    return score.slope(at: w)
  }

  /// The latent w of the value x; for a value on a bound, the mean of the w that have it.
  func score(of x: Double) -> Double {
    if let range = hidden(at: x) { return Self.moments(in: range, mean: 0, variance: 1).mean }
    let (low, high) = (lowest.map { $0 + 1e-9 } ?? -.infinity, highest.map { $0 - 1e-9 } ?? .infinity)
    return min(max(score.score(of: x), low), high)
  }

  /// The mean and the standard deviation of the value for normal w: the probability of the bounds in closed form, and
  /// between them the trapezium rule.
  func momentsOfNormal(mean: Double, standardDeviation sigma: Double) -> (mean: Double, standardDeviation: Double) {
    let below = lowest.map { StandardNormal.cumulative(($0 - mean) / sigma) } ?? 0
    let above = highest.map { StandardNormal.cumulative((mean - $0) / sigma) } ?? 0
    let centre = value(at: mean)
    var first = (minimum.map { below * ($0 - centre) } ?? 0) + (maximum.map { above * ($0 - centre) } ?? 0)
    var second =
      (minimum.map { below * ($0 - centre) * ($0 - centre) } ?? 0)
      + (maximum.map { above * ($0 - centre) * ($0 - centre) } ?? 0)
    let inside = max(0, 1 - below - above)
    let (low, high) = (max(visible.lowerBound, mean - 6 * sigma), min(visible.upperBound, mean + 6 * sigma))
    if inside > 1e-12, low < high {
      let steps = 80
      var (weights, sum, squares) = (0.0, 0.0, 0.0)
      for step in 0...steps {
        let w = low + (high - low) * Double(step) / Double(steps)
        let z = (w - mean) / sigma
        let weight = (step == 0 || step == steps ? 0.5 : 1) * exp(-0.5 * z * z)
        let difference = score.value(at: w) - centre
        weights += weight
        sum += weight * difference
        squares += weight * difference * difference
      }
      if weights > 0 {
        first += inside * sum / weights
        second += inside * squares / weights
      }
    }
    return (centre + first, max(0, second - first * first).squareRoot())
  }

  /// The mean and the variance of a normal variable, given that it lies in a range that is unbounded at one end.
  ///
  /// - Parameters:
  ///   - range: the range.
  ///   - mean: the mean of the normal variable.
  ///   - variance: its variance, above 0.
  public static func moments(
    in range: ClosedRange<Double>, mean: Double, variance: Double
  ) -> (mean: Double, variance: Double) {
    let sigma = variance.squareRoot()
    let isBelow = range.lowerBound == -.infinity
    // Mirrored so that the variable lies below the threshold.
    let b = isBelow ? (range.upperBound - mean) / sigma : (mean - range.lowerBound) / sigma
    let (drop, share): (Double, Double)
    if b < -8 {
      // The expansion of Mills' ratio, where the probability itself is near the smallest numbers.
      let square = 1 / (b * b)
      drop = -b * (1 + square * (1 - square * (2 - 10 * square)))
      share = square * (1 - square * (6 - 50 * square))
    } else {
      drop = StandardNormal.density(b) / StandardNormal.cumulative(b)
      share = 1 - drop * (b + drop)
    }
    return (mean - (isBelow ? sigma : -sigma) * drop, variance * min(max(share, 1e-9), 1))
  }
}
