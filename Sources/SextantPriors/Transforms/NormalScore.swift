// The map from normal scores to values that makes the distribution of a sample standard normal: a monotone
// rational-quadratic spline through the sample's quantiles (Gregory and Delbourgo 1982), which has a closed-form
// inverse. Outside the knots it continues with the same slope: linearly if there is no bound, otherwise exponentially
// towards the bound, which it never reaches.

import Foundation
import SextantArrays

/// A strictly increasing, continuously differentiable map between a variable and a standard normal variable.
public struct NormalScore: Sendable, Equatable, Codable {
  /// The normal scores of the knots, increasing.
  public let scores: [Double]
  /// The variable's values at the knots, increasing, strictly inside the bounds.
  public let values: [Double]
  /// dx/dw at the knots, all positive.
  public let slopes: [Double]
  /// The lower bound of the variable, or nil if there is none.
  public let minimum: Double?
  /// The upper bound of the variable, or nil if there is none.
  public let maximum: Double?

  /// A map with the given knots.
  public init(scores: [Double], values: [Double], minimum: Double? = nil, maximum: Double? = nil) {
    precondition(scores.count == values.count && scores.count >= 2, "\(scores.count) scores, \(values.count) values")
    self.scores = scores
    self.values = values
    self.minimum = minimum
    self.maximum = maximum
    let secants = (1..<scores.count).map { i -> Double in
      let rise = values[i] - values[i - 1]
      return rise / (scores[i] - scores[i - 1])
    }
    // The geometric mean of the neighbouring secants: positive, and moderate where a steep and a flat piece meet.
    slopes = scores.indices.map { i in
      (secants[max(0, i - 1)] * secants[min(i, secants.count - 1)]).squareRoot()
    }
  }

  /// Fits the map to a sample; nil if it has fewer than two distinct values.
  ///
  /// Many equal values, such as the zeros of a clear sky, become one knot at the score of their mid-rank.
  public init?(sample: [Double], minimum: Double? = nil, maximum: Double? = nil) {
    let sorted = sample.filter(\.isFinite).sorted()
    guard let least = sorted.first, let greatest = sorted.last, least < greatest else { return nil }
    let gap = MarginalTransform.margin * (greatest - least)
    let low = minimum.map { $0 + gap } ?? -.infinity
    let high = maximum.map { $0 - gap } ?? .infinity
    let count = Double(sorted.count)
    var (scores, values): ([Double], [Double]) = ([], [])
    for step in -12...12 {
      let level = StandardNormal.cumulative(0.25 * Double(step))
      let value = sorted[min(sorted.count - 1, Int(level * count))]
      let middle = 0.5 * Double(Self.rank(of: value, in: sorted) + Self.rank(of: value.nextUp, in: sorted)) / count
      let score = StandardNormal.quantile(min(max(middle, 0.5 / count), 1 - 0.5 / count))
      let inside = min(max(value, low), high)
      guard (values.last.map { inside > $0 + gap } ?? true), (scores.last.map { score > $0 + 0.01 } ?? true) else {
        continue
      }
      scores.append(score)
      values.append(inside)
    }
    guard scores.count >= 2 else { return nil }
    self.init(scores: scores, values: values, minimum: minimum, maximum: maximum)
  }

  /// Whether the knots define a strictly increasing map.
  var isValid: Bool {
    func increases(_ numbers: [Double]) -> Bool {
      numbers.allSatisfy(\.isFinite) && zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
    }
    return scores.count >= 2 && values.count == scores.count && slopes.count == scores.count && increases(scores)
      && increases(values) && slopes.allSatisfy { $0 > 0 && $0.isFinite }
      && (minimum.map { $0 < values[0] } ?? true) && (maximum.map { $0 > values[values.count - 1] } ?? true)
  }

  /// The largest slope of the map; a piece can be steeper inside than at its ends.
  var greatestSlope: Double {
    var greatest = 0.0
    for (low, high) in zip(scores, scores.dropFirst()) {
      for eighth in 0...8 { greatest = max(greatest, slope(at: low + (high - low) * Double(eighth) / 8)) }
    }
    return greatest
  }

