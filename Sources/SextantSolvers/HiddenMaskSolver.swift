// Imputation with a hidden mask: every entry has a value, but entries that were not measured have a filler value, with
// the same noise as all others. The mask and the share of missing entries are inferred, and then a solver that needs
// the mask recovers the field. This is the blind imputation of the APS paper (docs/references.md), in which the filler
// is the zero of the scale.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Detects the filler values by comparison with the prior and then with the posterior, and solves with all other values.
///
/// The probability that an entry was measured starts at one half and is estimated together with the share of fillers by
/// expectation maximisation. A value that the prior cannot distinguish from the filler is compared with the posterior
/// given the values that it can distinguish.
public struct HiddenMaskSolver: DirectSolver {
  public var name: String { base.name + ", mask hidden" }
  private let base: any Solver
  private let prior: GaussianPrior
  private let transforms: [MarginalTransform]
  /// The filler of each channel (C), in the variables' units.
  private let filler: [Float]
  /// The factor by which the prior's standard deviation is inflated, because a field may differ from the archive.
  private static let inflation = 2.0

  /// - Parameters:
  ///   - base: the solver that is used once the mask is known.
  ///   - prior: the prior that values are compared with, in transformed units.
  ///   - transforms: the transform of each channel (C).
  ///   - filler: the filler value of each channel (C), in the variables' units.
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
    try selection(of: operation, hint: "Give the mask instead of inferring it.")
  }

  public func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let entries = try entries(of: measurement.operation)
    try measurement.model.checkNoise()
    var expectation = marginals(at: measurement.label)
    var odds = probabilities(of: measurement, entries, expectation: expectation)
    // Values that are almost certainly measured give a posterior with which the uncertain ones are compared.
    if odds.measured.contains(where: { (0.02..<0.98).contains($0) }),
      let sure = keeping(0.98, of: measurement, entries, odds.measured)
    {
      var unused = random
      let first = try base.posterior(given: sure, samples: 0, using: &unused)
      if let spread = first.spread { expectation = (first.mean, spread) }
      let refined = probabilities(of: measurement, entries, expectation: expectation)
      // Values that this posterior used are not compared with it.
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

  /// The prior mean and standard deviation of each entry (V·C), in the variables' units; NaN outside the domain.
  private func marginals(at label: FieldLabel) -> (mean: [Float], spread: [Float]) {
    let space = prior.space
    let standardDeviations = prior.functions.totalVariance.map { Float(Self.inflation * $0.squareRoot()) }
    var mean = space.fields(fromStates: .zeros([1, space.count]), label: label).scalars
    var spread: [Float]? = space.spread(fromStates: standardDeviations)
    transforms.mapMoments(mean: &mean, spread: &spread)
    return (mean, spread ?? [])
  }

  /// The probability that each value was measured (m), and the estimated share of fillers.
  private func probabilities(
    of measurement: FieldMeasurement, _ entries: [Int], expectation: (mean: [Float], spread: [Float])
  ) -> (measured: [Double], share: Double) {
    let channels = filler.count
    let logRatios = entries.enumerated().map { row, entry -> Double in
      let (value, noise) = (Double(measurement.values[row]), Double(measurement.noise[row]))
      let (mean, spread) = (Double(expectation.mean[entry]), Double(expectation.spread[entry]))
      guard mean.isFinite else { return -.infinity }
      func logDensity(_ centre: Double, _ sigma: Double) -> Double {
        let u = (value - centre) / sigma
        return -0.5 * u * u - log(sigma)
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

  /// The values whose probability of being measured exceeds `probability`; nil if there are none.
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
