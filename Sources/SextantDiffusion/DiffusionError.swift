// Errors in the setup, training or use of a diffusion model.

/// An error of a diffusion model; the text states what was expected and what was found.
public enum DiffusionError: Error, Equatable, CustomStringConvertible {
  /// The rates or the start time do not define a variance-preserving schedule.
  case unusableSchedule(initialRate: Double, finalRate: Double, startTime: Double)
  /// The fields do not have the shape of the predictor's.
  case shapeMismatch(what: String, expected: [Int], found: [Int])
  /// The weights of a mixture are negative, not finite or all zero, or their number is not that of the components.
  case unusableWeights(count: Int, components: Int)
  /// A variance is negative or not finite.
  case unusableVariance(Double)
  /// A loss or a gradient is not finite.
  case notFinite(what: String, step: Int, place: String)

  public var description: String {
    switch self {
    case .unusableSchedule(let initialRate, let finalRate, let startTime):
      "The diffusion schedule needs rates 0 < initial ≤ final and a start time in (0, 1); found rates \(initialRate) "
        + "and \(finalRate) and start \(startTime). The usual values are 0.1, 20 and 0.001."
    case .shapeMismatch(let what, let expected, let found):
      "\(what): expected shape \(expected), found \(found). "
        + "All fields of one model have the same vertices and channels."
    case .unusableWeights(let count, let components):
      "A mixture of \(components) components needs one weight per component, none negative and not all zero; "
        + "found \(count) weights, or unusable ones."
    case .unusableVariance(let variance):
      "A variance must be finite and not negative; found \(variance)."
    case .notFinite(let what, let step, let place):
      "\(what) is not finite at step \(step); the first such value arose in \(place). "
        + "Resume from the last good checkpoint with a lower learning rate."
    }
  }
}
