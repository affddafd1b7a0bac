// One measured value as two that are independent given the clean value, without knowing it: a network that sees the first is taught by the
// second (B. Monroy, J. Bacca and J. Tachella, "Generalized Recorrupted-to-Recorrupted: Self-Supervised Learning Beyond Gaussian Noise",
// CVPR, 2025). A share α of the information goes to the second value:
//
//   y₁ = (y − ω)/(1 − α),   y₂ = (y − (1 − α)·y₁)/α = ω/α,
//
// with ω | y drawn for each law so that both have a law of its kind, of the variances v/(1 − α) and v/α:
//
// - normal: y₁ = y + √(α/(1 − α))·σ·ε (T. Pang and others, "Recorrupted-to-Recorrupted", 2021);
// - counts z: ω ~ binomial(z, α), the thinning of a Poisson process;
// - speckle of ℓ looks: ω = y·beta(ℓα, ℓ(1 − α));
// - z successes of ℓ trials: ω counts those among ℓα of the trials, hypergeometric.
//
// Read noise on top of counts has no such split, because a value does not say which part of it was counted.

import SextantArrays

/// The split of measured values of a law.
public struct Recorruption: Sendable, Hashable {
  /// The law of the values.
  public let law: NoiseLaw
  /// α, the share of the information that goes to the second value; above 0 and below 1.
  public let share: Double
  /// The law of the first values.
  public let first: NoiseLaw
  /// The law of the second values.
  public let second: NoiseLaw

  /// - Parameters:
  ///   - law: the law of the values.
  ///   - share: α; of trials the nearest whole number is taken, at least one.
  /// - Throws: ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for a share that is none, for a single trial, and for
  ///   counts with read noise.
  public init(of law: NoiseLaw, share: Double) throws {
    guard share > 0, share < 1 else {
      throw MeasurementError.invalidSpecification(
        text: "\(law)", expected: "a share above 0 and below 1 for the second value", found: share.short, example: "0.2"
      )
    }
    if let objection = law.splitObjection {
      throw MeasurementError.invalidSpecification(
        text: "\(law)", expected: "\(objection.expected), because \(objection.reason)", found: "\(law)", example: objection.example)
    }
    self.law = law
    switch law {
    case .normal(let deviation):
      self.share = share
      first = .normal(deviation: deviation / (1 - share).squareRoot())
      second = .normal(deviation: deviation / share.squareRoot())
    case .poisson(let gain, _, let offset):
      self.share = share
      first = .poisson(gain: gain / (1 - share), offset: offset)
      second = .poisson(gain: gain / share, offset: offset)
    case .gamma(let looks):
      self.share = share
      first = .gamma(looks: looks * (1 - share))
      second = .gamma(looks: looks * share)
    case .binomial(let trials):
      let taken = min(trials - 1, max(1, Int((share * Double(trials)).rounded())))
      self.share = Double(taken) / Double(trials)
      first = .binomial(trials: trials - taken)
      second = .binomial(trials: taken)
    }
  }

  /// Two values in place of a measured one.
  ///
  /// Throws ``MeasurementError/notOfLaw(law:expected:found:)`` for a value that the law does not give.
  public func pair(of value: Double, using random: inout RandomStream) throws -> (first: Double, second: Double) {
    if let expected = law.objection(to: value) {
      throw MeasurementError.notOfLaw(law: law.description, expected: expected, found: value)
    }
    switch law {
    case .normal(let deviation):
      let draw = deviation * random.normal()
      let odds = (share / (1 - share)).squareRoot()
      return (value + odds * draw, value - draw / odds)
    case .poisson(let gain, _, let offset):
      let count = max(0, Int(((value - offset) / gain).rounded()))
      let taken = random.binomial(trials: count, probability: share)
      return (offset + gain * Double(count - taken) / (1 - share), offset + gain * Double(taken) / share)
    case .gamma(let looks):
      let taken = random.beta(looks * share, looks * (1 - share))
      return (value * (1 - taken) / (1 - share), value * taken / share)
    case .binomial(let trials):
      let (successes, drawn) = (Int((value * Double(trials)).rounded()), Int((share * Double(trials)).rounded()))
      let taken = random.hypergeometric(draws: drawn, marked: successes, of: trials)
      return (Double(successes - taken) / Double(trials - drawn), Double(taken) / Double(drawn))
    }
  }
}
