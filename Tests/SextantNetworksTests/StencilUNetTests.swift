// The U-Net over neighbourhood tables: silent before it is trained, differentiable, and the same for any batch.

import SextantArrays
import SextantAutodiff
import SextantNetworks
import Testing

@Suite struct StencilUNetTests {
  static func network<Scalar: TensorScalar>(
    usesTime: Bool, startsAtZero: Bool
  ) -> (StencilUNet<Scalar>, ParameterSet<Scalar>) {
    var builder = ParameterBuilder<Scalar>(random: RandomStream(seed: 4))
    let network = StencilUNet(
      StencilUNetConfiguration(inputChannels: 3, outputChannels: 2, widths: [8, 16, 16], usesTime: usesTime),
      hierarchy: .line(count: 13, levelCount: 3), in: &builder)
    var parameters = builder.parameters
    if !startsAtZero {
      var random = RandomStream(seed: 5)
      for i in parameters.tensors.indices {
        parameters.tensors[i].add(random.normals(parameters.tensors[i].shape, as: Scalar.self), scaledBy: 0.1)
      }
    }
    return (network, parameters)
  }

  @Test(arguments: [true, false]) func saysNothingBeforeItIsTrained(usesTime: Bool) {
    let (network, parameters): (StencilUNet<Float>, _) = Self.network(usesTime: usesTime, startsAtZero: true)
    var random = RandomStream(seed: 1)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let result = network(
      pass.tape.constant(random.normals([2, 13, 3])), time: usesTime ? [0.1, 0.9] : nil, in: pass)
    #expect(result.value == .zeros([2, 13, 2]))
  }

  @Test(arguments: [true, false]) func gradientsAreDerivatives(usesTime: Bool) {
    let (network, parameters): (StencilUNet<Double>, _) = Self.network(usesTime: usesTime, startsAtZero: false)
    var random = RandomStream(seed: 2)
    let x = random.normals([2, 13, 3], as: Double.self)
    let times: [Double]? = usesTime ? [0.2, 0.7] : nil
    func loss(_ parameters: ParameterSet<Double>) -> (Double, [ParameterGradient<Double>?]) {
      let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
      let loss = network(pass.tape.constant(x), time: times, in: pass).squared().sum()
      return (loss.value.scalars[0], pass.parameterGradients(pass.tape.gradients(of: loss)))
    }
    let gradients = loss(parameters).1
    for (index, name) in parameters.names.enumerated() {
      let direction = random.normals(parameters.tensors[index].shape, as: Double.self)
      func moved(_ step: Double) -> Double {
        var parameters = parameters
        parameters.tensors[index].add(direction, scaledBy: step)
        return loss(parameters).0
      }
      let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5
      let found = gradients[index]?.tensor.dot(direction) ?? 0
      #expect(abs(found - expected) < 1e-5 * max(1, abs(expected)), "\(name): \(found), should be \(expected)")
    }
  }

  @Test func batchesChangeNothing() {
    let (network, parameters): (StencilUNet<Float>, _) = Self.network(usesTime: true, startsAtZero: false)
    var random = RandomStream(seed: 3)
    let x: Tensor<Float> = random.normals([4, 13, 3])
    func evaluate(_ range: Range<Int>) -> [Float] {
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      return network(
        pass.tape.constant(x.reshaped(to: [4, 39]).rows(range).reshaped(to: [range.count, 13, 3])),
        time: range.map { Double($0) / 4 }, in: pass
      ).value.scalars
    }
    let together = evaluate(0..<4)
    let apart = (0..<4).flatMap { evaluate($0..<$0 + 1) }
    #expect(zip(together, apart).allSatisfy { abs($0 - $1) < 1e-5 })
  }
}
