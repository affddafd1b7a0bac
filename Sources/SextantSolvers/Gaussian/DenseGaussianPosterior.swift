// The exact posterior for a Gaussian prior given by its covariance, in observation space:
//
//   S = H·K·Hᵀ + R = L·Lᵀ,  mean = (H·K)ᵀ·S⁻¹·a,  covariance = K − Wᵀ·W with W = L⁻¹·H·K.
//
// The factor does not depend on the anomalies a and serves any number of observations by one operator. Samples are
// prior draws x conditioned by Matheron's rule: x + (H·K)ᵀ·S⁻¹·(a − H·x − noise), x ~ N(0, K). The factor takes m³/3
// operations, N samples take m²·N + m·d·N in addition to the prior draws, and the spread, which alone needs W, takes
// m²·d. Memory: m·d + m² scalars. H·K, W and the samples may be in single precision if the noise is well above the
// rounding of K; S is always factorised, and the mean summed, in double precision.

import Foundation
import SextantArrays
import SextantPriors

/// A Gaussian prior conditioned on an operator and its noise, for observations with any anomalies.
package struct DenseGaussianFactor<Scalar: TensorScalar>: Sendable {
  /// H and R.
  let operation: ObservationOperator
  /// H·K (m×d).
  let observedCovariance: Tensor<Scalar>
  /// L.
  let innovationFactor: CholeskyFactor<Double>
  private let priorVariances: [Double]
  private let keptSpread = Lazy<[Double]>()

  /// Conditions the prior on an operator.
  ///
  /// - Parameters:
  ///   - operation: the observation operator, with at least one value.
  ///   - priorVariances: the diagonal of K (d).
  ///   - priorBlock: the rows of K (n×d) for a list of n states.
  /// - Throws: `PriorError.nothingObserved`, and `LinearAlgebraError` where the innovation covariance is not positive
  ///   definite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package init(
    _ operation: ObservationOperator, priorVariances: [Double], priorBlock: (_ states: [Int]) -> Tensor<Scalar>
  ) throws {
    let m = operation.count
    guard m > 0 else { throw PriorError.nothingObserved }
    // H·K (m×d): rows of K where H selects, sparse combinations of them otherwise.
    if let states = operation.selectedStates {
      observedCovariance = priorBlock(states)
    } else {
      let touched = Set(operation.matrix.columns).sorted().map(Int.init)
      observedCovariance = Self.combine(operation.matrix, touched: touched, rows: priorBlock(touched))
    }
    precondition(observedCovariance.columnCount == priorVariances.count)
    var innovation = operation.apply(observedCovariance).converted(to: Double.self)
    innovation.withUnsafeMutableScalars { s in
      for i in 0..<m { s[i * m + i] += operation.noiseVariance[i] }
    }
    innovationFactor = try CholeskyFactor(innovation)
    self.operation = operation
    self.priorVariances = priorVariances
  }

  /// The posterior standard deviation of each state (d), which does not depend on the anomalies; computed once.
  package var spread: [Double] {
    keptSpread.value {
      let factor = CholeskyFactor<Scalar>(rounding: innovationFactor)
      let d = priorVariances.count
      // Computed by groups of columns, so that W is never stored as a whole.
      let explained = stride(from: 0, to: d, by: Self.columnsInGroup).flatMap { start in
        let group = observedCovariance.columns(start..<min(d, start + Self.columnsInGroup))
        return factor.solveLower(group).columnSquaredNorms()
      }
      return zip(priorVariances, explained).map { max(0, $0 - $1).squareRoot() }
    }
  }

  private static var columnsInGroup: Int { 1024 }

  /// The mean and the variance of states some of whose measured values are left out, given all other values.
  ///
  /// With P = S⁻¹ and the rows h, the values that the other rows predict are a_h − P_hh⁻¹·(P·a)_h with the covariance P_hh⁻¹,
  /// which contains the noise: the factor of all rows serves any part of them, for m² operations a row. What is left of these
  /// rows, such as the other cells of a pole, then counts as observed.
  ///
  /// - Parameters:
  ///   - withheld: the rows, each once, and what is left of them.
  ///   - observation: the observation of all values, about the prior's mean.
  ///   - shift: the prior's mean (d), which the anomalies of `withheld` contain; nil for 0.
  func marginals(
    leavingOut withheld: [WithheldState], of observation: StateObservation, shift: [Float]?
  ) throws -> [(mean: Double, variance: Double)] {
    let (m, h) = (operation.count, withheld.count)
    let rows = withheld.map(\.row)
    var units = Tensor<Double>.zeros([h, m])
    for (place, row) in rows.enumerated() { units[place, row] = 1 }
    let precisions = innovationFactor.solve(rows: units)
    let weighted = matrixProduct(precisions, Tensor(observation.anomalies, shape: [m, 1])).scalars
    let inner = Tensor((0..<h).flatMap { place in rows.map { precisions[place, $0] } }, shape: [h, h])
    var covariance = try CholeskyFactor(inner).inverse()
    let errors = matrixProduct(covariance, Tensor(weighted, shape: [h, 1])).scalars
    var means = rows.enumerated().map { observation.anomalies[$1] - errors[$0] }
    for (place, row) in rows.enumerated() { covariance[place, place] = max(0, covariance[place, place] - operation.noiseVariance[row]) }
    for (place, own) in withheld.enumerated() {
      guard let rest = own.rest else { continue }
      let anomaly = rest.anomaly - Double(shift?[own.state] ?? 0)
      let column = (0..<h).map { covariance[$0, place] }
      let total = column[place] + rest.variance
      let innovation = anomaly - means[place]
      for i in 0..<h {
        means[i] += column[i] / total * innovation
        for j in 0..<h { covariance[i, j] -= column[i] * column[j] / total }
      }
    }
    return means.enumerated().map { ($1, max(0, covariance[$0, $0])) }
  }

  /// The rows Σ H[i,s]·K[s,·] of a general operator, from the rows of K that it touches.
  static func combine(_ matrix: SparseMatrix, touched: [Int], rows: Tensor<Scalar>) -> Tensor<Scalar> {
    let d = rows.columnCount
    var position = [Int: Int](minimumCapacity: touched.count)
    for (index, state) in touched.enumerated() { position[state] = index }
    let places = matrix.columns.map { position[Int($0)] ?? 0 }
    return Tensor(shape: [matrix.rowCount, d]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      out.initialize(repeating: 0)
      rows.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        Parallel.forEach(matrix.rowCount) { i in
          let row = UnsafeMutableBufferPointer(start: target.base + i * d, count: d)
          for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
            let touched = UnsafeBufferPointer(start: source.base + places[k] * d, count: d)
            Scalar.kernels.add(touched, scaledBy: Scalar(matrix.values[k]), to: row)
          }
        }
      }
    }
  }
}

