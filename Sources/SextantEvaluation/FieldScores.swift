// All numbers of one variable of one field, as estimated by one method: the unit that is kept, stored and averaged.

/// What was scored.
public struct ScoreLabel: Sendable, Hashable, Codable {
  /// The method, such as "two-scale Gaussian".
  public var method: String
  /// The field, such as "2012-12-01".
  public var field: String
  /// What kind of measurement it was, such as "random:0.6, 5.9 K"; means are taken within a group.
  public var group: String

  public init(method: String, field: String, group: String) {
    self.method = method
    self.field = field
    self.group = group
  }
}

/// The scores of one variable of one field.
///
/// A number is absent where it has no meaning: the region is empty, there are no samples, or too few for an interval;
/// PSNR of an estimate without any error, which would be infinite.
public struct FieldScores: Sendable, Equatable, Codable {
  /// What was scored.
  public var label: ScoreLabel
  /// The variable's name.
  public var variable: String
  /// The variable's units.
  public var units: String
  /// The peak that PSNR and SSIM refer to, in the variable's units.
  public var peak: Double
  /// The number of samples N; 0 if the method gave none.
  public var sampleCount: Int
  /// The number of scored entries in each region.
  public var counts: [Region: Int]
  /// The numbers.
  public var values: [ScoreKey: Double]
  /// Ranks of the truth, by region; empty without samples.
  public var rankHistograms: [Region: RankHistogram]
  /// Errors by latitude; empty off the sphere.
  public var latitudeBands: [LatitudeBandScores]

  /// One number, or nil if it has no meaning here.
  public subscript(
    _ score: Score, in region: Region = .all, weighting weighting: Weighting = .plain, of estimate: Estimate? = nil
  ) -> Double? {
    values[ScoreKey(score, in: region, weighting: weighting, of: estimate)]
  }
}