  /// The value at the normal score w.
  func value(at w: Double) -> Double {
    let last = scores.count - 1
    if w <= scores[0] {
      return Self.tail(from: values[0], slope: slopes[0], by: w - scores[0], bound: minimum)
    }
    if w >= scores[last] {
      return Self.tail(from: values[last], slope: slopes[last], by: w - scores[last], bound: maximum)
    }
    let piece = piece(Self.rank(of: w, in: scores) - 1)
    return piece.start + piece.rise * piece.ratio(at: (w - piece.from) / piece.width)
  }

  /// dx/dw at the normal score w.
  func slope(at w: Double) -> Double {
    let last = scores.count - 1
    if w <= scores[0] { return Self.tailSlope(values[0], slopes[0], by: w - scores[0], bound: minimum) }
    if w >= scores[last] { return Self.tailSlope(values[last], slopes[last], by: w - scores[last], bound: maximum) }
    let piece = piece(Self.rank(of: w, in: scores) - 1)
    return piece.slope(at: (w - piece.from) / piece.width)
  }

  /// The normal score of the value x; a value on or beyond a bound is moved just inside.
  func score(of x: Double) -> Double {
    let last = scores.count - 1
    if x <= values[0] {
      return scores[0] + Self.tailStep(from: values[0], slope: slopes[0], to: x, bound: minimum)
    }
    if x >= values[last] {
      return scores[last] + Self.tailStep(from: values[last], slope: slopes[last], to: x, bound: maximum)
    }
    let piece = piece(Self.rank(of: x, in: values) - 1)
    return piece.from + piece.width * piece.share(rising: x - piece.start)
  }

  // MARK: Tails

  private static func tail(from value: Double, slope: Double, by step: Double, bound: Double?) -> Double {
    guard let bound else { return value + slope * step }
    let room = bound - value
    return bound - room * exp(-slope * step / room)
  }

  private static func tailSlope(_ value: Double, _ slope: Double, by step: Double, bound: Double?) -> Double {
    guard let bound else { return slope }
    return slope * exp(-slope * step / (bound - value))
  }

  private static func tailStep(from value: Double, slope: Double, to x: Double, bound: Double?) -> Double {
    guard let bound else { return (x - value) / slope }
    let room = bound - value
    // At least a hundredth of the distance between the outermost knot and the bound: values on the bound itself must
    // not have an extreme score.
    let share = max((bound - x) / room, 0.01)
    return -room / slope * log(share)
  }

  // MARK: Pieces

  /// A piece of the spline between two knots.
  private struct Piece {
    var from, width, start, rise, left, right: Double
    var secant: Double { rise / width }
    private var bend: Double { left + right - 2 * secant }

    /// The fraction of the rise at the fraction t of the width.
    func ratio(at t: Double) -> Double {
      (secant * t * t + left * t * (1 - t)) / (secant + bend * t * (1 - t))
    }

    func slope(at t: Double) -> Double {
      let bottom = secant + bend * t * (1 - t)
      return secant * secant * (right * t * t + 2 * secant * t * (1 - t) + left * (1 - t) * (1 - t)) / (bottom * bottom)
    }

    /// The fraction t of the width at which the piece has risen by `amount`.
    func share(rising amount: Double) -> Double {
      let a = rise * (secant - left) + amount * bend
      let b = rise * left - amount * bend
      let c = -secant * amount
      return 2 * c / (-b - max(0, b * b - 4 * a * c).squareRoot())
    }
  }

  private func piece(_ i: Int) -> Piece {
    Piece(
      from: scores[i], width: scores[i + 1] - scores[i], start: values[i], rise: values[i + 1] - values[i],
      left: slopes[i], right: slopes[i + 1])
  }

  /// The number of the increasing `numbers` that are below `x`.
  static func rank(of x: Double, in numbers: [Double]) -> Int {
    partitionPoint(in: 0..<numbers.count) { numbers[$0] < x }
  }
}
