// The three losses of flows: a proper score of the marginals on pairs, maximum likelihood of whole fields, and amortised
// posterior sampling, which sees measurements alone.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantFlows
import SextantNetworks
import SextantSolvers

/// The loss of a network on Gaussian posteriors, on batches of pairs.
struct MarginalObjective: TrainingObjective {
  let pairs: SimulatedPairs
  let network: StencilUNet<Float>
  let lossFunction: MarginalLoss
  let batch: Int
  let stream: RandomStream
  private let seen: [Int]
  private let heldOut: [Int]

  init(pairs: SimulatedPairs, network: StencilUNet<Float>, loss: MarginalLoss, batch: Int, stream: RandomStream) {
    self.pairs = pairs
    self.network = network
    lossFunction = loss
    self.batch = batch
    self.stream = stream
    seen = pairs.isHeldOut.indices.filter { !pairs.isHeldOut[$0] }
    heldOut = pairs.isHeldOut.indices.filter { pairs.isHeldOut[$0] }
  }

  func loss(step: Int, parameters: inout ParameterSet<Float>, tape: Tape<Float>) throws -> StepResult {
    var random = stream.split(step)
    let chosen = (0..<batch).map { _ in seen[Int(random.next() % UInt64(seen.count))] }
    let data = pairs.batch(chosen)
    let pass = NetworkPass(
      parameters, tape: tape, isTraining: true, wantsGradients: true, random: random.split("dropout"))
    return pass.result(
      of: lossFunction(
        network(tape.constant(data.features), in: pass), target: data.targets, weights: data.weights))
  }

  func validation(_ parameters: ParameterSet<Float>) throws -> TrainingValidation {
    var sum = 0.0
    for start in stride(from: 0, to: heldOut.count, by: batch) {
      let chosen = Array(heldOut[start..<min(heldOut.count, start + batch)])
      let data = pairs.batch(chosen)
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let loss = lossFunction(
        network(pass.tape.constant(data.features), in: pass), target: data.targets, weights: data.weights)
      sum += Double(loss.value.scalars[0]) * Double(chosen.count)
    }
    return TrainingValidation(loss: sum / Double(heldOut.count))
  }
}

/// −log q(x|y) of a flow over the vector, in nats a state, on measurements that are made anew in every step.
struct LikelihoodObjective: TrainingObjective {
  let flow: ConditionalRealNVP<Float>
  let batch: Int
  /// Fields (B×d) and what the flow is told of them (B×condition), by the number of the step.
  let data: @Sendable (_ step: Int) throws -> (states: Tensor<Float>, conditions: Tensor<Float>)
  /// The same of fields that training does not see.
  let heldOut: (states: Tensor<Float>, conditions: Tensor<Float>)
  let judge: FlowEvaluator

  func loss(step: Int, parameters: inout ParameterSet<Float>, tape: Tape<Float>) throws -> StepResult {
    let (states, conditions) = try data(step)
    let pass = NetworkPass(parameters, tape: tape, isTraining: true, wantsGradients: true)
    let result = pass.result(of: negativeLogLikelihood(states, conditions, in: pass))
    pass.applyUpdates(to: &parameters)
    return result
  }

  private func negativeLogLikelihood(
    _ states: Tensor<Float>, _ conditions: Tensor<Float>, in pass: NetworkPass<Float>
  ) -> DifferentiableTensor<Float> {
    let points = flow.invert(pass.tape.constant(states), given: pass.tape.constant(conditions), in: pass)
    let density = standardNormalLogDensity(points.values) + points.logDeterminant
    return density.sum() * (-1 / Float(states.count))
  }

  func validation(_ parameters: ParameterSet<Float>) throws -> TrainingValidation {
    let calibrated = judge.calibrated(parameters)
    let pass = NetworkPass(calibrated, isTraining: false, wantsGradients: false)
    let loss = negativeLogLikelihood(heldOut.states, heldOut.conditions, in: pass)
    return TrainingValidation(loss: Double(loss.value.scalars[0]), figures: judge.figures(calibrated))
  }
}

/// Amortised posterior sampling of any flow. What is best is chosen by the loss on measurements that training does not see:
/// no truth has a say in it. Truths appear in the log alone.
struct UnsupervisedObjective: TrainingObjective {
  let training: AmortisedPosteriorLoss<Float>
  /// The loss on measurements that training does not see.
  let heldOut: AmortisedPosteriorLoss<Float>
  /// Batches of it that make a validation.
  let heldOutBatches: Int
  let judge: FlowEvaluator
  let random: RandomStream

  func loss(step: Int, parameters: inout ParameterSet<Float>, tape: Tape<Float>) throws -> StepResult {
    let pass = NetworkPass(
      parameters, tape: tape, isTraining: true, wantsGradients: true, random: random.split(step))
    let result = pass.result(of: try training.loss(atStep: step, in: pass))
    pass.applyUpdates(to: &parameters)
    return result
  }

  func validation(_ parameters: ParameterSet<Float>) throws -> TrainingValidation {
    let calibrated = judge.calibrated(parameters)
    var sum = 0.0
    for batch in 0..<heldOutBatches {
      let pass = NetworkPass(calibrated, isTraining: false, wantsGradients: false)
      sum += Double(try heldOut.loss(atStep: batch, in: pass).value.scalars[0])
    }
    return TrainingValidation(loss: sum / Double(heldOutBatches), figures: judge.figures(calibrated))
  }
}

extension NetworkPass<Float> {
  /// The loss (shape []) and its gradients.
  func result(of loss: DifferentiableTensor<Float>) -> StepResult {
    StepResult(loss: Double(loss.value.scalars[0]), gradients: parameterGradients(tape.gradients(of: loss)))
  }
}
