// The exact posterior mean and spread of any number of states, given observations that are few enough for a dense factor:
//
//   S = H·K·Hᵀ + R = L·Lᵀ,  mean = (H·K)ᵀ·S⁻¹·a,  variance = diag K − the squared norms of the columns of L⁻¹·H·K.
//
// These are the formulas of DenseGaussianPosterior. Here the columns of H·K are made for a block of states at a time and forgotten,
// so that memory is m² + m·block instead of m·d. Samples would need a factor of K itself (d×d), so there are none.

import Foundation
import SextantArrays
import SextantPriors

/// The mean and the spread of a Gaussian posterior over many states.
struct BlockwiseGaussianPosterior: Sendable {
  /// The posterior mean (d).
  let mean: [Double]
  /// The posterior standard deviation (d).
  let spread: [Double]
  /// The log evidence log p(y) of the standardised observation.
  let logEvidence: Double

  /// Conditions a covariance on an observation.
  ///
  /// - Parameters:
  ///   - observation: the anomalies, with at least one value.
  ///   - covariance: the covariance K of the states (d×d), of which only blocks are made.
  ///   - parameters: its parameters.
  ///   - blockSize: how many numbers of K are made at a time.
  /// - Throws: `PriorError.nothingObserved`, and `LinearAlgebraError` where S is not positive definite.
  init(_ observation: StateObservation, covariance: CovarianceModel, parameters: [Double], blockSize: Int = 1 << 24) throws {
    let (m, d) = (observation.count, covariance.stateCount)
    guard m > 0 else { throw PriorError.nothingObserved }
    let touched = observation.selectedStates ?? Set(observation.matrix.columns).sorted().map(Int.init)
    // H·K for the columns J of K (m×|J|).
    func observed(_ columns: [Int]) -> Tensor<Double> {
      let rows = covariance.block(rows: touched, columns: columns, parameters: parameters)
      guard observation.selectedStates == nil else { return rows }
      return DenseGaussianFactor.combine(observation.matrix, touched: touched, rows: rows)
    }
    let columnsInBlock = max(8, blockSize / max(1, touched.count))
    func blocks(_ count: Int) -> [Range<Int>] {
      stride(from: 0, to: count, by: columnsInBlock).map { $0..<min(count, $0 + columnsInBlock) }
    }
    var innovation: Tensor<Double>
    if observation.selectedStates == nil {
      innovation = .zeros([m, m])
      let columns = observation.matrix.transposed()
      for block in blocks(touched.count) {
        let states = Array(touched[block])
        Self.add(observed(states), of: states, times: columns, to: &innovation)
      }
    } else {
      innovation = observed(touched)
    }
    innovation.withUnsafeMutableScalars { s in
      for i in 0..<m { s[i * m + i] += observation.noiseVariance[i] }
    }
    let factor = try CholeskyFactor(innovation)
    let whitened = factor.solveLower(rows: Tensor(observation.anomalies, shape: [1, m]))
    let weights = factor.solveLowerTransposed(rows: whitened).scalars
    logEvidence = -0.5 * (whitened.dot(whitened) + factor.logDeterminant + Double(m) * log(2 * Double.pi))
    let variances = covariance.variances(parameters: parameters)
    var (mean, spread): ([Double], [Double]) = ([], [])
    mean.reserveCapacity(d)
    spread.reserveCapacity(d)
    for block in blocks(d) {
      let rows = observed(Array(block))
      mean += DenseGaussianPosterior.combination(of: rows, weights: weights)
      let explained = factor.solveLower(rows).columnSquaredNorms()
      spread += zip(variances[block], explained).map { max(0, $0 - $1).squareRoot() }
    }
    (self.mean, self.spread) = (mean, spread)
  }

  /// Adds H·K[·,J]·H[·,J]ᵀ to a matrix (m×m), given H·K[·,J] (m×|J|) for some states J.
  private static func add(
    _ rows: Tensor<Double>, of states: [Int], times columns: SparseMatrix, to sum: inout Tensor<Double>
  ) {
    let (m, width) = (rows.rowCount, states.count)
    sum.withUnsafeMutableScalars { sum in
      rows.withUnsafeScalars { rows in
        // Sound: each row is written by one thread.
        nonisolated(unsafe) let (sum, rows) = (sum, rows)
        Parallel.forEachRange(of: m, grain: 16) { range in
          for i in range {
            for (place, state) in states.enumerated() {
              for k in columns.rowStarts[state]..<columns.rowStarts[state + 1] {
                sum[i * m + Int(columns.columns[k])] += columns.values[k] * rows[i * width + place]
              }
            }
          }
        }
      }
    }
  }
}
