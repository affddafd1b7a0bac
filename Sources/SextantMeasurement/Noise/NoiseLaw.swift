// The laws of noise of which the clean value is the mean: normal noise, counts, speckle and shares of successful trials. Measured values may
// be split into two that are independent given the clean value (Recorruption). How people state a law is in NoiseLawText, what an instrument
// does to the values of a field in Detector, and the size of noise as people state it in NoiseLevel.
//
// Counts with read noise are those of a camera (A. Foi, M. Trimeche, V. Katkovnik and K. Egiazarian, "Practical Poissonian-Gaussian noise
// modeling and fitting for single-image raw-data", IEEE Transactions on Image Processing, 2008).

import Foundation
import SextantArrays

/// The distribution of a measured value around a clean one, which is its mean.
public enum NoiseLaw: Sendable, Hashable {
  /// Normal noise.
  case normal(deviation: Double)
  /// `offset` + `gain` · Poisson((x − offset)/gain), with normal noise of the deviation `read` besides.
  case poisson(gain: Double, read: Double = 0, offset: Double = 0)
  /// Speckle of intensities: x times a gamma number of the shape `looks` and the mean 1.
  case gamma(looks: Double)
  /// The share of `trials` that succeed with the probability x.
  case binomial(trials: Int)

  /// The variance of a measured value around a clean one.
  public func variance(at value: Double) -> Double {
    switch self {
    case .normal(let deviation): deviation * deviation
    case .poisson(let gain, let read, let offset): gain * max(0, value - offset) + read * read
    case .gamma(let looks): value * value / looks
    case .binomial(let trials): max(0, value * (1 - value)) / Double(trials)
    }
  }

  /// The standard deviation of the normal noise that stands for the noise of a clean value; above 0 wherever the law is not without noise.
  ///
  /// Less than half a count is taken for half a count, and less than half a success, or half a failure, for half of one: no Gaussian
  /// describes less. Speckle has no such size, and that of next to nothing is next to nothing.
  public func deviation(at value: Double) -> Double {
    switch self {
    case .normal(let deviation): deviation
    case .poisson(let gain, let read, let offset): (gain * max(value - offset, 0.5 * gain) + read * read).squareRoot()
    case .gamma(let looks): max(value, 1e-12) / looks.squareRoot()
    case .binomial(let trials):
      variance(at: min(max(value, 0.5 / Double(trials)), 1 - 0.5 / Double(trials))).squareRoot()
    }
  }

  /// The standard deviation where there is no signal.
  public var darkDeviation: Double {
    if case .poisson(_, _, let offset) = self { deviation(at: offset) } else { deviation(at: 0) }
  }

  /// Whether the noise vanishes with the signal, so that a clean value that is guessed too low would have a measured value trusted without
  /// limit.
  public var vanishes: Bool {
    if case .gamma = self { true } else { false }
  }

  /// Whether the law has numbers in the units of the values.
  public var hasUnits: Bool {
    switch self {
    case .normal, .poisson: true
    case .gamma, .binomial: false
    }
  }

  /// A measured value of a clean one.
  public func measured(_ value: Double, using random: inout RandomStream) -> Double {
    switch self {
    case .normal(let deviation): value + deviation * random.normal()
    case .poisson(let gain, let read, let offset):
      offset + gain * random.poisson(mean: (value - offset) / gain) + (read > 0 ? read * random.normal() : 0)
    case .gamma(let looks): max(0, value) * random.gamma(shape: looks) / looks
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
    case .poisson(let gain, let read, let offset):
      // With read noise any number may be measured.
      guard read == 0, !isCount((value - offset) / gain, each: gain) else { return nil }
      return "\(offset == 0 ? "" : "\(offset.short) plus ")0, 1, 2 or more times \(gain.short)"
    case .gamma: return value > 0 ? nil : "a number above 0"
    case .binomial(let trials):
      let isShare = isCount(value * Double(trials), each: 1 / Double(trials)) && value < 1 + 1e-3
      return isShare ? nil : "a whole number of \(trials) trials, as a share from 0 to 1"
    }
  }

  /// What a clean value would have to be, after "expected"; nil where it is that. A value below the offset of counts is without a signal.
  ///
  /// - Parameters:
  ///   - value: the clean value.
  ///   - tolerance: how far beyond its limits rounding may have moved it, in units of the value.
  public func objection(toClean value: Double, tolerance: Double = 0) -> String? {
    switch self {
    case .normal, .poisson: nil
    case .gamma: value >= -tolerance ? nil : "0 or more"
    case .binomial: value >= -tolerance && value <= 1 + tolerance ? nil : "from 0 to 1"
    }
  }

  /// Why values of the law cannot be split into two; nil where they can be.
  public var splitObjection: SplitObjection? {
    switch self {
    case .normal, .gamma: nil
    case .poisson(_, let read, _):
      read == 0
        ? nil
        : SplitObjection(
          expected: "counts without read noise", found: "counts with read noise", form: "poisson:GAIN", example: "poisson:2.1",
          reason: "a value does not say which part of it was counted and so cannot be split into two")
    case .binomial(let trials):
      trials > 1
        ? nil
        : SplitObjection(
          expected: "two trials or more", found: "single trials", form: "binomial:TRIALS", example: "binomial:10",
          reason: "each of the two values that a value is split into gets one of them")
    }
  }

  /// Why values cannot be split into two.
  public struct SplitObjection: Sendable {
    /// What could be split, and what cannot.
    public let expected, found: String
    /// The text of such a law with words for its numbers, and with numbers.
    public let form, example: String
    /// Why, after "because".
    public let reason: String
  }

  /// The law of values in other units; nil where theirs is none of these laws.
  ///
  /// - Parameters:
  ///   - value: converts a value; a line.
  ///   - difference: converts the size of a difference.
  public func converted(value: (Double) -> Double, difference: (Double) -> Double) -> NoiseLaw? {
    switch self {
    case .normal(let deviation): .normal(deviation: difference(deviation))
    case .poisson(let gain, let read, let offset):
      .poisson(gain: difference(gain), read: difference(read), offset: value(offset))
    case .gamma: value(0) == 0 && value(1) > 0 ? self : nil
    case .binomial: value(0) == 0 && value(1) == 1 ? self : nil
    }
  }
}
