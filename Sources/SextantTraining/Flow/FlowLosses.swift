// The losses of flows as values: a proper score of the marginals on pairs, maximum likelihood of whole fields, and amortised
// posterior sampling, which sees measurements alone.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantFlows
import SextantNetworks
import SextantSolvers

extension TrainingLoss {
  /// The loss of a network on Gaussian posteriors, on batches of `batch` pairs. Pairs of one simulated measurement are learned from
  /// together.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - pairs: the pairs.
  ///   - score: the score of targets that are the truth, or that are not in the input.
  ///   - estimate: how the error at measured values of the input is estimated.
  ///   - ascent: the multiplier by which the size of the noise is found; nil where it is known.
  ///   - batch: the number of pairs in a step.
  ///   - random: the source of batches and of the network's random numbers.
  static func marginals(
    of network: StencilUNet<Float>, pairs: SimulatedPairs, score: MarginalLoss, estimate: RiskEstimate = .recorrupted,
    ascent: NoiseMultiplier? = nil, batch: Int, random: RandomStream
  ) -> TrainingLoss {
    let (seen, heldOut) = (pairs.measurements(heldOut: false), pairs.measurements(heldOut: true))
    let count = max(1, batch / pairs.viewCount)
    /// The multiplier that some numbers of a training's state are; nil where there is none.
    func multiplier(_ numbers: [Double]) -> NoiseMultiplier? {
      ascent.map { NoiseMultiplier(numbers[0], velocity: numbers[1], rate: $0.rate, momentum: $0.momentum) }
    }
    func loss(
      _ chosen: [Int], _ multiplier: NoiseMultiplier?, in pass: NetworkPass<Float>
    ) -> (value: DifferentiableTensor<Float>, divergence: Double) {
      let data = pairs.batch(ofMeasurements: chosen)
      let output = network(pass.tape.constant(data.features), in: pass)
      guard let noise = data.noise else { return (score(output, target: data.targets, weights: data.weights), 0) }
      var estimate = estimate
      if let multiplier { estimate.multiplier = multiplier.value }
      let measured = MeasuredLoss(score, estimate: estimate, knowsNoise: multiplier == nil)
      return (
        measured(output, target: data.targets, weights: data.weights, noise: noise),
        multiplier == nil
          ? 0 : measured.divergence(output.value, target: data.targets, weights: data.weights, noise: noise)
      )
    }
    return TrainingLoss(
      random: { random.split($0).split("dropout") }, multipliers: ascent.map { [$0.value, $0.velocity] } ?? []
    ) { step, numbers, pass in
      var random = random.split(step)
      var own = multiplier(numbers)
      let found = loss((0..<count).map { _ in seen[Int(random.next() % UInt64(seen.count))] }, own, in: pass)
      own?.ascend(divergence: found.divergence)
      numbers = own.map { [$0.value, $0.velocity] } ?? []
      return found.value
    } validation: { parameters, numbers in
      let own = multiplier(numbers)
      var (sum, divergence) = (0.0, 0.0)
      for start in stride(from: 0, to: heldOut.count, by: count) {
        let chosen = Array(heldOut[start..<min(heldOut.count, start + count)])
        let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
        let found = loss(chosen, own, in: pass)
        sum += Double(found.value.value.scalars[0]) * Double(chosen.count)
        divergence += found.divergence * Double(chosen.count)
      }
      let total = Double(heldOut.count)
      return TrainingValidation(
        loss: sum / total,
        figures: own.map { [FlowTraining.noiseFigure: $0.value.squareRoot(), "divergence": divergence / total] })
    }
  }

  /// −log q(x|y) of a flow over the vector, in nats a state, on measurements that are simulated anew in every step.
  ///
  /// - Parameters:
  ///   - flow: the flow.
  ///   - evaluator: scores the flow for the log.
  ///   - heldOut: fields that training does not see (N×d), and the conditions on their measurements (N×condition).
  ///   - data: the same for a batch, by the number of the step.
  static func likelihood(
    of flow: any ConditionalFlow<Float>, evaluator: FlowEvaluator,
    heldOut: (states: Tensor<Float>, conditions: Tensor<Float>),
    data: @escaping (_ step: Int) throws -> (states: Tensor<Float>, conditions: Tensor<Float>)
  ) -> TrainingLoss {
    func loss(
      _ data: (states: Tensor<Float>, conditions: Tensor<Float>), in pass: NetworkPass<Float>
    ) -> DifferentiableTensor<Float> {
      let points = flow.invert(pass.tape.constant(data.states), given: pass.tape.constant(data.conditions), in: pass)
      let density = standardNormalLogDensity(points.values) + points.logDeterminant
      return density.sum() * (-1 / Float(data.states.count))
    }
    return TrainingLoss { step, pass in
      loss(try data(step), in: pass)
    } validation: { parameters in
      let calibrated = evaluator.calibrated(parameters)
      let pass = NetworkPass(calibrated, isTraining: false, wantsGradients: false)
      return TrainingValidation(
        loss: Double(loss(heldOut, in: pass).value.scalars[0]), figures: evaluator.figures(calibrated))
    }
  }

  /// Amortised posterior sampling of any flow. The best parameters are chosen by the loss on measurements that training does
  /// not see: truths have no part in it, and appear in the log alone.
  ///
  /// - Parameters:
  ///   - training: the loss on the measurements to learn from.
  ///   - heldOut: the loss on measurements that training does not see.
  ///   - batches: how many batches of `heldOut` make a validation.
  ///   - evaluator: scores the flow for the log.
  ///   - random: the source of the network's random numbers.
  static func amortisedPosterior(
    _ training: AmortisedPosteriorLoss<Float>, heldOut: AmortisedPosteriorLoss<Float>, batches: Int,
    evaluator: FlowEvaluator, random: RandomStream
  ) -> TrainingLoss {
    TrainingLoss(random: { random.split($0) }) { step, pass in
      try training.loss(atStep: step, in: pass)
    } validation: { parameters in
      let calibrated = evaluator.calibrated(parameters)
      var sum = 0.0
      for batch in 0..<batches {
        let pass = NetworkPass(calibrated, isTraining: false, wantsGradients: false)
        sum += Double(try heldOut.loss(atStep: batch, in: pass).value.scalars[0])
      }
      return TrainingValidation(loss: sum / Double(batches), figures: evaluator.figures(calibrated))
    }
  }
}
