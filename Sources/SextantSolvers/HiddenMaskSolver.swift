// Blind imputation with the mask hidden: every entry has a value, and those that were not measured hold a filler, with noise
// on it like the others. Which entries were measured, and how many, is inferred; then a solver that needs the mask solves for the
// field. In the paper on amortised posterior sampling the filler is the zero of its scale.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Finds out which values are fillers, by what the prior and then the posterior expect, and solves with the rest.
///
/// Each entry is measured or filler with odds that start even; the share of fillers is estimated with them (expectation
/// maximisation). A value that the prior cannot tell from the filler is judged by the posterior of those that it can.
public struct HiddenMaskSolver: DirectSolver {
  public var name: String { base.name + ", mask hidden" }
  private let base: any Solver
  private let prior: GaussianPrior
  private let transforms: [MarginalTransform]
  /// The filler of each channel (C), in the variables' units.
  private let filler: [Float]
  /// How much wider the prior is taken than the archive says: a field may be from elsewhere.
  private static let inflation = 2.0

  /// - Parameters:
  ///   - base: solves once the mask is known.
  ///   - prior: what values are expected, in transformed units.
  ///   - transforms: what was done to each channel (C) before the prior was learned.
  ///   - filler: what entries that were not measured hold (C).
  public init(_ base: any Solver, prior: GaussianPrior, transforms: [MarginalTransform], filler: [Float]) {
    precondition(filler.count == prior.space.layout.channelCount, "\(filler.count) fillers")
    self.base = base
    self.prior = prior
    self.transforms = transforms
    self.filler = filler
  }

  public func check(_ operation: any LinearOperator) throws {
    try operation.requireInputs(prior.space.layout.stateOfEntry.count)
    _ = try entries(of: operation)
  }

  private func entries(of operation: any LinearOperator) throws -> [Int] {
    try selection(of: operation, hint: "Give the mask, so that nothing has to be inferred.")
  }

  public func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let entries = try entries(of: measurement.operation)
    try measurement.model.checkNoise()
    var expectation = marginals(at: measurement.label)
    var odds = probabilities(of: measurement, entries, expectation: expectation)
    // Only what is all but certain teaches about the rest.
    if odds.measured.contains(where: { (0.02..<0.98).contains($0) }),
      let sure = keeping(0.98, of: measurement, entries, odds.measured)
    {
      var unused = random
      let first = try base.posterior(given: sure, samples: 0, using: &unused)
      if let spread = first.spread { expectation = (first.mean, spread) }
      let refined = probabilities(of: measurement, entries, expectation: expectation)
      // No value is judged by a posterior that it entered itself.
      for i in odds.measured.indices where odds.measured[i] < 0.98 { odds.measured[i] = refined.measured[i] }
      odds.share = 1 - odds.measured.reduce(0, +) / Double(max(1, odds.measured.count))
    }
    guard let kept = keeping(0.5, of: measurement, entries, odds.measured) else {
      throw PriorError.nothingObserved
    }
    var posterior = try base.posterior(given: kept, samples: samples, using: &random)
    posterior.diagnostics["estimated-missing-share"] = odds.share
    return posterior
  }

  /// Mean and standard deviation of each entry (V·C) before anything is measured, in the variables' units; not a number
  /// outside the domain.
  private func marginals(at label: FieldLabel) -> (mean: [Float], spread: [Float]) {
    let space = prior.space
    let deviations = prior.functions.totalVariance.map { Float(Self.inflation * $0.squareRoot()) }
    var mean = space.fields(fromStates: .zeros([1, space.count]), label: label).scalars
    var spread: [Float]? = space.spread(fromStates: deviations)
    transforms.mapMoments(mean: &mean, spread: &spread)
    return (mean, spread ?? [])
  }

  /// The probability that each value was measured (m), and the share that was not.
  private func probabilities(
    of measurement: FieldMeasurement, _ entries: [Int], expectation: (mean: [Float], spread: [Float])
  ) -> (measured: [Double], share: Double) {
    let channels = filler.count
    let logRatios = entries.enumerated().map { row, entry -> Double in
      let (value, noise) = (Double(measurement.values[row]), Double(measurement.noise[row]))
      let (mean, spread) = (Double(expectation.mean[entry]), Double(expectation.spread[entry]))
      guard mean.isFinite else { return -.infinity }
      func logDensity(_ centre: Double, _ deviation: Double) -> Double {
        let u = (value - centre) / deviation
        return -0.5 * u * u - log(deviation)
      }
      return logDensity(mean, (spread * spread + noise * noise).squareRoot())
        - logDensity(Double(filler[entry % channels]), noise)
    }
    var share = 0.5
    var measured = logRatios
    for _ in 0..<20 {
      let prior = log((1 - share) / share)
      measured = logRatios.map { 1 / (1 + exp(-($0 + prior))) }
      share = 1 - measured.reduce(0, +) / Double(max(1, measured.count))
      share = min(max(share, 1e-6), 1 - 1e-6)
    }
    return (measured, share)
  }

  /// The values that were measured with more than `probability`; nil if there are none.
  private func keeping(
    _ probability: Double, of measurement: FieldMeasurement, _ entries: [Int], _ measured: [Double]
  ) -> FieldMeasurement? {
    let rows = measured.indices.filter { measured[$0] > probability }
    guard !rows.isEmpty else { return nil }
    return FieldMeasurement(
      values: rows.map { measurement.values[$0] }, noise: rows.map { measurement.noise[$0] },
      operation: SelectionOperator(
        inputCount: measurement.operation.inputCount, indices: rows.map { entries[$0] }),
      label: measurement.label)
  }
}
