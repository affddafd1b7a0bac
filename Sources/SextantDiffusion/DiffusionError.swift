// What can go wrong when a diffusion model is set up, trained or asked.

/// A diffusion model that cannot be what was asked for; the text says what was expected and what was found.
public enum DiffusionError: Error, Equatable, CustomStringConvertible {
  /// Rates or a start that make no variance-preserving schedule.
  case unusableSchedule(initialRate: Double, finalRate: Double, startTime: Double)
  /// Fields of another shape than the predictor's.
  case shapeMismatch(what: String, expected: [Int], found: [Int])
  /// Weights of a mixture that are negative, not finite or all zero, or not one for each component.
  case unusableWeights(count: Int, components: Int)
  /// A variance that is negative or not finite.
  case unusableVariance(Double)
  /// A loss or a gradient that is not finite.
  case notFinite(what: String, step: Int, place: String)
  /// An integration that needed more steps than it was given.
  case tooManySteps(limit: Int, field: Int)

  public var description: String {
    switch self {
    case .unusableSchedule(let initialRate, let finalRate, let startTime):
      "The diffusion schedule needs rates 0 < initial ≤ final and a start time in (0, 1); found rates \(initialRate) "
        + "and \(finalRate) and start \(startTime). The usual values are 0.1, 20 and 0.001."
    case .shapeMismatch(let what, let expected, let found):
      "\(what): expected shape \(expected), found \(found). "
        + "All fields of one model have the same vertices and channels."
    case .unusableWeights(let count, let components):
      "A mixture of \(components) components needs as many weights, none negative and not all zero; found \(count) "
        + "weights, or unusable ones."
    case .unusableVariance(let variance):
      "A variance must be finite and not negative; found \(variance)."
    case .notFinite(let what, let step, let place):
      "\(what) is not finite at step \(step); the first such value arose in \(place). "
        + "Go back to the last good checkpoint and lower the learning rate."
    case .tooManySteps(let limit, let field):
      "The probability flow of field \(field) was not integrated within \(limit) steps. "
        + "Allow more, or loosen the tolerances."
    }
  }
}
