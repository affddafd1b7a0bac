// The two losses of FlowDiff (Y. Wang, W. Bai, W. Luo, W. Chen and H. Sun, "Integrating Amortized Inference with Diffusion Models for
// Learning Clean Distribution from Corrupted Images"): those of a conditional flow q(x|y) and of a diffusion prior that learn from measurements alone
// and from each other. The flow's is that of amortised posterior sampling under the prior as it is now, whose bound has the weight g²
// (equation 6 with 10); the prior's is score matching on the flow's draws, with no weight (equation 7).

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSolvers

/// The losses of a flow and a prior on some measurements.
struct JointLosses {
  let flow: any StateFlow
  let prior: NoiseTraining
  let fidelity: StateFidelity
  /// Measurements a step.
  let batch: Int
  /// The smallest noise of the prior that the flow learns from; nil for all.
  let smallestNoise: Double?
  let annealing: DataAnnealing?
  var random: RandomStream

  /// The same losses with other random numbers.
  func with(random: RandomStream) -> JointLosses {
    var result = self
    result.random = random
    return result
  }

  /// The loss of the flow on the measurements `numbers`, under the prior with some parameters.
  func amortised(
    on numbers: [Int], under parameters: ParameterSet<Float>, batch: Int? = nil, annealed: Bool = true, _ purpose: String = "flow"
  ) -> AmortisedPosteriorLoss<Float> {
    let (flow, fidelity) = (flow, fidelity)
    return AmortisedPosteriorLoss(
      measurementCount: numbers.count, batchSize: batch ?? self.batch,
      prior: DistillationPrior(prior.predictor(parameters), smallestNoise: smallestNoise),
      annealing: annealed ? annealing : nil, random: random.split(purpose)
    ) { streams, indices, pass in
      flow.draw(indices.map { numbers[$0] }, using: streams, in: pass)
    } fidelity: { fields, indices in
      fidelity(fields, indices.map { numbers[$0] })
    }
  }

  /// The flow's turn, while the prior has some parameters.
  func flowTurn(on numbers: [Int], under parameters: ParameterSet<Float>) -> TrainingLoss {
    let loss = amortised(on: numbers, under: parameters)
    let random = random.split("flow dropout")
    return TrainingLoss(random: { random.split($0) }) { step, pass in
      try loss.loss(atStep: step, in: pass)
    } validation: { _ in TrainingValidation(loss: 0) }
  }

  /// The prior's turn: draws of the flow with some parameters are the fields that it learns from.
  func priorTurn(on numbers: [Int], drawnBy parameters: ParameterSet<Float>) -> TrainingLoss {
    let random = random.split("prior choices")
    return TrainingLoss(random: { random.split($0) }) { step, pass in
      noisePrediction(on: numbers, drawnBy: parameters, step: step).loss(atStep: step, in: pass)
    } validation: { _ in TrainingValidation(loss: 0) }
  }

  /// Score matching on draws that are new in each step.
  func noisePrediction(
    on numbers: [Int], drawnBy parameters: ParameterSet<Float>, step: Int
  ) -> NoisePredictionLoss<StateNoiseNetwork<Float>> {
    let own = random.split("prior")
    var choice = own.split("measurements").split(step)
    let size = prior.settings.batch
    let chosen = (0..<size).map { _ in numbers[Int(choice.next() % UInt64(numbers.count))] }
    return prior.loss(
      on: draws(of: chosen, by: parameters, random: own.split("draws").split(step)), batch: size, random: own.split("noise"))
  }

  /// A draw of the flow for each of some measurements (n×d).
  func draws(of numbers: [Int], by parameters: ParameterSet<Float>, random: RandomStream) -> Tensor<Float> {
    // As in training: a flow that normalises batches has no running statistics yet.
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: false, random: random.split("dropout"))
    let fields = flow.draw(numbers, using: numbers.indices.map { random.split($0) }, in: pass).fields.value
    return fields.reshaped(to: [numbers.count, fields.count / numbers.count])
  }
}
