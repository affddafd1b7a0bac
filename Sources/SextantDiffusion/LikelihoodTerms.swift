// The bound on log p(x) of a noise predictor (Kingma et al. 2021, "Variational diffusion models"; Mammadov, Chung and
// Ye 2024, equations 14 to 17), in terms that both the evaluation of the bound and the distillation of a prior use:
//
//     −log p(x) ≤ KL(q(x₁|x) ‖ N(0, I)) − E log p(x | x_t₀) + ½·∫ β/s²·E‖ε̂ − ε‖² dt.
//
// If p(x | x_t₀) is normal about the denoised field with standard deviation s₀/α₀, the second term is ½·E‖ε̂ − ε‖² at
// t₀ plus a constant: the same integrand, with a weight of 1 at the single time t₀. Both terms are therefore sampled
// from one distribution of times, which gives t₀ the probability 1/(Z + 1), and share one evaluation of the predictor.

import Foundation

extension VariancePreservingSchedule {
  /// Z + 1, the total weight of the times including the point mass at t₀. Half of it times ‖ε̂ − ε‖² is an unbiased
  /// estimate.
  var likelihoodWeight: Double { totalWeight + 1 }

  /// Maps a number in [0, 1) to a time: t₀ with probability 1/(Z + 1), otherwise a time with density ∝ β/s².
  func likelihoodTime(_ uniform: Double) -> Double {
    let weight = uniform * likelihoodWeight
    return weight < 1 ? startTime : time(atCumulativeWeight: weight - 1)
  }

  /// KL(q(x₁|x) ‖ N(0, I)) in nats, for a field of `dimension` values whose sum of squares is `squaredNorm`.
  func endDivergence(squaredNorm: Double, dimension: Int) -> Double {
    let (signal, variance) = (self.signal(at: 1), pow(noise(at: 1), 2))
    return 0.5 * (signal * signal * squaredNorm + Double(dimension) * (variance - 1 - log(variance)))
  }

  /// The constant of −log p(x | x_t₀) in nats, for a field of `dimension` values.
  func startConstant(dimension: Int) -> Double {
    0.5 * Double(dimension) * log(2 * .pi * pow(noiseToSignal(at: startTime), 2))
  }
}
