// Means of scores over fields, with standard errors. PSNR is averaged in dB, as is usual in the literature.

/// The mean of a score over fields.
public struct MeanScore: Sendable, Equatable, Codable {
  /// The mean.
  public var mean: Double
  /// The standard error of the mean over fields; nil for a single field.
  public var standardError: Double?
  /// The number of fields that have the score.
  public var count: Int

  /// The mean of some values; nil if there are none.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    count = values.count
    if values.count > 1 {
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      standardError = (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    }
  }
}

/// The scores of one method for one variable over the fields of a group.
public struct ScoreSummary: Sendable, Equatable, Codable {
  /// The method.
  public var method: String
  /// The group of fields; nil for all groups together.
  public var group: String?
  /// The variable's name.
  public var variable: String
  /// The variable's units.
  public var units: String
  /// The number of fields.
  public var fieldCount: Int
  /// The mean of each score over the fields that have it. The spread–skill ratio is instead the ratio of the root mean
  /// squares over all fields, because the ratios of single fields scatter; its standard error is that of the single
  /// ratios.
  public var values: [ScoreKey: MeanScore]
  /// Ranks over all fields that have the most common number of samples.
  public var rankHistograms: [Region: RankHistogram]
  /// Errors by latitude, averaged over the fields.
  public var latitudeBands: [LatitudeBandScores]

  /// The summary of fields of one method and variable; nil if there are none.
  public init?(_ fields: [FieldScores], group: String?) {
    guard let first = fields.first else { return nil }
    method = first.label.method
    self.group = group
    variable = first.variable
    units = first.units
    fieldCount = fields.count
    values = [:]
    for key in Set(fields.flatMap(\.values.keys)) { values[key] = MeanScore(fields.compactMap { $0.values[key] }) }
    for key in values.keys where key.score == .spreadSkillRatio {
      if let pooled = Self.pooledRatio(fields.map(\.values), key) { values[key]?.mean = pooled }
    }
    rankHistograms = Self.mergedHistograms(fields)
    var bands: [Double: [LatitudeBandScores]] = [:]
    for band in fields.flatMap(\.latitudeBands) { bands[band.from, default: []].append(band) }
    latitudeBands = bands.keys.sorted().compactMap { bands[$0].flatMap(LatitudeBandScores.averaged) }
  }

  private static func pooledRatio(_ fields: [[ScoreKey: Double]], _ key: ScoreKey) -> Double? {
    let pairs = fields.compactMap { values -> (spread: Double, skill: Double)? in
      var (spreadKey, skillKey) = (key, key)
      (spreadKey.score, skillKey.score) = (.spread, .skill)
      guard let spread = values[spreadKey], let skill = values[skillKey] else { return nil }
      return (spread, skill)
    }
    let skill = pairs.reduce(0) { $0 + $1.skill * $1.skill }
    return skill > 0 ? (pairs.reduce(0) { $0 + $1.spread * $1.spread } / skill).squareRoot() : nil
  }

  private static func mergedHistograms(_ fields: [FieldScores]) -> [Region: RankHistogram] {
    let numbers = Dictionary(grouping: fields.map(\.sampleCount).filter { $0 > 0 }) { $0 }
    let usual = numbers.max { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
    guard let sampleCount = usual?.key else { return [:] }
    var merged: [Region: RankHistogram] = [:]
    for field in fields where field.sampleCount == sampleCount {
      for (region, histogram) in field.rankHistograms {
        merged[region, default: RankHistogram(sampleCount: sampleCount)].add(histogram)
      }
    }
    return merged
  }

  /// The mean of a score, or nil if no field has it.
  public subscript(
    _ score: Score, in region: Region = .all, weighting weighting: Weighting = .plain, of estimate: Estimate? = nil
  ) -> MeanScore? {
    values[ScoreKey(score, in: region, weighting: weighting, of: estimate)]
  }
}

/// The scores of many fields and methods, stored field by field so that any mean can be computed later.
public struct ScoreCollection: Sendable, Equatable, Codable {
  /// All scores, in the order in which they were added.
  public private(set) var fields: [FieldScores]

  /// A collection of the given scores.
  public init(_ fields: [FieldScores] = []) { self.fields = fields }

  /// Adds the scores of a field.
  public mutating func add(_ scores: [FieldScores]) { fields += scores }

  /// One summary for each method, variable and, if `byGroup` is true, group, in order of first appearance.
  public func summaries(byGroup: Bool = true) -> [ScoreSummary] {
    var order: [[String]] = []
    var members: [[String]: [FieldScores]] = [:]
    for field in fields {
      let key = [field.variable, byGroup ? field.label.group : "", field.label.method]
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(field)
    }
    return order.compactMap { key in
      ScoreSummary(members[key] ?? [], group: byGroup ? key[1] : nil)
    }
  }
}
