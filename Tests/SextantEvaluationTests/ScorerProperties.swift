// Laws of the scorer: what is never scored, what does not matter, and what is refused.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantEvaluation

@Suite("Scorer")
struct ScorerProperties {
  @Test("what lies under an invalid entry has no effect, be it NaN")
  func invalidEntriesAreNotScored() throws {
    let reference = try ReferenceScores.load()
    let invalid = reference.isValid.indices.filter { !reference.isValid[$0] }
    func spoiled(_ values: [Float]) -> [Float] {
      var values = values
      for entry in invalid { values[entry] = .nan }
      return values
    }
    let count = reference.truth.count
    let samples = (0..<reference.sampleCount).flatMap { i in
      spoiled(Array(reference.samples[i * count..<(i + 1) * count]))
    }
    let scores = try reference.scorer.scores(
      of: ScoredEstimate(
        mean: spoiled(reference.mean), spread: spoiled(reference.spread),
        samples: Tensor(samples, shape: [reference.sampleCount, count])),
      against: ScoredTruth(
        values: spoiled(reference.truth), isValid: reference.isValid, isObserved: reference.isObserved),
      label: ScoreLabel(method: "reference", field: "0", group: "random"),
      breakingTiesWith: RandomStream(seed: 1))
    #expect(scores == (try reference.computed()))
  }

