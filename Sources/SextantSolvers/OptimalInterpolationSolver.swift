// EOF optimal interpolation: the archive's modes and independent noise for the rest, in closed form.

import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Recovers fields from the archive's modes alone. Exact, fast, and overconfident away from the archive.
public struct OptimalInterpolationSolver: Solver {
  public let name = "EOF optimal interpolation"
  /// The prior whose modes are used.
  public let prior: GaussianPrior

  public init(_ prior: GaussianPrior) { self.prior = prior }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver { Prepared(prior: prior) }

  private struct Prepared: PreparedSolver {
    let prior: GaussianPrior

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      let observation = try prior.space.observe(measurement)
      let space = prior.space
      if observation.selectedStates != nil {
        let posterior = try ModeGaussianPosterior(prior.functions, given: observation)
        return space.posterior(
          mean: posterior.mean, spread: posterior.spread,
          samples: samples > 0 ? posterior.samples(samples, using: &random) : nil, label: measurement.label)
      }
      // Operators that mix states: the same prior by its covariance ΦᵀΦ + D.
      let modes = prior.functions.scaledModes.converted(to: Double.self)
      let rest = prior.functions.residualVariance.map(Double.init)
      let variances = zip(modes.columnSquaredNorms(), rest).map { $0 + $1 }
      let block: ([Int]) -> Tensor<Double> = { states in
        var rows = matrixProduct(modes.gatheringColumns(states), modes, transposingFirst: true)
        let d = rest.count
        rows.withUnsafeMutableScalars { for (i, state) in states.enumerated() { $0[i * d + state] += rest[state] } }
        return rows
      }
      let dense = try DenseGaussianPosterior(observation, priorVariances: variances, priorBlock: block)
      let draws =
        try samples > 0
        ? dense.samples(
          samples, priorFactor: CholeskyFactor(block(Array(rest.indices)).addingToDiagonal(1e-9)), using: &random)
        : nil
      return space.posterior(
        mean: dense.mean.map(Float.init), spread: dense.spread.map(Float.init),
        samples: draws?.converted(to: Float.self), label: measurement.label)
    }
  }
}

extension StateSpace {
  /// A posterior over standardised states as one over fields in the variables' units.
  func posterior(
    mean: [Float], spread: [Float]?, samples: Tensor<Float>?, label: FieldLabel,
    diagnostics: [String: Double] = [:]
  ) -> Posterior {
    Posterior(
      mean: fields(fromStates: Tensor(mean, shape: [1, mean.count]), label: label).scalars,
      spread: spread.map { self.spread(fromStates: $0) },
      samples: samples.map { fields(fromStates: $0, label: label) }, diagnostics: diagnostics)
  }
}

extension Tensor {
  /// The square matrix with `share` of its mean diagonal added to the diagonal, which makes rounding harmless.
  ///
  /// Consumes the matrix, because a covariance of all states is too large to be copied.
  consuming func addingToDiagonal(_ share: Scalar) -> Tensor {
    let n = columnCount
    withUnsafeMutableScalars { values in
      var trace: Scalar = 0
      for i in 0..<n { trace += values[i * n + i] }
      for i in 0..<n { values[i * n + i] += share * trace / Scalar(Swift.max(1, n)) }
    }
    return self
  }
}
