// The scores of one variable of one field for one method: the unit that is stored and averaged.

/// The identification of a scored estimate.
public struct ScoreLabel: Sendable, Hashable, Codable {
  /// The method, such as "two-scale Gaussian".
  public var method: String
  /// The field, such as "2012-12-01".
  public var field: String
  /// The kind of measurement, such as "random:0.6, 5.9 K"; means are taken within a group.
  public var group: String

  public init(method: String, field: String, group: String) {
    self.method = method
    self.field = field
    self.group = group
  }
}

/// The scores of one variable of one field.
///
/// A score is absent if it is undefined: if the region is empty, if there are no samples or too few for an interval, or
/// for the PSNR of an estimate without error, which would be infinite, and for PSNR and SSIM without a peak.
public struct FieldScores: Sendable, Equatable, Codable {
  /// The identification of the estimate.
  public var label: ScoreLabel
  /// The variable's name.
  public var variable: String
  /// The variable's units.
  public var units: String
  /// The peak for PSNR and SSIM, in the variable's units; nil where neither was computed.
  public var peak: Double?
  /// The number of samples N; 0 if the method does not draw samples.
  public var sampleCount: Int
  /// The number of scored entries in each region.
  public var counts: [Region: Int]
  /// The scores.
  public var values: [ScoreKey: Double]
  /// Ranks of the truth, by region; empty without samples.
  public var rankHistograms: [Region: RankHistogram]
  /// Errors by latitude; empty if the domain is not on the sphere.
  public var latitudeBands: [LatitudeBandScores]

  /// One score, or nil if it is undefined here.
  public subscript(
    _ score: Score, in region: Region = .all, weighting weighting: Weighting = .plain, of estimate: Estimate? = nil
  ) -> Double? {
    values[ScoreKey(score, in: region, weighting: weighting, of: estimate)]
  }
}
