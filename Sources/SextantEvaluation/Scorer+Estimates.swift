// The scores of one estimate: errors and structural similarity of a single field, CRPS and coverage of distributions.

import Foundation
import SextantArrays
import SextantGeometry

extension Scorer {
  /// PSNR, MSE, RMSE, absolute error, bias and structural similarity of `values` (V·C).
  func addErrors(
    of values: [Float], as estimate: Estimate, _ truth: ScoredTruth, _ entries: VariableEntries,
    _ variable: ScoredVariable, to scores: inout FieldScores
  ) {
    entries.forEachRegion { region, weighting, mean in
      func key(_ score: Score) -> ScoreKey { ScoreKey(score, in: region, weighting: weighting, of: estimate) }
      let error = { (entry: Int) in Double(values[entry]) - Double(truth.values[entry]) }
      let meanSquare = mean { error($0) * error($0) }
      scores.values[key(.meanSquareError)] = meanSquare
      scores.values[key(.rootMeanSquareError)] = meanSquare.squareRoot()
      scores.values[key(.meanAbsoluteError)] = mean { abs(error($0)) }
      scores.values[key(.bias)] = mean(error)
      if meanSquare > 0, let peak = variable.peak {
        scores.values[key(.psnr)] = 10 * log10(peak * peak / meanSquare)
      }
    }
    addSimilarity(of: values, as: estimate, truth, entries, variable, to: &scores)
  }

  private func addSimilarity(
    of values: [Float], as estimate: Estimate, _ truth: ScoredTruth, _ entries: VariableEntries,
    _ variable: ScoredVariable, to scores: inout FieldScores
  ) {
    guard let raster, let peak = variable.peak else { return }
    let flat = Raster(rows: raster.rows, columns: raster.columns)
    for (score, raster) in [(Score.structuralSimilarity, raster), (.structuralSimilarityWithoutWrap, flat)] {
      var similarity = [Double](repeating: .nan, count: truth.values.count)
      for channel in variable.channels {
        let places = Array(stride(from: channel, to: truth.values.count, by: channelCount))
        let map = StructuralSimilarity.map(
          truth: places.map { Double(truth.values[$0]) - variable.origin },
          estimate: places.map { Double(values[$0]) - variable.origin }, isValid: places.map { truth.isValid[$0] },
          raster: raster, peak: peak)
        for (place, value) in zip(places, map) { similarity[place] = value }
      }
      for region in Region.allCases {
        let whole = (entries.byRegion[region] ?? []).filter { !similarity[$0].isNaN }
        for weighting in Weighting.allCases {
          guard let mean = entries.mean(over: whole, weighting) else { continue }
          scores.values[ScoreKey(score, in: region, weighting: weighting, of: estimate)] = mean { similarity[$0] }
        }
      }
    }
  }

  /// CRPS and coverage of a Gaussian at each entry.
  func addGaussian(
    _ mean: [Float], _ spread: [Float], _ truth: ScoredTruth, _ entries: VariableEntries, to scores: inout FieldScores
  ) {
    entries.forEachRegion { region, weighting, average in
      func key(_ score: Score) -> ScoreKey { ScoreKey(score, in: region, weighting: weighting, of: .gaussian) }
      let error = { (entry: Int) in Double(mean[entry]) - Double(truth.values[entry]) }
      scores.values[key(.crps)] = average { GaussianDistribution.crps(error: error($0), spread: Double(spread[$0])) }
      for level in CoverageLevel.allCases {
        scores.values[key(level.score)] = average {
          GaussianDistribution.isCovered(error: error($0), spread: Double(spread[$0]), at: level) ? 1 : 0
        }
      }
    }
  }

  /// CRPS, coverage, spread, skill and ranks of an ensemble.
  func addEnsemble(
    _ ensemble: EnsembleStatistics, _ entries: VariableEntries, _ random: RandomStream, to scores: inout FieldScores
  ) {
    let sampleCount = ensemble.sampleCount
    entries.forEachRegion { region, weighting, mean in
      func key(_ score: Score) -> ScoreKey { ScoreKey(score, in: region, weighting: weighting) }
      scores.values[key(.crps)] = mean { Double(ensemble.crps[$0]) }
      for level in CoverageLevel.allCases where level.isReached(by: sampleCount) {
        scores.values[key(level.score)] = mean { ensemble.isCovered($0, at: level, using: random) ? 1 : 0 }
      }
      guard sampleCount > 1 else { return }
      let correction = Double(sampleCount + 1) / Double(sampleCount)
      let spread = (correction * mean { Double(ensemble.variance[$0]) }).squareRoot()
      let skill = mean { Double(ensemble.meanError[$0]) * Double(ensemble.meanError[$0]) }.squareRoot()
      scores.values[key(.spread)] = spread
      scores.values[key(.skill)] = skill
      if skill > 0 { scores.values[key(.spreadSkillRatio)] = spread / skill }
    }
    for (region, members) in entries.byRegion where !members.isEmpty {
      var histogram = RankHistogram(sampleCount: sampleCount)
      for entry in members { histogram.count(ensemble.rank(entry, using: random)) }
      scores.rankHistograms[region] = histogram
      scores.values[ScoreKey(.rankCoverage90, in: region)] = histogram.share(withinCentral: 0.9)
    }
  }

  /// Area-weighted errors in each band that contains a vertex; empty if the domain is not on the sphere.
  func latitudeBands(
    _ mean: [Float], _ ensemble: EnsembleStatistics?, _ truth: ScoredTruth, _ entries: VariableEntries
  ) -> [LatitudeBandScores] {
    guard let latitudes else { return [] }
    return zip(Self.bandEdges, Self.bandEdges.dropFirst()).compactMap { from, to in
      let members = entries.all.filter { entry in
        let latitude = latitudes[entries.vertex(of: entry)]
        return latitude >= from && (latitude < to || (to == Self.bandEdges.last && latitude <= to))
      }
      guard let average = entries.mean(over: members, .area) else { return nil }
      let error = { (entry: Int) in Double(mean[entry]) - Double(truth.values[entry]) }
      return LatitudeBandScores(
        from: from, to: to, count: members.count, meanSquareError: average { error($0) * error($0) },
        bias: average(error), crps: ensemble.map { ensemble in average { Double(ensemble.crps[$0]) } })
    }
  }
}
