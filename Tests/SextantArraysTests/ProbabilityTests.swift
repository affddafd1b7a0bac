// Sums in the logarithm, weighted draws and the standard normal against their definitions.

import Foundation
import SextantArrays
import Testing

@Suite struct ProbabilityTests {
  @Test(arguments: [[0.3], [-1, 2, 0.5], [5, 5, 5, 5], [-30, 0, -Double.infinity]] as [[Double]], [0.0, -2000, 2000])
  func logSumExpIsTheLogarithmOfTheSum(_ values: [Double], shift: Double) {
    let expected = log(values.reduce(0) { $0 + exp($1) }) + shift
    #expect(abs(logSumExp(values.map { $0 + shift }) - expected) < 1e-12 * (1 + abs(expected)))
  }

  @Test func logSumExpOfNothingIsMinusInfinity() {
    #expect(logSumExp([]) == -.infinity)
    #expect(logSumExp([-.infinity, -.infinity]) == -.infinity)
  }

  @Test(arguments: [[1.0], [0.2, 0.5, 0.3], [0, 2, 0, 1, 0], [1e-3, 10, 10]])
  func drawsFollowTheWeights(_ weights: [Double]) {
    var random = RandomStream(seed: 5)
    let (count, total) = (40_000, weights.reduce(0, +))
    var hits = weights.map { _ in 0 }
    for _ in 0..<count {
      guard let index = random.categorical(weights, total: total) else {
        Issue.record("No index")
        return
      }
      hits[index] += 1
    }
    for (hit, weight) in zip(hits, weights) {
      let share = weight / total
      #expect(abs(Double(hit) / Double(count) - share) <= 5 * (share * (1 - share) / Double(count)).squareRoot())
    }
  }

  @Test func aDrawUsesOneUniformNumber() {
    var (drawn, plain) = (RandomStream(seed: 7), RandomStream(seed: 7))
    for _ in 0..<9 {
      _ = drawn.categorical([0.5, 0.25, 0.25])
      _ = plain.uniform()
    }
    #expect(drawn.next() == plain.next())
  }

  @Test func nothingIsDrawnWithoutWeight() {
    var random = RandomStream(seed: 1)
    #expect(random.categorical([0, 0], total: 0) == nil && random.categorical([]) == nil)
    // A remainder of rounding goes to the last index that has a weight.
    #expect(random.categorical([1, 0], total: 1e9) == 0)
  }

  @Test(arguments: [-6, -2.5, -1, -0.1, 0, 0.4, 1, 3, 7])
  func theStandardNormalIsConsistent(_ z: Double) {
    let step = 1e-5
    let slope = (StandardNormal.cumulative(z + step) - StandardNormal.cumulative(z - step)) / (2 * step)
    #expect(abs(slope - StandardNormal.density(z)) < 1e-9)
    #expect(abs(StandardNormal.cumulative(z) + StandardNormal.cumulative(-z) - 1) < 1e-15)
    #expect(abs(StandardNormal.central(z) - (2 * StandardNormal.cumulative(z) - 1)) < 1e-15)
    // ∫ (Φ(x) − 1{x ≥ z})² dx by the midpoint rule, split at the jump.
    let (width, count) = (12.0, 40_000)
    var integral = 0.0
    for k in 0..<count {
      let offset = (Double(k) + 0.5) * width / Double(count)
      let (below, above) = (StandardNormal.cumulative(z - offset), StandardNormal.cumulative(-(z + offset)))
      integral += (below * below + above * above) * width / Double(count)
    }
    #expect(abs(integral - StandardNormal.rankedProbability(z)) < 1e-6)
  }
}
