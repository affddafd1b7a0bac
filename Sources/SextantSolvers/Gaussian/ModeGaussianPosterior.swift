// The exact posterior of x = Φᵀw + r in the space of the k modes (optimal interpolation with EOFs):
//
//   w ~ N(0, I), r ~ N(0, D) with D diagonal, H selects states, R = σ² + D on the observed ones (diagonal);
//   P = I + G·R⁻¹·Gᵀ with G = Φ·Hᵀ (k×m), P = L·Lᵀ, mean of w = P⁻¹·G·R⁻¹·a.
//
// The residual r is conditioned as well. The factor does not depend on the anomalies a and serves any number of
// observations by one operator. The cost is k²·m + k³/3, which is linear in the size of the field. For operators that
// mix states R is not diagonal; the dense posterior serves those.

import SextantArrays
import SextantPriors

/// A prior of k modes and a residual, conditioned on which states are measured and with what noise.
struct ModeGaussianFactor: Sendable {
  fileprivate let modes: Tensor<Float>
  fileprivate let residualVariance: [Float]
  fileprivate let states: [Int]
  fileprivate let factor: CholeskyFactor<Double>
  /// For each state the share g = D/(D+σ²) by which its own observation corrects the residual; 0 where unobserved.
  fileprivate let correction: [Float]
  /// R^(−1/2) (m).
  fileprivate let rootPrecision: [Float]
  /// G·R^(−1/2) (k×m).
  fileprivate let weighted: Tensor<Double>
  private let keptSpread = Lazy<[Float]>()

  /// - Throws: `PriorError.nothingObserved`, `PriorError.tooLarge` for an operator that mixes states, or
  ///   `LinearAlgebraError` where values are not finite.
  init(_ functions: EmpiricalOrthogonalFunctions, given operation: ObservationOperator) throws {
    guard let states = operation.selectedStates else {
      throw PriorError.tooLarge("The posterior in mode space needs an operator that selects states.")
    }
    guard !states.isEmpty else { throw PriorError.nothingObserved }
    modes = functions.scaledModes
    residualVariance = functions.residualVariance
    self.states = states
    let k = functions.modeCount
    var correction = [Float](repeating: 0, count: functions.stateCount)
    var rootPrecision: [Float] = []
    for (i, state) in states.enumerated() {
      let residual = Double(residualVariance[state])
      let total = residual + operation.noiseVariance[i]
      correction[state] = Float(residual / total)
      rootPrecision.append(Float(1 / total.squareRoot()))
    }
    weighted = modes.gatheringColumns(states).scalingColumns(by: rootPrecision).converted(to: Double.self)
    var precision = gramMatrix(weighted)
    for i in 0..<k { precision[i, i] += 1 }
    factor = try CholeskyFactor(precision)
    self.correction = correction
    self.rootPrecision = rootPrecision
  }

  /// The posterior standard deviation of each state (d), which does not depend on the anomalies; computed once.
  var spread: [Float] {
    keptSpread.value {
      // Φᵀ P⁻¹ Φ on the diagonal: the squared column norms of L⁻¹Φ.
      let whitened = factor.solveLower(modes.converted(to: Double.self)).columnSquaredNorms()
      return whitened.indices.map { j in
        let left = Double(1 - correction[j])
        return Float((left * left * whitened[j] + Double(residualVariance[j]) * left).squareRoot())
      }
    }
  }
}

/// A Gaussian posterior over the coefficients of k modes and the residual that they leave.
struct ModeGaussianPosterior: Sendable {
  private let factor: ModeGaussianFactor
  private let coefficients: [Double]
  /// The observed anomaly of each state; 0 where unobserved.
  private let observed: [Float]

  /// The posterior given an observation by the operator of `factor`.
  init(_ factor: ModeGaussianFactor, given observation: StateObservation) {
    precondition(observation.count == factor.states.count, "An observation by another operator")
    var observed = [Float](repeating: 0, count: factor.correction.count)
    for (state, anomaly) in zip(factor.states, observation.anomalies) { observed[state] = Float(anomaly) }
    let anomalies = zip(observation.anomalies, factor.rootPrecision).map { $0 * Double($1) }
    let right = matrixProduct(factor.weighted, Tensor(anomalies, shape: [anomalies.count, 1]))
    coefficients = factor.factor.solve(right).scalars
    self.factor = factor
    self.observed = observed
  }

  /// The posterior given an observation that selects states; the errors are those of ``ModeGaussianFactor``.
  init(_ functions: EmpiricalOrthogonalFunctions, given observation: StateObservation) throws {
    self.init(try ModeGaussianFactor(functions, given: observation.operation), given: observation)
  }

  /// The posterior mean (d).
  var mean: [Float] {
    complete(Tensor(coefficients.map(Float.init), shape: [1, coefficients.count])).scalars
  }

  /// The posterior standard deviation of each state (d).
  var spread: [Float] { factor.spread }

  /// `count` exact samples (count×d).
  func samples(_ count: Int, using random: inout RandomStream) -> Tensor<Float> {
    let k = coefficients.count
    let white: Tensor<Double> = random.normals([k, count])
    var draws = factor.factor.solveLowerTransposed(white).transposed()
    draws.withUnsafeMutableScalars { values in
      for b in 0..<count { for i in 0..<k { values[b * k + i] += coefficients[i] } }
    }
    var states = complete(draws.converted(to: Float.self))
    let residual: Tensor<Float> = random.normals(states.shape)
    // The residual given its own observation has variance D − D²/(D+σ²) = D·(1 − g).
    let standardDeviations = zip(factor.residualVariance, factor.correction).map { ($0 * (1 - $1)).squareRoot() }
    states.add(residual.scalingColumns(by: standardDeviations))
    return states
  }

  /// The states (B×d) for coefficients of the modes (B×k), with the conditional mean of the residual at observed states.
  private func complete(_ coefficients: Tensor<Float>) -> Tensor<Float> {
    var states = matrixProduct(coefficients, factor.modes)
    let (correction, observed) = (factor.correction, observed)
    let d = correction.count
    states.withUnsafeMutableScalars { values in
      for row in 0..<values.count / max(1, d) {
        for j in 0..<d where correction[j] > 0 {
          values[row * d + j] += correction[j] * (observed[j] - values[row * d + j])
        }
      }
    }
    return states
  }
}
