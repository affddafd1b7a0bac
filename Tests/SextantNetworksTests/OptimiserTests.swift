// Optimisers: the formulas, independence of threads, memory that goes round.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks
import SextantTestSupport
import Testing

@Suite(.serialized) struct OptimiserTests {
  @Test func adamFollowsItsFormula() {
    var parameters = ParameterSet<Double>()
    _ = parameters.add("x", Tensor([1, -2, 3]))
    let settings = AdamSettings(
      rate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-3, decay: 0.5, warmUpSteps: 4, largestNorm: 2)
    var adam = Adam(settings, for: parameters)
    var (x, m, s) = ([1.0, -2, 3], [0.0, 0, 0], [0.0, 0, 0])
    for step in 1...6 {
      let gradient = x.map { $0 * Double(step) }
      let norm = gradient.map { $0 * $0 }.reduce(0, +).squareRoot()
      let found = adam.update(&parameters, gradients: [.whole(Tensor(gradient))])
      #expect(abs(found - norm) < 1e-12 * norm)
      let factor = norm > 2 ? 2 / norm : 1
      let rate = 0.1 * min(1, Double(step) / 4)
      for i in 0..<3 {
        let g = gradient[i] * factor
        m[i] = 0.8 * m[i] + 0.2 * g
        s[i] = 0.9 * s[i] + 0.1 * g * g
        let (moment, square) = (m[i] / (1 - pow(0.8, Double(step))), s[i] / (1 - pow(0.9, Double(step))))
        x[i] -= rate * 0.5 * x[i] + rate * moment / (square.squareRoot() + 1e-3)
        #expect(abs(parameters.tensors[0].scalars[i] - x[i]) < 1e-12)
      }
    }
  }

  @Test(arguments: [(64, 96, 64), (17, 35, 43), (1, 3, 2), (40, 1700, 50)])
  func aGradientInFactorsMovesWeightsLikeItsProduct(batch: Int, inputs: Int, outputs: Int) {
    var stream = RandomStream(seed: 4)
    let (g, x, w): (Tensor<Double>, Tensor<Double>, Tensor<Double>) = (
      stream.normals([batch, outputs]), stream.normals([batch, inputs]), stream.normals([outputs, inputs])
    )
    func moved(_ gradient: ParameterGradient<Double>) -> (weights: Tensor<Double>, norm: Double) {
      var parameters = ParameterSet<Double>()
      _ = parameters.add("w", w)
      var adam = Adam(AdamSettings(rate: 0.1, decay: 0.3, largestNorm: 2), for: parameters)
      let norm = (0..<3).map { _ in adam.update(&parameters, gradients: [gradient]) }.last ?? .nan
      return (parameters.tensors[0], norm)
    }
    let product = ParameterGradient.product(g, x)
    let (inFactors, whole) = (moved(product), moved(.whole(product.tensor)))
    #expect((inFactors.weights - whole.weights).scalars.allSatisfy { abs($0) < 1e-11 })
    #expect(abs(inFactors.norm - whole.norm) < 1e-12 * whole.norm)
  }

  @Test func aGradientThatIsNotFiniteChangesNothing() {
    var training = SmallTraining<Float>()
    _ = training.step()
    let before = (training.parameters.tensors, training.optimiser.step)
    var gradients = training.parameters.tensors.map { Optional(ParameterGradient.whole(Tensor<Float>.zeros($0.shape))) }
    gradients[0] = .whole(Tensor(repeating: .nan, shape: before.0[0].shape))
    #expect(!training.optimiser.update(&training.parameters, gradients: gradients).isFinite)
    #expect(training.parameters.tensors == before.0)
    #expect(training.optimiser.step == before.1)
  }

  @Test func averagesStartFastAndThenFollowSlowly() {
    var parameters = ParameterSet<Double>()
    let x = parameters.add("x", Tensor([0.0]))
    let statistic = parameters.add("statistic", Tensor([0.0]), isTrained: false)
    var average = ExponentialMovingAverage(of: parameters, decay: 0.5)
    parameters[x] = Tensor([1])
    parameters[statistic] = Tensor([7])
    var expected = 0.0
    for step in 1...12 {
      average.follow(parameters)
      expected += (1 - min(0.5, Double(1 + step) / Double(10 + step))) * (1 - expected)
      #expect(abs(average.parameters[x].scalars[0] - expected) < 1e-14)
    }
    #expect(average.parameters[statistic].scalars == [7])
  }

  @Test func threadsChangeNoBit() {
    let results = ThreadCounts.forEach {
      var training = SmallTraining<Float>(width: 20_000)
      for _ in 0..<3 { _ = training.step() }
      return training.parameters.tensors + training.average.parameters.tensors
    }
    #expect(results[0] == results[1])
  }

  @Test func steadyStepsAskTheSystemForNothing() {
    var training = SmallTraining<Float>(width: 300)
    for _ in 0..<4 { _ = training.step() }
    // Other suites use the pool at the same time: some round must be undisturbed.
    let rounds = (0..<20).map { _ in
      let before = StoragePool.shared.statistics.allocations
      for _ in 0..<3 { _ = training.step() }
      return StoragePool.shared.statistics.allocations - before
    }
    #expect(rounds.contains(0), "Blocks asked of the system: \(rounds)")
  }

  @Test func trainingReducesTheLoss() {
    var training = SmallTraining<Double>()
    let first = training.step()
    for _ in 0..<200 { _ = training.step() }
    #expect(training.step() < 0.1 * first)
  }
}
