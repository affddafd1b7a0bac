// The calibration over a series: members that are whole films have the right spread of means and trends over time, and members that
// were drawn step by step do not.

import SextantArrays
import Testing

@testable import SextantPipelines

@Suite struct SeriesSummaries {
  /// Truth and members are exchangeable autoregressions of one cell, so that every interval covers its share; members whose
  /// steps belong to different films know nothing of the film.
  @Test func onlyWholeFilmsKnowMeansOverTime() throws {
    let (count, members, correlation) = (2400, 32, 0.9)
    var random = RandomStream(seed: 4)
    let fresh = (1 - correlation * correlation).squareRoot()
    var state: [Double] = random.normals([members + 1]).scalars
    var gathering = SeriesGathering()
    for step in 0..<count {
      let news: [Double] = random.normals([members + 1]).scalars
      for row in state.indices { state[row] = correlation * state[row] + fresh * news[row] }
      let truth = Tensor([Float(state[0])], shape: [1])
      let film = state.dropFirst().map { Float($0) }
      // Each step begins with another member.
      let mixed = (0..<members).map { film[($0 + 7 * step) % members] }
      for (method, values) in [("films", film), ("steps", mixed)] {
        gathering.add(
          method: method, group: "", draw: 0, truth: truth, isScored: [true], samples: Tensor(values, shape: [members, 1]), areas: [2],
          channelCount: 1)
      }
    }
    let summaries = gathering.summaries(variables: ["t"])
    let films = try #require(summaries.first { $0.method == "films" })
    let steps = try #require(summaries.first { $0.method == "steps" })
    // A hundred windows do not overlap, so that a coverage has an error of .03 and a ratio one of .07.
    for calibration in [films.areaMean, films.windowMean, films.windowTrend] {
      #expect(abs(calibration.coverage90 - 0.9) < 0.1, "\(calibration)")
      #expect(abs(calibration.spreadOverSkill - 1) < 0.25, "\(calibration)")
    }
    #expect(films.windowLength == 24 && films.areaMean.count == count && films.windowMean.count == count - 23)
    // At one step the two are the same ensemble.
    #expect(steps.areaMean.coverage90 == films.areaMean.coverage90)
    #expect(abs(steps.areaMean.spreadOverSkill - films.areaMean.spreadOverSkill) < 1e-9)
    #expect(steps.windowMean.spreadOverSkill < 0.5 && steps.windowMean.coverage90 < 0.6, "\(steps.windowMean)")
  }

  @Test func fewStepsAndNoMembersHaveNone() {
    var gathering = SeriesGathering()
    for step in 0..<20 {
      let ensembles: [(String, Tensor<Float>?)] = [("short", Tensor([0, 1], shape: [2, 1])), ("mean", nil)]
      for (method, samples) in ensembles where method == "mean" || step < 7 {
        gathering.add(
          method: method, group: "", draw: 0, truth: Tensor([0], shape: [1]), isScored: [true], samples: samples, areas: [1],
          channelCount: 1)
      }
    }
    #expect(gathering.summaries(variables: ["t"]).isEmpty)
  }
}
