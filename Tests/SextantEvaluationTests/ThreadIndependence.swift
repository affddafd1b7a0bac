// Results must not depend on how the work falls on threads, and the whole must be quick enough to run on every field.

import Foundation
import SextantArrays
import Testing

@testable import SextantEvaluation

@Suite("Threads and speed")
struct ThreadIndependence {
  @Test("every entry's statistics are those that it has alone in an ensemble")
  func entriesDoNotSeeEachOther() {
    var random = RandomStream(seed: 3)
    let truth: Tensor<Float> = random.normals([301])
    let samples: Tensor<Float> = random.normals([21, 301])
    let together = EnsembleStatistics(samples: samples, truth: truth.scalars)
    for entry in [0, 15, 16, 255, 256, 299, 300] {
      let alone = EnsembleStatistics(samples: samples.gatheringColumns([entry]), truth: [truth[entry]])
      #expect(alone.crps[0] == together.crps[entry] && alone.variance[0] == together.variance[entry])
      #expect(alone.coverage[0] == together.coverage[entry] && alone.samplesBelow[0] == together.samplesBelow[entry])
    }
  }

  @Test("scoring twice gives the same bits, whatever else the processors do")
  func repeats() throws {
    let reference = try ReferenceScores.load()
    let first = try reference.computed()
    for _ in 0..<3 { #expect(try reference.computed() == first) }
  }

  #if !DEBUG
    @Test("128 samples of 4140 vertices take less than 50 ms")
    func isQuick() {
      var random = RandomStream(seed: 3)
      let truth: Tensor<Float> = random.normals([4140])
      let samples: Tensor<Float> = random.normals([128, 4140])
      let scalars = truth.scalars
      let shortest = (0..<5).map { _ in
        ContinuousClock().measure { _ = EnsembleStatistics(samples: samples, truth: scalars) }
      }.min()
      #expect((shortest ?? .seconds(1)) < .milliseconds(50))
      print("Ensemble statistics of 128 samples of 4140 vertices: \(shortest ?? .zero)")
    }
  #endif
}
