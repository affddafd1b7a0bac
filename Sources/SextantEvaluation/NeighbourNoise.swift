// Whether measured values have noise that is independent between neighbours, judged by values that a prediction had not seen.
//
// The errors of prediction at two such values are e = (x − m) + n at each. If their noise is independent, the expected square of the
// difference of the two errors is the variance of both noises together or more, whatever the prediction: its own errors can only add.
// Where the squares are smaller, neighbours share a part of their noise, or there is less noise than was stated. (The semivariogram at
// the shortest distance cannot lie below the nugget: G. Matheron, "Principles of geostatistics", Economic Geology, 1963.)
//
// This is a bound and not an estimate of the noise: correlated noise beneath a rougher signal is not found, and measured values alone
// cannot tell whether it is there.

import Foundation
import SextantGeometry

/// Sums over pairs of neighbours that were both predicted.
public struct NeighbourNoise: Sendable, Equatable {
  /// Sums over one field, in units of the stated variance of both noises.
  private struct Sums: Sendable, Equatable {
    var (count, squares) = (0, 0.0)
    /// The variance of `squares` if all errors are independent noise of the stated size.
    var variance = 0.0
  }
  private var fields: [Sums] = []

  /// Pairs below which nothing is said.
  private static let fewestPairs = 50
  /// Fields from which on their scatter is looked at.
  private static let fewestFields = 8

  public init() {}

  /// A value that was predicted without having been seen.
  public struct Value: Sendable {
    /// Measured minus predicted.
    public var error: Double
    /// The stated variance of its noise.
    public var variance: Double

    public init(error: Double, variance: Double) { (self.error, self.variance) = (error, variance) }
  }

  /// A pair of neighbours.
  public struct Pair: Sendable {
    /// Numbers that tell places of the field apart.
    public var places: (Int, Int)
    public var values: (Value, Value)

    public init(places: (Int, Int), values: (Value, Value)) { (self.places, self.values) = (places, values) }
  }

  /// Adds a field. Pairs without noise say nothing.
  public mutating func add(_ pairs: [Pair]) {
    var sums = Sums()
    var degrees: [Int: Int] = [:]
    for pair in pairs {
      let variance = pair.values.0.variance + pair.values.1.variance
      guard variance > 0 else { continue }
      let difference = pair.values.0.error - pair.values.1.error
      sums.count += 1
      sums.squares += difference * difference / variance
      degrees[pair.places.0, default: 0] += 1
      degrees[pair.places.1, default: 0] += 1
    }
    guard sums.count > 0 else { return }
    // The squares of two differences of normal numbers with one number in common have a quarter of their variance, 2, in common.
    sums.variance = 2 * Double(sums.count) + degrees.values.reduce(0.0) { $0 + 0.5 * Double($1 * ($1 - 1)) }
    fields.append(sums)
  }

  /// The sums of other fields beside these.
  public mutating func add(_ other: NeighbourNoise) { fields += other.fields }

  /// The correlation of the noise of neighbours that would explain how little the errors differ, with its sampling error.
  public struct Correlation: Sendable, Codable, Equatable {
    public let value: Double
    public let samplingError: Double

    /// What it is above, but for chance: it is looked at for each variable, and for the answers of each method, so that three sampling
    /// errors would be exceeded now and then.
    public var lowest: Double { value - 4 * samplingError }

    /// Whether it is above what chance explains, and large enough to matter.
    public var isSignificant: Bool { lowest > 0 && value > 0.05 }
  }

  /// The correlation; at most 0 where independent noise explains the errors, and nil where there are too few pairs.
  public var correlation: Correlation? {
    let count = fields.reduce(0) { $0 + $1.count }
    guard count >= Self.fewestPairs else { return nil }
    let ratio = fields.reduce(0.0) { $0 + $1.squares } / Double(count)
    var variance = fields.reduce(0.0) { $0 + $1.variance }
    if fields.count >= Self.fewestFields {
      // The fields' own scatter, which contains that of the prediction's errors.
      let scatter = fields.reduce(0.0) { $0 + pow($1.squares - ratio * Double($1.count), 2) }
      variance = max(variance, scatter * Double(fields.count) / Double(fields.count - 1))
    }
    return Correlation(value: 1 - ratio, samplingError: variance.squareRoot() / Double(count))
  }
}
