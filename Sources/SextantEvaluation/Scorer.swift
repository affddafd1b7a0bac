// Scores one field at a time; docs/mathematics.md, "Scores", has the definitions. All sums are in double precision
// and in the order of the vertices, so that results do not depend on the number of threads.

import SextantArrays
import SextantGeometry

/// Computes the scores of fields on a domain.
public struct Scorer: Sendable {
  /// The variables to score.
  public let variables: [ScoredVariable]
  /// The number of channels C.
  public let channelCount: Int
  /// The area of each vertex (V), in any unit.
  public let areaWeights: [Double]
  /// The latitude of each vertex (V), in degrees north; nil if the domain is not on the sphere.
  public let latitudes: [Double]?
  /// The edges of the latitude bands in degrees north, ascending.
  static let bandEdges: [Double] = [-90, -60, -30, 0, 30, 60, 90]
  /// The arrangement of the vertices as an image; nil if there is none, and then no SSIM.
  public let raster: Raster?

  /// A scorer for fields of V = `areaWeights.count` vertices and C channels.
  public init(
    variables: [ScoredVariable], channelCount: Int, areaWeights: [Double], latitudes: [Double]? = nil,
    raster: Raster? = nil
  ) {
    let vertexCount = areaWeights.count
    precondition(latitudes.map { $0.count == vertexCount } ?? true, "Latitudes for \(vertexCount) vertices")
    precondition(raster.map { $0.rows * $0.columns == vertexCount } ?? true, "A raster for \(vertexCount) vertices")
    precondition(
      variables.allSatisfy { $0.peak ?? 1 > 0 && $0.channels.allSatisfy { (0..<channelCount).contains($0) } },
      "Scored variables need a peak above 0 and channels below \(channelCount)")
    self.variables = variables
    self.channelCount = channelCount
    self.areaWeights = areaWeights
    self.latitudes = latitudes
    self.raster = raster
  }

  /// The scores of one estimate, one result for each variable.
  ///
  /// `random` breaks ties of ranks. Throws ``EvaluationError`` if sizes do not match, if a value to be scored is not
  /// finite, or if a variable has no valid value.
  public func scores(
    of estimate: ScoredEstimate, against truth: ScoredTruth, label: ScoreLabel, breakingTiesWith random: RandomStream
  ) throws -> [FieldScores] {
    try checkSizes(estimate, truth)
    let ensemble = estimate.samples.flatMap { samples in
      samples.rowCount > 0 ? EnsembleStatistics(samples: samples, truth: truth.values) : nil
    }
    let firstSample = ensemble == nil ? nil : estimate.samples.map { $0.row(0).scalars }
    return try variables.map { variable in
      let entries = VariableEntries(variable, scorer: self, truth: truth)
      guard !entries.all.isEmpty else {
        throw EvaluationError.nothingToScore(variable: variable.name, field: label.field)
      }
      try checkValues(estimate, ensemble, entries, variable)
      var scores = FieldScores(
        label: label, variable: variable.name, units: variable.units, peak: variable.peak,
        sampleCount: ensemble?.sampleCount ?? 0, counts: entries.byRegion.mapValues(\.count), values: [:],
        rankHistograms: [:], latitudeBands: [])
      addErrors(of: estimate.mean, as: .mean, truth, entries, variable, to: &scores)
      if let firstSample { addErrors(of: firstSample, as: .firstSample, truth, entries, variable, to: &scores) }
      if let spread = estimate.spread { addGaussian(estimate.mean, spread, truth, entries, to: &scores) }
      if let ensemble { addEnsemble(ensemble, entries, random, to: &scores) }
      scores.latitudeBands = latitudeBands(estimate.mean, ensemble, truth, entries)
      return scores
    }
  }

  private func checkSizes(_ estimate: ScoredEstimate, _ truth: ScoredTruth) throws {
    let expected = areaWeights.count * channelCount
    let sizes = [
      ("The truth", truth.values.count), ("The validity flags", truth.isValid.count),
      ("The observed flags", truth.isObserved.count), ("The mean", estimate.mean.count),
      ("The spread", estimate.spread?.count ?? expected), ("A sample", estimate.samples?.columnCount ?? expected),
    ]
    for (what, found) in sizes where found != expected {
      throw EvaluationError.sizeMismatch(what: what, expected: expected, found: found)
    }
  }

  private func checkValues(
    _ estimate: ScoredEstimate, _ ensemble: EnsembleStatistics?, _ entries: VariableEntries, _ variable: ScoredVariable
  ) throws {
    func check(_ what: String, _ isFinite: (Int) -> Bool) throws {
      if let entry = entries.all.first(where: { !isFinite($0) }) {
        throw EvaluationError.notFinite(what: what, variable: variable.name, vertex: entry / channelCount)
      }
    }
    try check("The mean") { estimate.mean[$0].isFinite }
    if let spread = estimate.spread { try check("The spread") { spread[$0].isFinite } }
    // One non-finite sample makes the mean of all samples non-finite.
    if let ensemble { try check("The samples") { ensemble.meanError[$0].isFinite } }
  }
}

/// The scored entries of one variable by region, with their weights.
struct VariableEntries {
  let byRegion: [Region: [Int]]
  private let areaWeights: [Double]
  private let channelCount: Int

  var all: [Int] { byRegion[.all] ?? [] }

  init(_ variable: ScoredVariable, scorer: Scorer, truth: ScoredTruth) {
    areaWeights = scorer.areaWeights
    channelCount = scorer.channelCount
    let all = scorer.areaWeights.indices.flatMap { vertex in
      variable.channels.map { vertex * scorer.channelCount + $0 }
    }.filter { truth.isValid[$0] }
    byRegion = [
      .all: all, .observed: all.filter { truth.isObserved[$0] }, .missing: all.filter { !truth.isObserved[$0] },
    ]
  }

  func vertex(of entry: Int) -> Int { entry / channelCount }

  func weight(of entry: Int, _ weighting: Weighting) -> Double {
    weighting == .plain ? 1 : areaWeights[entry / channelCount]
  }

  /// Calls `body` for every combination of region and weighting with a positive total weight.
  func forEachRegion(_ body: (Region, Weighting, _ mean: ((Int) -> Double) -> Double) -> Void) {
    for region in Region.allCases {
      for weighting in Weighting.allCases {
        let entries = byRegion[region] ?? []
        if let mean = mean(over: entries, weighting) { body(region, weighting, mean) }
      }
    }
  }

  /// A function for weighted means over `entries`; nil if their total weight is zero.
  func mean(over entries: [Int], _ weighting: Weighting) -> (((Int) -> Double) -> Double)? {
    let total = entries.reduce(0) { $0 + weight(of: $1, weighting) }
    guard total > 0 else { return nil }
    return { value in entries.reduce(0) { $0 + weight(of: $1, weighting) * value($1) } / total }
  }
}
