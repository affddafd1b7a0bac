// The mean and the standard deviation of numbers that are counted one after another.

/// The count, the sum and the sum of squares of numbers.
package struct Moments: Sendable, Codable, Equatable {
  private(set) package var count = 0.0
  private var sum = 0.0
  private var squares = 0.0

  package init() {}

  package mutating func add(_ value: Double) {
    count += 1
    sum += value
    squares += value * value
  }

  package static func + (a: Moments, b: Moments) -> Moments {
    var result = a
    result.count += b.count
    result.sum += b.sum
    result.squares += b.squares
    return result
  }

  /// The mean; 0 of nothing.
  package var mean: Double { count > 0 ? sum / count : 0 }

  /// The standard deviation; 0 of nothing.
  package var standardDeviation: Double {
    count > 0 ? max(0, squares / count - mean * mean).squareRoot() : 0
  }
}
