// A number that is not finite names where it arose.

import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantNetworks
import Testing

@Suite struct NonFiniteTests {
  let each = FlowCase("small", 6, 5, .small)

  func loss(_ flow: ConditionalRealNVP<Float>, _ scale: Float) -> (NetworkPass<Float>) -> DifferentiableTensor<Float> {
    { pass in
      let z = pass.tape.constant((FlowCase.normals([4, 6], seed: 1) as Tensor<Float>) * scale)
      let y = pass.tape.constant(FlowCase.normals([4, 5], seed: 2) as Tensor<Float>)
      let points = flow.sample(z, given: y, in: pass)
      return points.values.squared().sum() - points.logDeterminant.sum()
    }
  }

  @Test func nothingIsFoundWhereAllIsFinite() throws {
    let (flow, parameters) = try each.buildMoved(Float.self)
    #expect(NonFiniteSearch.place(in: parameters, isTraining: true, of: loss(flow, 1)) == nil)
  }

  @Test func aParameterIsNamed() throws {
    var (flow, parameters) = try each.buildMoved(Float.self)
    let index = try #require(parameters.names.firstIndex(of: "step.3.coupling.1.second.weight"))
    parameters.tensors[index][0, 0] = .nan
    let place = NonFiniteSearch.place(in: parameters, isTraining: true, of: loss(flow, 1))
    #expect(place == "the parameter 'step.3.coupling.1.second.weight'")
  }

  @Test func aValueIsNamedByStepCouplingAndOperation() throws {
    var (flow, parameters) = try each.buildMoved(Float.self)
    let index = try #require(parameters.names.firstIndex(of: "step.3.coupling.1.output.log_scale"))
    // exp(3·1000) is infinite.
    parameters.tensors[index] = parameters.tensors[index] * 0 + Tensor(repeating: 1000, shape: [6])
    #expect(throws: FlowError.self) {
      try NonFiniteSearch.check(parameters, isTraining: false, trainingStep: 41, of: loss(flow, 1))
    }
    let place = try #require(NonFiniteSearch.place(in: parameters, isTraining: false, of: loss(flow, 1)))
    #expect(place.hasPrefix("the value of step 3 / coupling 1 / "), "\(place)")
  }

  @Test func aLossBeyondTheScalarIsNamed() throws {
    let (flow, parameters) = try each.build(Float.self)
    let place = try #require(NonFiniteSearch.place(in: parameters, isTraining: false, of: loss(flow, 1e30)))
    #expect(place == "the value of activation", "\(place)")
  }
}