/// A Gaussian posterior over the states, ready for its mean, spread and samples.
package struct DenseGaussianPosterior<Scalar: TensorScalar>: Sendable {
  /// The posterior mean (d).
  package let mean: [Double]
  private let factor: DenseGaussianFactor<Scalar>
  private let anomalies: [Double]
  /// ‖L⁻¹·a‖².
  private let squaredDistance: Double

  /// The posterior given an observation by the operator of `factor`.
  package init(_ factor: DenseGaussianFactor<Scalar>, given observation: StateObservation) {
    precondition(observation.count == factor.operation.count, "An observation by another operator")
    let whitened = factor.innovationFactor.solveLower(
      rows: Tensor(observation.anomalies, shape: [1, observation.count]))
    squaredDistance = whitened.dot(whitened)
    mean = Self.combination(
      of: factor.observedCovariance, weights: factor.innovationFactor.solveLowerTransposed(rows: whitened).scalars)
    self.factor = factor
    anomalies = observation.anomalies
  }

  /// The posterior given an observation; the parameters and errors are those of ``DenseGaussianFactor``.
  package init(
    _ observation: StateObservation, priorVariances: [Double], priorBlock: (_ states: [Int]) -> Tensor<Scalar>
  ) throws {
    self.init(
      try DenseGaussianFactor(observation.operation, priorVariances: priorVariances, priorBlock: priorBlock),
      given: observation)
  }

  /// The posterior standard deviation of each state (d).
  package var spread: [Double] { factor.spread }

  /// The weighted sum of the rows, in double precision because large terms cancel if the prior is much wider than the
  /// noise.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func combination(of rows: Tensor<Scalar>, weights: [Double]) -> [Double] {
    let columns = rows.columnCount
    var sums = [Double](repeating: 0, count: columns)
    sums.withUnsafeMutableBufferPointer { sums in
      rows.withUnsafeScalars { rows in
        // Sound: each range of columns is written by one thread.
        nonisolated(unsafe) let (sums, rows) = (sums, rows)
        Parallel.forEachRange(of: columns, grain: 512) { range in
          for (row, weight) in weights.enumerated() {
            let start = row * columns
            for j in range { sums[j] += weight * Double(rows[start + j]) }
          }
        }
      }
    }
    return sums
  }

  /// The log evidence log p(y) of the standardised observation.
  package var logEvidence: Double {
    -0.5
      * (squaredDistance + factor.innovationFactor.logDeterminant + Double(anomalies.count) * log(2 * Double.pi))
  }

  /// log q(x | y) of a standardised state x (d) in closed form; `priorFactor` is L with K = L·Lᵀ.
  package func logDensity(of state: [Double], priorFactor: CholeskyFactor<Double>) -> Double {
    let d = state.count
    let whitened = priorFactor.solveLower(Tensor(state, shape: [d, 1]))
    let prior = -0.5 * (whitened.dot(whitened) + priorFactor.logDeterminant + Double(d) * log(2 * Double.pi))
    let seen = factor.operation.apply(Tensor(state, shape: [1, d])).scalars
    let likelihood = seen.indices.reduce(0.0) { sum, i in
      let (difference, variance) = (anomalies[i] - seen[i], factor.operation.noiseVariance[i])
      return sum - 0.5 * (difference * difference / variance + log(2 * Double.pi * variance))
    }
    return prior + likelihood - logEvidence
  }

  /// `count` exact samples (count×d); `priorFactor` is L with K = L·Lᵀ.
  package func samples(
    _ count: Int, priorFactor: CholeskyFactor<Scalar>, using random: inout RandomStream
  ) -> Tensor<Scalar> {
    let white: Tensor<Scalar> = random.normals([count, mean.count])
    return samples(conditioning: priorFactor.multiplyLower(rows: white), using: &random)
  }

  /// Exact samples (N×d) from as many draws from the prior (N×d).
  package func samples(
    conditioning priorDraws: consuming Tensor<Scalar>, using random: inout RandomStream
  ) -> Tensor<Scalar> {
    let m = anomalies.count
    var states = priorDraws
    let noise: Tensor<Double> = random.normals([states.rowCount, m])
    var innovations = factor.operation.apply(states).converted(to: Double.self)
    let standardDeviations = factor.operation.noiseVariance.map { $0.squareRoot() }
    innovations.withUnsafeMutableScalars { values in
      noise.withUnsafeScalars { noise in
        // Sound: each row is written by one thread.
        nonisolated(unsafe) let (values, noise) = (values, noise)
        Parallel.forEachRange(of: values.count / m, grain: max(1, (1 << 16) / m)) { rows in
          for start in stride(from: rows.lowerBound * m, to: rows.upperBound * m, by: m) {
            for i in 0..<m {
              values[start + i] = anomalies[i] - values[start + i] - standardDeviations[i] * noise[start + i]
            }
          }
        }
      }
    }
    let weights = factor.innovationFactor.solve(rows: innovations).converted(to: Scalar.self)
    states.add(matrixProduct(weights, factor.observedCovariance))
    return states
  }
}
