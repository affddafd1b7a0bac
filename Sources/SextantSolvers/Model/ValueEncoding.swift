// How the values of a variable are to be understood: as numbers, or as angles or labels, which are no numbers.

import Foundation

/// What the values of a variable are.
public enum ValueEncoding: Sendable, Hashable, Codable {
  /// Numbers.
  case number
  /// Angles, of which `period` is a whole turn: they are filled as cosine and sine.
  case angle(period: Double)
  /// Labels, between which there is nothing: each observed label is filled as an indicator.
  case labels

  /// How far `a` is from `b`: the difference of numbers, the smaller arc between angles (with its sign), and 0 or 1 for
  /// labels that are equal or not.
  public func difference(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .number: a - b
    case .angle(let period): (a - b) - period * ((a - b) / period).rounded()
    case .labels: a == b ? 0 : (a.isNaN || b.isNaN ? .nan : 1)
    }
  }
}
