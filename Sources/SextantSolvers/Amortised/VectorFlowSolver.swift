// A solver that samples a conditional flow over the whole vector of a field's states: the APS flow (A. Mammadov, H.
// Chung and J. C. Ye, "Amortized Posterior Sampling with Diffusion Prior Distillation", arXiv:2407.17907, 2024) on a
// model's domain. One evaluation of the flow gives all samples. It is not based on a Gaussian posterior, so it does not
// generalise to conditions outside its training, such as another noise level.

import SextantArrays
import SextantAutodiff
import SextantFlows
import SextantMeasurement
import SextantNetworks
import SextantPriors

/// Draws the samples of a posterior directly from a trained flow.
struct VectorFlowSolver: DirectSolver {
  let name: String
  private let flow: any ConditionalFlow<Float>
  private let conditionsOnMask: Bool
  private let trained: LearnedFlow
  private let space: StateSpace
  private let transforms: [MarginalTransform]
  /// The number of samples whose average is the mean if no samples are requested.
  private static let samplesOfMean = 128

  /// - Parameters:
  ///   - name: the name in tables.
  ///   - whole: the flow of d states, whose condition is ``StateSpace/condition(of:transforms:withMask:)``.
  ///   - trained: its trained parameters.
  ///   - space: the space of the states.
  ///   - transforms: the transform of each channel (C).
  init(
    name: String = "vector flow", _ whole: LearnedFlow.WholeFlow, trained: LearnedFlow, space: StateSpace,
    transforms: [MarginalTransform]
  ) {
    precondition(whole.flow.dimension == space.count, "A flow of \(whole.flow.dimension) entries for \(space.count) states")
    (self.name, flow, conditionsOnMask, self.trained) = (name, whole.flow, whole.conditionsOnMask, trained)
    (self.space, self.transforms) = (space, transforms)
  }

  func check(_ operation: any LinearOperator) throws { try trained.check(operation) }

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

  /// Samples (N×V·C), in transformed units.
  private func fields(
    given measurement: FieldMeasurement, count: Int, using random: inout RandomStream
  ) throws -> Tensor<Float> {
    let condition = try space.condition(of: measurement, transforms: transforms, withMask: conditionsOnMask)
    let pass = NetworkPass(trained.parameters, isTraining: false, wantsGradients: false)
    let prepared = flow.prepare(pass.tape.constant(Tensor(condition, shape: [1, condition.count])), in: pass)
    let z: Tensor<Float> = random.normals([count, space.count])
    let states = flow.sample(pass.tape.constant(z), given: prepared, in: pass).values.value
    return space.fields(fromStates: states, label: measurement.label)
  }
}
