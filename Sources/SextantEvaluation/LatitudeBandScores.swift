// Errors by latitude, which show where on the sphere a method fails.

/// Area-weighted errors of the mean in one band of latitudes.
public struct LatitudeBandScores: Sendable, Equatable, Codable {
  /// The southern edge in degrees north, inclusive.
  public var from: Double
  /// The northern edge in degrees north, inclusive only for the northernmost band.
  public var to: Double
  /// The number of scored entries.
  public var count: Int
  /// Mean squared error of the mean, in the variable's units squared.
  public var meanSquareError: Double
  /// Mean of estimate − truth, in the variable's units.
  public var bias: Double
  /// Fair CRPS of the ensemble, in the variable's units, if there is an ensemble.
  public var crps: Double?

  /// Root mean squared error of the mean, in the variable's units.
  public var rootMeanSquareError: Double { meanSquareError.squareRoot() }

  /// The average of a band over several fields.
  static func averaged(_ bands: [LatitudeBandScores]) -> LatitudeBandScores? {
    guard var result = bands.first else { return nil }
    let count = Double(bands.count)
    result.count = bands.reduce(0) { $0 + $1.count }
    result.meanSquareError = bands.reduce(0) { $0 + $1.meanSquareError } / count
    result.bias = bands.reduce(0) { $0 + $1.bias } / count
    let scores = bands.compactMap(\.crps)
    result.crps = scores.count == bands.count ? scores.reduce(0, +) / count : nil
    return result
  }
}
