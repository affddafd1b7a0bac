// The bound on log p(x) that a noise predictor stands for (Kingma et al., "Variational diffusion models", 2021;
// equations 14 to 17 of the APS paper), split into terms that the evaluation of a bound and the distillation of a prior
// share:
//
//   −log p(x) ≤ KL(q(x₁|x) ‖ N(0, I)) − E log p(x | x_t₀) + ½·∫ β/s²·E‖ε̂ − ε‖² dt.
//
// With p(x | x_t₀) normal about the denoised field with standard deviation s₀/α₀, the second term is ½·E‖ε̂ − ε‖² at t₀
// and a constant: the same integrand, with a weight of 1 at the single time t₀. So both are drawn from one distribution
// of times that gives t₀ the probability 1/(Z + 1), and one evaluation of the predictor serves both.

import Foundation

extension VariancePreservingSchedule {
  /// Z + 1: the weight of all times, t₀ with its own included. Half of it times ‖ε̂ − ε‖² is an unbiased estimate.
  var likelihoodWeight: Double { totalWeight + 1 }

  /// The time that a number in [0, 1) stands for: t₀ with probability 1/(Z + 1), or else with density ∝ β/s².
  func likelihoodTime(_ uniform: Double) -> Double {
    let weight = uniform * likelihoodWeight
    return weight < 1 ? startTime : time(atCumulativeWeight: weight - 1)
  }

  /// KL(q(x₁|x) ‖ N(0, I)) for a field of `dimension` numbers whose squares add up to `squaredNorm`, in nats.
  func endDivergence(squaredNorm: Double, dimension: Int) -> Double {
    let (signal, variance) = (self.signal(at: 1), pow(noise(at: 1), 2))
    return 0.5 * (signal * signal * squaredNorm + Double(dimension) * (variance - 1 - log(variance)))
  }

  /// The constant of −log p(x | x_t₀) for a field of `dimension` numbers, in nats.
  func startConstant(dimension: Int) -> Double {
    0.5 * Double(dimension) * log(2 * .pi * pow(noiseToSignal(at: startTime), 2))
  }
}
