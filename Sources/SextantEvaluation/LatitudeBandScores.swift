// Errors by latitude: where on the sphere a method fails.

/// Errors of the mean in one band of latitudes, weighted by area.
public struct LatitudeBandScores: Sendable, Equatable, Codable {
  /// The southern edge, degrees north, included.
  public var from: Double
  /// The northern edge, degrees north; included in the northernmost band alone.
  public var to: Double
  /// How many entries were scored.
  public var count: Int
  /// Mean squared error of the mean, in the variable's units squared.
  public var meanSquareError: Double
  /// Mean of estimate − truth, in the variable's units.
  public var bias: Double
  /// Fair CRPS of the ensemble, in the variable's units, where there is one.
  public var crps: Double?

  /// Root mean squared error of the mean, in the variable's units.
  public var rootMeanSquareError: Double { meanSquareError.squareRoot() }

  /// The same band over several fields: means over the fields.
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
