// The exact posterior of x = Φᵀw + r in the space of the k modes (docs/mathematics.md, "Gaussian posterior"):
//
//   w ~ N(0, I), r ~ N(0, D) with D diagonal, H selects states, R = σ² + D on the observed ones (diagonal);
//   P = I + G·R⁻¹·Gᵀ with G = Φ·Hᵀ (k×m), P = L·Lᵀ, mean of w = P⁻¹·G·R⁻¹·a.
//
// The rest r is conditioned as well. Cost k²·m + k³/3, so linear in the size of the field. Operators that
// mix states have no diagonal R: for those the dense posterior serves.

import SextantArrays
import SextantPriors

/// A Gaussian posterior over the coefficients of k modes and the rest that they leave.
public struct ModeGaussianPosterior: Sendable {
  private let modes: Tensor<Float>
  private let restVariance: [Float]
  private let factor: CholeskyFactor<Double>
  private let coefficients: [Double]
  /// For each state the share g = D/(D+σ²) by which its own observation corrects the rest; 0 where unobserved.
  private let correction: [Float]
  /// The observed anomaly of each state; 0 where unobserved.
  private let observed: [Float]

  /// Conditions modes and rest on an observation that selects states.
  ///
  /// - Throws: ``PriorError/nothingObserved``, or ``LinearAlgebraError`` where values are not finite.
  public init(_ functions: EmpiricalOrthogonalFunctions, given observation: StateObservation) throws {
    guard let states = observation.selectedStates else {
      throw PriorError.tooLarge("The posterior in mode space needs an operator that selects states.")
    }
    guard !states.isEmpty else { throw PriorError.nothingObserved }
    modes = functions.scaledModes
    restVariance = functions.residualVariance
    let k = functions.modeCount
    var correction = [Float](repeating: 0, count: functions.stateCount)
    var observed = correction
    var rootPrecision: [Float] = []
    for (i, state) in states.enumerated() {
      let rest = Double(restVariance[state])
      let total = rest + observation.noiseVariance[i]
      correction[state] = Float(rest / total)
      observed[state] = Float(observation.anomalies[i])
      rootPrecision.append(Float(1 / total.squareRoot()))
    }
    // G·R^(−1/2), k×m.
    let weighted = modes.gatheringColumns(states).scalingColumns(by: rootPrecision).converted(to: Double.self)
    var precision = gramMatrix(weighted)
    for i in 0..<k { precision[i, i] += 1 }
    factor = try CholeskyFactor(precision)
    let anomalies = zip(observation.anomalies, rootPrecision).map { $0 * Double($1) }
    let right = matrixProduct(weighted, Tensor(anomalies, shape: [states.count, 1]))
    coefficients = factor.solve(right).scalars
    self.correction = correction
    self.observed = observed
  }

  /// The posterior mean (d).
  public var mean: [Float] {
    complete(Tensor(coefficients.map(Float.init), shape: [1, coefficients.count])).scalars
  }

  /// The posterior standard deviation of each state (d).
  public var spread: [Float] {
    // Φᵀ P⁻¹ Φ on the diagonal: the squared column norms of L⁻¹Φ.
    let whitened = factor.solveLower(modes.converted(to: Double.self)).columnSquaredNorms()
    return whitened.indices.map { j in
      let left = Double(1 - correction[j])
      return Float((left * left * whitened[j] + Double(restVariance[j]) * left).squareRoot())
    }
  }

  /// `count` exact samples (count×d).
  public func samples(_ count: Int, using random: inout RandomStream) -> Tensor<Float> {
    let k = coefficients.count
    let white: Tensor<Double> = random.normals([k, count])
    var draws = factor.solveLowerTransposed(white).transposed()
    draws.withUnsafeMutableScalars { values in
      for b in 0..<count { for i in 0..<k { values[b * k + i] += coefficients[i] } }
    }
    var states = complete(draws.converted(to: Float.self))
    let rest: Tensor<Float> = random.normals(states.shape)
    // The rest given its own observation has variance D − D²/(D+σ²) = D·(1 − g).
    let deviations = zip(restVariance, correction).map { ($0 * (1 - $1)).squareRoot() }
    states.add(rest.scalingColumns(by: deviations))
    return states
  }

  /// Mode coefficients (B×k) as states (B×d), with the conditional mean of the rest where observed.
  private func complete(_ coefficients: Tensor<Float>) -> Tensor<Float> {
    var states = matrixProduct(coefficients, modes)
    let d = restVariance.count
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
