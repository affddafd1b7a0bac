// A conditional flow over the whole vector of a field's states as a solver: the flow of the APS paper on a model's domain. One
// evaluation of the flow gives all samples. It stands on no Gaussian posterior: what it was not taught it does not know,
// such as another noise than that of its training.

import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantMeasurement
import SextantNetworks
import SextantPriors

/// Samples of a posterior straight from a trained flow.
struct VectorFlowSolver: DirectSolver {
  let name: String
  private let flow: ConditionalRealNVP<Float>
  private let parameters: ParameterSet<Float>
  private let space: StateSpace
  private let transforms: [MarginalTransform]
  /// Samples that the mean is taken of where none are asked for.
  private static let samplesOfMean = 128

  /// - Parameters:
  ///   - flow: of d entries under a condition as ``MeasuredStates/condition(space:transforms:withMask:)`` makes it.
  ///   - parameters: what it learned.
  ///   - space: where its states live.
  ///   - transforms: what was done to each channel (C).
  init(
    name: String = "vector flow", flow: ConditionalRealNVP<Float>, parameters: ParameterSet<Float>, space: StateSpace,
    transforms: [MarginalTransform]
  ) {
    precondition(flow.dimension == space.count, "A flow of \(flow.dimension) entries for \(space.count) states")
    (self.name, self.flow, self.parameters) = (name, flow, parameters)
    (self.space, self.transforms) = (space, transforms)
  }

  func check(_ operation: any LinearOperator) throws { _ = try operation.entriesForFlow }

  func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let count = samples > 0 ? samples : Self.samplesOfMean
    var fields = try fields(given: measurement, count: count, using: &random)
    transforms.mapValues(&fields)
    return Posterior(
      mean: fields.columnMeans().map { Float($0) }, samples: samples > 0 ? fields : nil,
      cost: NetworkCost(evaluations: 1, evaluationsPerSample: 1))
  }

  /// Samples (N×V·C), transformed.
  private func fields(
    given measurement: FieldMeasurement, count: Int, using random: inout RandomStream
  ) throws -> Tensor<Float> {
    let condition = try MeasuredStates(measurement, space: space)
      .condition(space: space, transforms: transforms, withMask: flow.configuration.conditionsOnMask)
    let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
    let prepared = flow.prepare(pass.tape.constant(Tensor(condition, shape: [1, condition.count])), in: pass)
    let z: Tensor<Float> = random.normals([count, space.count])
    let states = flow.sample(pass.tape.constant(z), given: prepared, in: pass).values.value
    return space.fields(fromStates: states, label: measurement.label)
  }
}
