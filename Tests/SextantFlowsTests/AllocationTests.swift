// A training step of a flow in its steady state asks the system for no memory: the pool's own counter says so.

import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantNetworks
import Testing

@Suite(.serialized) struct AllocationTests {
  @Test func aSteadyTrainingStepAllocatesNothing() throws {
    var configuration = CouplingFlowConfiguration.paper
    configuration.steps = 2
    let (dimension, batch) = (512, 32)
    var stream = RandomStream(seed: 1)
    var builder = ParameterBuilder<Float>(random: stream.split("parameters"))
    let flow = try ConditionalRealNVP(
      &builder, dimension: dimension, conditionWidth: dimension, configuration: configuration)
    var parameters = builder.parameters
    var optimiser = Adam(AdamSettings(rate: 1e-4, largestNorm: 1), for: parameters)
    let (y, z): (Tensor<Float>, Tensor<Float>) = (
      stream.normals([batch, dimension]), stream.normals([batch, dimension])
    )
    func gradients() -> [ParameterGradient<Float>?] {
      let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
      let points = flow.sample(pass.tape.constant(z), given: pass.tape.constant(y), in: pass)
      let loss = points.values.squared().sum() - points.logDeterminant.sum()
      pass.applyUpdates(to: &parameters)
      return pass.parameterGradients(pass.tape.gradients(of: loss))
    }
    func step() {
      let gradients = gradients()
      _ = optimiser.update(&parameters, gradients: gradients)
    }
    for _ in 0..<3 { step() }
    let before = StoragePool.shared.statistics
    for _ in 0..<3 { step() }
    let after = StoragePool.shared.statistics
    #expect(after.allocations == before.allocations)
    #expect(after.reuses > before.reuses)
  }
}
