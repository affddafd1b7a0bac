// Flows trained by maximum likelihood on fresh pairs come to the density that drew them, where that is known in closed form.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantNetworks
import Testing

@Suite(.serialized) struct MaximumLikelihoodTests {
  /// x ~ N(0, S·Sᵀ), y = x's first entries through C, plus noise of deviation σ; what is known about x given y.
  struct LinearPairs {
    let dimension: Int
    let measurements: Int
    private let root: Tensor<Double>
    private let map: Tensor<Double>
    private let gain: Tensor<Double>
    private let posterior: CholeskyFactor<Double>
    private let noise = 0.5

    init(dimension: Int, measurements: Int) throws {
      (self.dimension, self.measurements) = (dimension, measurements)
      var root: Tensor<Double> = FlowCase.normals([dimension, dimension], seed: 61) * 0.5
      for i in 0..<dimension { root[i, i] += 1 }
      self.root = root
      map = FlowCase.normals([measurements, dimension], seed: 62)
      var precision = try CholeskyFactor(gramMatrix(root)).inverse()
      if measurements > 0 { precision.add(gramMatrix(map, transposeFirst: true), scaledBy: 1 / (noise * noise)) }
      posterior = try CholeskyFactor(precision)
      gain = measurements > 0 ? posterior.solve(map.transposed()) * (1 / (noise * noise)) : .zeros([dimension, 0])
    }

    func draw(_ count: Int, using random: inout RandomStream) -> (x: Tensor<Double>, y: Tensor<Double>) {
      let x = matrixProduct(random.normals([count, dimension]), root, transposingSecond: true)
      let y = matrixProduct(x, map, transposingSecond: true)
      return (x, y + random.normals([count, measurements]) * noise)
    }

    /// The mean of log p(x | y) over pairs.
    func meanLogDensity(_ x: Tensor<Double>, _ y: Tensor<Double>) -> Double {
      let mean = measurements > 0 ? matrixProduct(y, gain, transposingSecond: true) : x * 0
      var lower = posterior.lower
      for i in 0..<dimension { for j in (i + 1)..<max(dimension, i + 1) { lower[i, j] = 0 } }
      let white = matrixProduct(x - mean, lower)
      let constant = 0.5 * posterior.logDeterminant - 0.5 * Double(dimension) * log(2 * .pi)
      return constant - 0.5 * white.dot(white) / Double(x.rowCount)
    }
  }

  /// Takes `steps` steps of Adam, with a rate that falls to 0, on what `loss` makes of the random numbers of a step.
  private func train(
    _ parameters: inout ParameterSet<Float>, steps: Int, rate: Double,
    loss: (NetworkPass<Float>, inout RandomStream) -> DifferentiableTensor<Float>
  ) {
    var optimiser = Adam(AdamSettings(rate: rate, largestNorm: 10), for: parameters)
    let random = RandomStream(seed: 63)
    for step in 0..<steps {
      optimiser.settings.rate = rate * 0.5 * (1 + cos(.pi * Double(step) / Double(steps)))
      var stream = random.split(step)
      var pass: NetworkPass<Float>? = NetworkPass(parameters, isTraining: true, wantsGradients: true)
      guard let current = pass else { return }
      let value = loss(current, &stream)
      let gradients = current.parameterGradients(current.tape.gradients(of: value))
      current.applyUpdates(to: &parameters)
      pass = nil
      _ = optimiser.update(&parameters, gradients: gradients)
    }
  }

  @Test(arguments: [(2, 0, 300), (3, 2, 500), (8, 5, 900)])
  func aConditionalFlowComesToTheLinearPosterior(dimension: Int, measurements: Int, steps: Int) throws {
    let pairs = try LinearPairs(dimension: dimension, measurements: measurements)
    var configuration = CouplingFlowConfiguration.small
    configuration.steps = 3
    configuration.minimumWidth = 32
    configuration.normalisesBatches = false
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 60))
    let flow = try ConditionalRealNVP(
      &builder, dimension: dimension, conditionWidth: measurements, configuration: configuration)
    var parameters = builder.parameters
    func logDensity(_ x: Tensor<Double>, _ y: Tensor<Double>, _ pass: NetworkPass<Float>) -> DifferentiableTensor<Float> {
      flow.logDensity(
        of: pass.tape.constant(x.converted(to: Float.self)), given: pass.tape.constant(y.converted(to: Float.self)),
        in: pass)
    }
    train(&parameters, steps: steps, rate: 8e-3) { pass, random in
      let (x, y) = pairs.draw(128, using: &random)
      return logDensity(x, y, pass).mean() * -1
    }
    var random = RandomStream(seed: 64)
    let (x, y) = pairs.draw(4000, using: &random)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let reached = Double(logDensity(x, y, pass).mean().value.scalars[0])
    let exact = pairs.meanLogDensity(x, y)
    // The mean difference is the Kullback–Leibler divergence: 0.06 nats at most, over all entries.
    #expect(exact - reached < 0.06, "\(reached) instead of \(exact)")
    #expect(reached < exact + 0.02)
  }

  @Test func aGaussianBaseFlowLearnsWhatItsGaussianLacks() throws {
    // w = (a, b/2 + a²·y): a bend that depends on the feature y. Its Gaussian has the right moments for y = 0 only.
    let k = 2
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 70))
    let flow = try GaussianBaseFlow(&builder, coefficientCount: k, featureCount: 1)
    var parameters = builder.parameters
    let base = GaussianCoefficients<Float>(
      mean: Tensor<Double>.zeros([k]), precisionFactor: try CholeskyFactor(Tensor([1.0, 0, 0, 4], shape: [2, 2])))
    func draw(_ count: Int, using random: inout RandomStream) -> (w: Tensor<Float>, y: Tensor<Float>, exact: Double) {
      let (z, y): (Tensor<Double>, Tensor<Double>) = (random.normals([count, k]), random.normals([count, 1]))
      let w = Tensor(
        (0..<count).flatMap { [Float(z[$0, 0]), Float(z[$0, 1] / 2 + z[$0, 0] * z[$0, 0] * y[$0, 0])] },
        shape: [count, k])
      return (w, y.converted(to: Float.self), log(2) - log(2 * .pi) - 0.5 * z.dot(z) / Double(count))
    }
    func meanLogDensity(_ w: Tensor<Float>, _ y: Tensor<Float>, _ pass: NetworkPass<Float>) -> DifferentiableTensor<Float> {
      flow.logDensity(of: pass.tape.constant(w), features: pass.tape.constant(y), from: [base], in: pass).mean()
    }
    var random = RandomStream(seed: 71)
    let (w, y, exact) = draw(4000, using: &random)
    func reached() -> Double {
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      return Double(meanLogDensity(w, y, pass).value.scalars[0])
    }
    let before = reached()
    train(&parameters, steps: 700, rate: 5e-3) { pass, random in
      let (w, y, _) = draw(128, using: &random)
      return meanLogDensity(w, y, pass) * -1
    }
    #expect(exact - before > 1)
    #expect(exact - reached() < 0.15, "\(reached()) instead of \(exact)")
  }
}
