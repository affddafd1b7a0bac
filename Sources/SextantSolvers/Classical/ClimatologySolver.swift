// The archive's climatology, independent of the measurement: the baseline that every method should surpass.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// Gives the climatology of the season. It ignores the measured values and has no uncertainty.
public struct ClimatologySolver: DirectSolver {
  public let name = "climatology"
  private let space: StateSpace

  /// Makes the solver for the climatology of a prior.
  public init(_ prior: GaussianPrior) { space = prior.space }

  public func check(_ operation: any LinearOperator) throws {
    try operation.requireInputs(space.layout.stateOfEntry.count)
  }

  public func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let zero = [Float](repeating: 0, count: space.count)
    return space.posterior(mean: zero, spread: nil, samples: nil, label: measurement.label)
  }
}

extension Method {
  /// The archive's climatology.
  public static let climatology = Method(
    name: "climatology", title: "climatology", traits: Traits(drawsSamples: false, usesNoise: false), needs: .gaussian
  ) { context in
    ClimatologySolver(try context.gaussian().prior)
  }
}