  @Test("a value that is not finite where it is to be scored is refused, with its place")
  func refusesNaN() throws {
    let reference = try ReferenceScores.load()
    var mean = reference.mean
    mean[2 * 77 + 1] = .nan
    let error = #expect(throws: EvaluationError.self) {
      try reference.scorer.scores(
        of: ScoredEstimate(mean: mean),
        against: ScoredTruth(
          values: reference.truth, isValid: reference.isValid, isObserved: reference.isObserved),
        label: ScoreLabel(method: "m", field: "f", group: ""), breakingTiesWith: RandomStream(seed: 1))
    }
    #expect(error == .notFinite(what: "The mean", variable: "height", vertex: 77))
  }

  @Test("a method without samples has errors but no calibration")
  func worksWithoutSamples() throws {
    let scorer = Scorer(
      variables: [ScoredVariable(name: "x", channels: [0], peak: 1)], channelCount: 1, areaWeights: [1, 2, 3])
    let scores = try scorer.scores(
      of: ScoredEstimate(mean: [0, 1, 2]),
      against: ScoredTruth(values: [0, 1, 4], isValid: [true, true, true], isObserved: [true, true, false]),
      label: ScoreLabel(method: "m", field: "f", group: ""), breakingTiesWith: RandomStream(seed: 1))[0]
    #expect(scores[.rootMeanSquareError, in: .missing] == 2)
    #expect(scores[.bias, weighting: .area] == -1)
    #expect(scores[.rootMeanSquareError, in: .observed] == 0)
    #expect(scores[.psnr, in: .observed] == nil, "an infinite PSNR is no number")
    #expect(scores[.crps] == nil && scores.rankHistograms.isEmpty && scores.latitudeBands.isEmpty)
    #expect(scores.counts == [.all: 3, .observed: 2, .missing: 1])
  }

  @Test("colours that share a scale are scored as one variable")
  func channelsArePooled() throws {
    let scorer = Scorer(
      variables: [ScoredVariable(name: "colour", channels: [0, 1], peak: 1)], channelCount: 2, areaWeights: [1, 1])
    let all = [Bool](repeating: true, count: 4)
    let scores = try scorer.scores(
      of: ScoredEstimate(mean: [0.1, 0, 0, 0.1]),
      against: ScoredTruth(values: [0, 0, 0, 0], isValid: all, isObserved: all),
      label: ScoreLabel(method: "m", field: "f", group: ""), breakingTiesWith: RandomStream(seed: 1))[0]
    #expect(abs((scores[.psnr] ?? 0) - 10 * log10(1 / 0.005)) < 1e-5)
  }

  @Test("the first sample alone is what a method of one sample would score")
  func firstSampleIsScoredAlone() throws {
    let reference = try ReferenceScores.load()
    let both = try reference.computed()
    let alone = try reference.scorer.scores(
      of: ScoredEstimate(mean: Array(reference.samples[0..<reference.truth.count])),
      against: ScoredTruth(
        values: reference.truth, isValid: reference.isValid, isObserved: reference.isObserved),
      label: ScoreLabel(method: "m", field: "f", group: ""), breakingTiesWith: RandomStream(seed: 1))
    for score in [Score.psnr, .rootMeanSquareError, .bias, .structuralSimilarity] {
      #expect(both[0][score, of: .firstSample] == alone[0][score, of: .mean])
    }
  }

  @Test("an identical raster has similarity 1; without a whole window there is none")
  func similarityOfEqualRasters() {
    var random = RandomStream(seed: 1)
    let raster = Raster(rows: 12, columns: 14, wraps: true)
    let image = (0..<12 * 14).map { _ in random.uniform() }
    let valid = [Bool](repeating: true, count: image.count)
    let map = StructuralSimilarity.map(truth: image, estimate: image, isValid: valid, raster: raster, peak: 1)
    #expect(map.filter { !$0.isNaN }.count == 2 * 14)
    #expect(map.allSatisfy { $0.isNaN || abs($0 - 1) < 1e-12 })
    let small = Raster(rows: 12, columns: 14)
    let flat = StructuralSimilarity.map(truth: image, estimate: image, isValid: valid, raster: small, peak: 1)
    #expect(flat.filter { !$0.isNaN }.count == 2 * 4)
  }

  @Test("turning the globe does not change the similarity on a grid that wraps")
  func similarityTurnsWithTheGlobe() {
    var random = RandomStream(seed: 2)
    let raster = Raster(rows: 13, columns: 15, wraps: true)
    let (x, y) = ((0..<195).map { _ in random.uniform() }, (0..<195).map { _ in random.uniform() })
    let valid = [Bool](repeating: true, count: 195)
    func turned(_ image: [Double]) -> [Double] { (0..<195).map { image[$0 / 15 * 15 + ($0 % 15 + 4) % 15] } }
    let map = StructuralSimilarity.map(truth: x, estimate: y, isValid: valid, raster: raster, peak: 1)
    let other = StructuralSimilarity.map(
      truth: turned(x), estimate: turned(y), isValid: valid, raster: raster, peak: 1)
    #expect(zip(turned(map), other).allSatisfy { ($0.isNaN && $1.isNaN) || $0 == $1 })
  }

  @Test("a grid tells the scorer its raster, its seam, its areas and its latitudes")
  func readsDomains() throws {
    let latitudes = stride(from: 90.0, through: -90, by: -15).map { $0 }
    let global = try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: (0..<16).map { Double($0) * 22.5 })
    let variables = [ScoredVariable(name: "x", channels: [0], peak: 1)]
    let scorer = Scorer(on: global, variables: variables, channelCount: 1)
    #expect(scorer.raster == Raster(rows: 13, columns: 16, wraps: true, firstEdge: .pole, lastEdge: .pole))
    let area = scorer.areaWeights.reduce(0, +)
    #expect(abs(area - 4 * Double.pi) < 1e-9)
    #expect(scorer.latitudes?.first == 90 && abs((scorer.latitudes?[17] ?? 0) - 75) < 1e-9)
  }

  @Test("a seam column that is repeated does not count twice")
  func similarityAcrossARepeatedSeam() {
    var random = RandomStream(seed: 3)
    let (x, y) = ((0..<13 * 17).map { _ in random.uniform() }, (0..<13 * 17).map { _ in random.uniform() })
    func map(_ raster: Raster) -> [Double] {
      StructuralSimilarity.map(
        truth: x, estimate: y, isValid: [Bool](repeating: true, count: x.count), raster: raster, peak: 1)
    }
    let repeated = map(Raster(rows: 13, columns: 17, wraps: true, repeatsColumn: true))
    let flat = map(Raster(rows: 13, columns: 17))
    #expect(repeated.contains { !$0.isNaN })
    #expect(zip(repeated, flat).allSatisfy { ($0.isNaN && $1.isNaN) || $0 == $1 })
  }
}
