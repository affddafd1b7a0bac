// Networks that JAX trained too: the same output, gradients, ten losses and final weights.

import SextantArrays
import SextantAutodiff
import SextantNetworks
import Testing

@Suite struct ReferenceTests {
  func checkFlow<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) throws {
    let reference = try Reference("small_flow.json")
    var builder = ParameterBuilder<Scalar>(random: RandomStream(seed: 1))
    let couplings = (0..<2).map { coupling in
      builder.scope("coupling.\(coupling)") { builder in
        (
          dense: (0..<3).map {
            Dense("dense.\($0)", inputs: 7, outputs: $0 == 2 ? 6 : 7, in: &builder)
          },
          norm: (0..<2).map { BatchNormalisation("norm.\($0)", channels: 7, epsilon: 1e-2, in: &builder) }
        )
      }
    }
    let (z, condition, target) = try (reference.input("z"), reference.input("condition"), reference.input("target"))
    let trained = try reference.check(builder.parameters, AdamSettings(rate: 1e-2), tolerance: tolerance) { pass in
      func constant(_ x: Tensor<Double>) -> DifferentiableTensor<Scalar> { pass.tape.constant(x.converted(to: Scalar.self)) }
      var x = constant(z)
      var logDeterminant = pass.tape.constant(Tensor<Scalar>.zeros([8]))
      for coupling in couplings {
        let kept = x.columns(0..<3)
        var h = concatenateColumns([kept, constant(condition)])
        for layer in 0..<2 {
          h = coupling.norm[layer](coupling.dense[layer](h, in: pass).leakyReLU(slope: 0.01), in: pass)
        }
        h = coupling.dense[2](h, in: pass)
        let logScale = h.columns(0..<3).tanh()
        let changed = (x.columns(3..<6) + h.columns(3..<6)) * logScale.exponential()
        logDeterminant = logDeterminant + logScale.rowSums()
        x = concatenateColumns([kept, changed]).gatheringColumns([5, 4, 3, 2, 1, 0])
      }
      let error = (x - constant(target)).squared().rowSums() * 0.5
      return (x, (error - logDeterminant).mean())
    }
    for (name, statistics) in try #require(reference.running) {
      for (suffix, expected) in zip(["running_mean", "running_var"], statistics) {
        let index = try #require(trained.names.firstIndex(of: "\(name).\(suffix)"))
        reference.compare(trained.tensors[index], expected, tolerance, "\(name).\(suffix)")
      }
    }
  }

  @Test func aSmallFlowTrainsAsInJAX() throws {
    try checkFlow(Double.self, tolerance: 1e-7)
    try checkFlow(Float.self, tolerance: 1e-3)
  }

  func checkUNet<Scalar: TensorScalar>(
    _ fixture: String, tolerance: Double,
    _ build: (inout ParameterBuilder<Scalar>) -> (DifferentiableTensor<Scalar>, [Double], NetworkPass<Scalar>) -> DifferentiableTensor<Scalar>
  ) throws {
    let reference = try Reference(fixture)
    var builder = ParameterBuilder<Scalar>(random: RandomStream(seed: 1))
    let network = build(&builder)
    let (x, target) = try (reference.input("x"), reference.input("target"))
    let times = try reference.input("times").scalars
    _ = try reference.check(builder.parameters, AdamSettings(rate: 1e-3, beta2: 0.99), tolerance: tolerance) { pass in
      let output = network(pass.tape.constant(x.converted(to: Scalar.self)), times, pass)
      return (output, (output - pass.tape.constant(target.converted(to: Scalar.self))).squared().mean())
    }
  }

  func checkUNets<Scalar: TensorScalar>(_ type: Scalar.Type, tolerance: Double) throws {
    try checkUNet("small_unet_common.json", tolerance: tolerance) { (builder: inout ParameterBuilder<Scalar>) in
      var settings = UNet1DSettings(channels: 2, width: 4)
      (settings.multipliers, settings.heads, settings.headWidth) = ([1, 2], 2, 3)
      return UNet1D(settings, in: &builder).output
    }
    try checkUNet("small_unet_six_level.json", tolerance: tolerance) { (builder: inout ParameterBuilder<Scalar>) in
      var settings = DDPMUNetSettings(channels: 2, width: 4)
      (settings.widths, settings.blocks, settings.attentionLevels) = ([4, 8], 1, [1])
      return DDPMUNet(settings, in: &builder).output
    }
  }

  @Test func smallUNetsTrainAsInJAX() throws {
    try checkUNets(Double.self, tolerance: 1e-6)
    try checkUNets(Float.self, tolerance: 1e-3)
  }
}
