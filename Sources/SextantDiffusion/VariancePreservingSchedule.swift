// The variance-preserving diffusion with a linear rate (Song et al. 2021, "Score-based generative modeling through
// stochastic differential equations") in closed form: x_t = α(t)·x + s(t)·ε with α² + s² = 1.
//
// Likelihoods need times with density ∝ β/s² (Song et al. 2021, "Maximum likelihood training of score-based diffusion
// models"). The integral of this weight is the negative log signal-to-noise ratio, which also has a closed-form
// inverse.

import Foundation

/// The rate at which noise replaces the signal: β(t) = β₀ + t·(β₁ − β₀) for t in [t₀, 1].
public struct VariancePreservingSchedule: Sendable, Equatable {
  /// β₀, the rate at t = 0.
  public let initialRate: Double
  /// β₁, the rate at t = 1.
  public let finalRate: Double
  /// t₀, the time of the smallest noise level of the model.
  public let startTime: Double

  /// Throws ``DiffusionError/unusableSchedule(initialRate:finalRate:startTime:)`` unless 0 < β₀ ≤ β₁ and 0 < t₀ < 1.
  public init(initialRate: Double = 0.1, finalRate: Double = 20, startTime: Double = 1e-3) throws {
    guard initialRate > 0, finalRate >= initialRate, finalRate.isFinite, startTime > 0, startTime < 1 else {
      throw DiffusionError.unusableSchedule(initialRate: initialRate, finalRate: finalRate, startTime: startTime)
    }
    self.init(checkedInitial: initialRate, final: finalRate, start: startTime)
  }

  private init(checkedInitial: Double, final: Double, start: Double) {
    (initialRate, finalRate, startTime) = (checkedInitial, final, start)
  }

  /// β from 0.1 to 20, the usual choice; x₁ retains 0.7 % of the signal.
  public static let standard = VariancePreservingSchedule(checkedInitial: 0.1, final: 20, start: 1e-3)
  /// β from 0.1 to 10, the choice of the score-prior code on which amortised posterior sampling builds; x₁ retains 8 %
  /// of the signal.
  public static let scorePrior = VariancePreservingSchedule(checkedInitial: 0.1, final: 10, start: 1e-3)

  /// β(t).
  public func rate(at time: Double) -> Double { initialRate + time * (finalRate - initialRate) }

  /// ∫₀ᵗ β.
  private func integratedRate(at time: Double) -> Double {
    time * (initialRate + 0.5 * time * (finalRate - initialRate))
  }

  /// α(t), the factor of the signal.
  public func signal(at time: Double) -> Double { exp(-0.5 * integratedRate(at: time)) }

  /// s(t), the standard deviation of the noise.
  public func noise(at time: Double) -> Double { (-expm1(-integratedRate(at: time))).squareRoot() }

  /// s/α, the noise in units of the data, that is relative to the undamped signal.
  public func noiseToSignal(at time: Double) -> Double { expm1(integratedRate(at: time)).squareRoot() }

  /// log(α²/s²), which decreases with time.
  public func logSignalToNoise(at time: Double) -> Double { -log(expm1(integratedRate(at: time))) }

  /// The time at which s/α is `ratio` (not clamped to [t₀, 1]).
  public func time(noiseToSignal ratio: Double) -> Double { time(integratedRate: log1p(ratio * ratio)) }

  private func time(integratedRate value: Double) -> Double {
    // The root of the quadratic in the form without cancellation.
    2 * value / (initialRate + (initialRate * initialRate + 2 * (finalRate - initialRate) * value).squareRoot())
  }

  /// The same diffusion with t₀ moved to the time at which s/α is `ratio`, if that is later.
  public func starting(atNoiseToSignal ratio: Double) -> VariancePreservingSchedule {
    VariancePreservingSchedule(
      checkedInitial: initialRate, final: finalRate, start: min(0.99, max(startTime, time(noiseToSignal: ratio))))
  }

  /// ∫ from t₀ to t of β/s², the weight of times in a likelihood. It equals the decrease of the log signal-to-noise
  /// ratio.
  public func cumulativeWeight(at time: Double) -> Double {
    logSignalToNoise(at: startTime) - logSignalToNoise(at: time)
  }

  /// Z = ∫ from t₀ to 1 of β/s²: 14.2 for β₁ = 10, 19.2 for β₁ = 20.
  public var totalWeight: Double { cumulativeWeight(at: 1) }

  /// The inverse of ``cumulativeWeight(at:)``; if `weight` is uniform in [0, Z), the time has density ∝ β/s².
  public func time(atCumulativeWeight weight: Double) -> Double {
    let logOfRatio = weight - logSignalToNoise(at: startTime)
    // log(e^B − 1) = v gives B = log(1 + e^v), in a form in which e^v does not overflow.
    let rate = logOfRatio > 30 ? logOfRatio : log1p(exp(logOfRatio))
    return min(1, max(startTime, time(integratedRate: rate)))
  }

  /// `count` + 1 times from 1 down to t₀ with evenly spaced log signal-to-noise ratios.
  public func descendingTimes(steps count: Int) -> [Double] {
    precondition(count > 0, "\(count) steps")
    return (0...count).map { step in
      time(atCumulativeWeight: totalWeight * Double(count - step) / Double(count))
    }
  }
}

extension VariancePreservingSchedule: Codable {
  private enum CodingKeys: String, CodingKey { case initialRate, finalRate, startTime }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      initialRate: values.decode(Double.self, forKey: .initialRate),
      finalRate: values.decode(Double.self, forKey: .finalRate),
      startTime: values.decode(Double.self, forKey: .startTime))
  }
}
