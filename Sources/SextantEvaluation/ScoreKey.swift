// The key of a score: the kind of score, the region, the weighting and the estimate. Scores with such keys can be
// averaged, tabulated and stored without knowing their meaning.

/// A measure of the quality of an estimate.
public enum Score: String, Sendable, CaseIterable, Codable {
  /// 10·log₁₀(peak² / mean squared error), dB.
  case psnr
  /// Mean squared error, in the square of the variable's units.
  case meanSquareError = "mse"
  /// Root mean squared error, in the variable's units.
  case rootMeanSquareError = "rmse"
  /// Mean absolute error, in the variable's units.
  case meanAbsoluteError = "mae"
  /// Mean of estimate − truth, in the variable's units.
  case bias
  /// Structural similarity with a Gaussian window, periodic in longitude if the grid is.
  case structuralSimilarity = "ssim"
  /// Structural similarity as in scikit-image, in which the raster's left and right edges are not joined.
  case structuralSimilarityWithoutWrap = "ssim-without-wrap"
  /// Continuous ranked probability score, in the variable's units: fair for an ensemble, in closed form for a Gaussian.
  case crps
  /// Fraction of values within the central 50 % interval.
  case coverage50
  /// Fraction of values within the central 80 % interval.
  case coverage80
  /// Fraction of values within the central 90 % interval.
  case coverage90
  /// Fraction of values within the central 95 % interval.
  case coverage95
  /// Fraction of values whose rank among the samples is in the central 90 %, with ties broken at random. It is 0.9 for
  /// a reliable ensemble even if many values lie exactly on a bound, where every interval that ends at the bound covers
  /// them.
  case rankCoverage90 = "rank-coverage90"
  /// √((N+1)/N · mean ensemble variance), in the variable's units. It equals ``skill`` if the ensemble is reliable.
  case spread
  /// Root mean squared error of the ensemble mean, in the variable's units.
  case skill
  /// ``spread`` / ``skill``: 1 if the ensemble is reliable, below 1 if it is overconfident.
  case spreadSkillRatio = "spread-skill"

  /// The units of this score for a variable with `units`; empty if it has none.
  public func units(forVariableIn units: String) -> String {
    switch self {
    case .psnr: "dB"
    case .meanSquareError: units.isEmpty ? "" : units.allSatisfy(\.isLetter) ? "\(units)²" : "(\(units))²"
    case .rootMeanSquareError, .meanAbsoluteError, .bias, .crps, .spread, .skill: units
    default: ""
    }
  }
}

/// The vertices over which a score is computed.
public enum Region: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  /// All valid vertices.
  case all
  /// The observed vertices.
  case observed
  /// The vertices without an observation, which were imputed.
  case missing
}

/// The weight of each vertex in a score.
public enum Weighting: String, Sendable, CaseIterable, Codable {
  /// Equal weights, as in the image literature.
  case plain
  /// The area of the vertex.
  case area
}

/// The estimate that is compared with the truth.
public enum Estimate: String, Sendable, CaseIterable, Codable {
  /// The posterior mean of the method.
  case mean
  /// The first sample alone (N = 1).
  case firstSample = "sample"
  /// All samples together.
  case ensemble
  /// A Gaussian at each vertex with the method's mean and closed-form standard deviation.
  case gaussian
}

/// The key of a score, written as "rmse.missing.area.mean".
public struct ScoreKey: Sendable, Hashable {
  /// The kind of score.
  public var score: Score
  /// The region.
  public var region: Region
  /// The weighting.
  public var weighting: Weighting
  /// The estimate.
  public var estimate: Estimate

  /// A key; by default the estimate is the ensemble for scores that need samples, and the mean for all others.
  public init(
    _ score: Score, in region: Region = .all, weighting: Weighting = .plain, of estimate: Estimate? = nil
  ) {
    self.score = score
    self.region = region
    self.weighting = weighting
    self.estimate = estimate ?? score.usualEstimate
  }
}

extension Score {
  fileprivate var usualEstimate: Estimate {
    switch self {
    case .psnr, .meanSquareError, .rootMeanSquareError, .meanAbsoluteError, .bias, .structuralSimilarity,
      .structuralSimilarityWithoutWrap:
      .mean
    default: .ensemble
    }
  }
}

extension ScoreKey: CustomStringConvertible {
  public var description: String {
    [score.rawValue, region.rawValue, weighting.rawValue, estimate.rawValue].joined(separator: ".")
  }
}

extension ScoreKey: Codable, CodingKeyRepresentable {
  /// Parses a key as written by `description`; nil if it is invalid.
  public init?(_ text: String) {
    let parts = text.split(separator: ".").map(String.init)
    guard parts.count == 4, let score = Score(rawValue: parts[0]), let region = Region(rawValue: parts[1]),
      let weighting = Weighting(rawValue: parts[2]), let estimate = Estimate(rawValue: parts[3])
    else { return nil }
    self.init(score, in: region, weighting: weighting, of: estimate)
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public var codingKey: any CodingKey { Name(stringValue: description) }

  public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let key = ScoreKey(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected a score such as 'rmse.missing.area.mean', found '\(text)'")
    }
    self = key
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
