// The laws of noise of which the clean value is the mean: normal noise, counts, speckle and shares of successful trials. Each may be split
// into two measurements that are independent given the clean value (Recorruption). What an instrument does to values is in Detector, and
// the size of noise as people state it in NoiseLevel.

import Foundation
import SextantArrays

/// The distribution of a measured value around a clean one, which is its mean.
public enum NoiseLaw: Sendable, Hashable {
  /// Normal noise.
  case normal(deviation: Double)
  /// `offset` + `gain` · Poisson((x − offset)/gain).
  case poisson(gain: Double, offset: Double = 0)
  /// Speckle of intensities: x times a gamma number of the shape `looks` and the mean 1.
  case gamma(looks: Double)
  /// The share of `trials` that succeed with the probability x.
  case binomial(trials: Int)

  /// The variance of a measured value around a clean one.
  public func variance(at value: Double) -> Double {
    switch self {
    case .normal(let deviation): deviation * deviation
    case .poisson(let gain, let offset): gain * max(0, value - offset)
    case .gamma(let looks): value * value / looks
    case .binomial(let trials): max(0, value * (1 - value)) / Double(trials)
    }
  }

  /// A measured value of a clean one.
  public func measured(_ value: Double, using random: inout RandomStream) -> Double {
    switch self {
    case .normal(let deviation): value + deviation * random.normal()
    case .poisson(let gain, let offset): offset + gain * random.poisson(mean: (value - offset) / gain)
    case .gamma(let looks): value * random.gamma(shape: looks) / looks
    case .binomial(let trials):
      Double(random.binomial(trials: trials, probability: min(1, max(0, value)))) / Double(trials)
    }
  }

  /// What a measured value would have to be, after "expected"; nil where it is that. A whole number may be wrong by a thousandth, or by
  /// what single precision does not tell of the value.
  public func objection(to value: Double) -> String? {
    func isCount(_ number: Double, each unit: Double) -> Bool {
      let tolerance = 1e-3 + 2 * Double(Float.ulpOfOne) * abs(value) / unit
      return number > -tolerance && abs(number - number.rounded()) <= tolerance
    }
    guard value.isFinite else { return "a finite number" }
    switch self {
    case .normal: return nil
    case .poisson(let gain, let offset):
      guard !isCount((value - offset) / gain, each: gain) else { return nil }
      return "\(offset == 0 ? "" : "\(offset.short) plus ")0, 1, 2 or more times \(gain.short)"
    case .gamma: return value > 0 ? nil : "a number above 0"
    case .binomial(let trials):
      let isShare = isCount(value * Double(trials), each: 1 / Double(trials)) && value < 1 + 1e-3
      return isShare ? nil : "a whole number of \(trials) trials, as a share from 0 to 1"
    }
  }
}

extension NoiseLaw: CustomStringConvertible {
  public var description: String {
    switch self {
    case .normal(let deviation): "normal noise of \(deviation.short)"
    case .poisson(let gain, let offset): "poisson:\(gain.short)\(offset == 0 ? "" : "@\(offset.short)")"
    case .gamma(let looks): "gamma:\(looks.short)"
    case .binomial(let trials): "binomial:\(trials)"
    }
  }
}
