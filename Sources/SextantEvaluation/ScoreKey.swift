// The name of one number: which score, over which vertices, how weighted, and of which estimate. Numbers kept under
// such names can be averaged, tabled and stored without anybody knowing what they mean.

/// A way of saying how good an estimate is.
public enum Score: String, Sendable, CaseIterable, Codable {
  /// 10·log₁₀(peak² / mean squared error), dB.
  case psnr
  /// Root of the mean squared error, in the variable's units.
  case rootMeanSquareError = "rmse"
  /// Mean absolute error, in the variable's units.
  case meanAbsoluteError = "mae"
  /// Mean of estimate − truth, in the variable's units.
  case bias
  /// Structural similarity with a Gaussian window, round the globe where the grid closes; see ``StructuralSimilarity``.
  case structuralSimilarity = "ssim"
  /// Structural similarity as scikit-image computes it: the raster's left and right edges are edges.
  case structuralSimilarityWithoutWrap = "ssim-without-wrap"
  /// Continuous ranked probability score, in the variable's units; fair for an ensemble, closed for a Gaussian.
  case crps
  /// Share of values inside the central 50 % interval.
  case coverage50
  /// Share of values inside the central 80 % interval.
  case coverage80
  /// Share of values inside the central 90 % interval.
  case coverage90
  /// Share of values inside the central 95 % interval.
  case coverage95
  /// Share of values within the central 90 % of ranks among the samples, ties broken at random: 0.9 for a reliable ensemble, also
  /// where many values lie exactly on a bound and every interval that ends there holds them.
  case rankCoverage90 = "rank-coverage90"
  /// √((N+1)/N · mean ensemble variance), in the variable's units: what ``skill`` is if the ensemble is reliable.
  case spread
  /// Root mean squared error of the mean of the samples, in the variable's units.
  case skill
  /// ``spread`` / ``skill``: 1 if reliable, below 1 if overconfident.
  case spreadSkillRatio = "spread-skill"

  /// Whether a larger value is better, or nil where a value is best near some target.
  public var isBetterWhenLarger: Bool? {
    switch self {
    case .psnr, .structuralSimilarity, .structuralSimilarityWithoutWrap: true
    case .rootMeanSquareError, .meanAbsoluteError, .crps, .skill: false
    case .bias, .coverage50, .coverage80, .coverage90, .coverage95, .rankCoverage90, .spread, .spreadSkillRatio: nil
    }
  }

  /// The units of this score for a variable with `units`; empty where it has none.
  public func units(forVariableIn units: String) -> String {
    switch self {
    case .psnr: "dB"
    case .rootMeanSquareError, .meanAbsoluteError, .bias, .crps, .spread, .skill: units
    default: ""
    }
  }
}

/// Which vertices count.
public enum Region: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  /// All valid vertices.
  case all
  /// Those that were observed.
  case observed
  /// Those that were not: what had to be imputed.
  case missing
}

/// How much each vertex counts.
public enum Weighting: String, Sendable, CaseIterable, Codable {
  /// Every vertex alike, as in the literature on images.
  case plain
  /// By the area that the vertex stands for.
  case area
}

/// What is compared with the truth.
public enum Estimate: String, Sendable, CaseIterable, Codable {
  /// The posterior mean as the method gives it.
  case mean
  /// The first sample alone (N = 1).
  case firstSample = "sample"
  /// All samples together.
  case ensemble
  /// A Gaussian at each vertex with the method's mean and closed-form spread.
  case gaussian
}

/// The name of one number, written "rmse.missing.area.mean".
public struct ScoreKey: Sendable, Hashable {
  /// Which score.
  public var score: Score
  /// Over which vertices.
  public var region: Region
  /// How weighted.
  public var weighting: Weighting
  /// Of what.
  public var estimate: Estimate

  /// A key; without `estimate` that of the mean, or of the ensemble for scores that need samples.
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
    case .psnr, .rootMeanSquareError, .meanAbsoluteError, .bias, .structuralSimilarity,
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
  /// Reads a name as `description` writes it; nil if it is not one.
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
