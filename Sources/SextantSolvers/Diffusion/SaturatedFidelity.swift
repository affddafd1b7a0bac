// The fidelity to values that were cut off at a level, for methods that follow gradients. The noisy value is known to have been at
// least as large, so that the likelihood is Φ((A·x − level)/σ). Its residual is the one whose half square is −log Φ: for a state far
// below the level nearly the residual of a measured value, and 0 far above. It is no linear function of the state.

import Foundation
import SextantArrays

/// The residuals √(−2·log Φ(−ρ)) of values that were cut off, where ρ = (level − A(x))/σ would be those of measured values.
struct SaturatedFidelity: DataFidelity {
  private let inner: any DataFidelity

  /// - Parameter inner: the fidelity of the same values if the level had been measured.
  init(_ inner: any DataFidelity) { self.inner = inner }

  var count: Int { inner.count }
  var noiseVariance: Double { inner.noiseVariance }

  private static func residual(_ rho: Double) -> Double { max(0, -2 * StandardNormal.logCumulative(-rho)).squareRoot() }

  /// The derivative of the residual by ρ.
  private static func slope(_ rho: Double) -> Double {
    let own = residual(rho)
    return own > 1e-12 ? StandardNormal.inverseMillsRatio(-rho) / own : 0
  }

  func residuals(of states: Tensor<Float>) -> Tensor<Float> {
    inner.residuals(of: states).map { Float(Self.residual(Double($0))) }
  }

  func pullback(_ v: Tensor<Float>, at states: Tensor<Float>) -> Tensor<Float> {
    inner.pullback(v * inner.residuals(of: states).map { Float(Self.slope(Double($0))) }, at: states)
  }
}

/// Two fidelities to values of the same states, whose residuals stand side by side.
struct JoinedFidelity: DataFidelity {
  private let first, second: any DataFidelity

  init(_ first: any DataFidelity, _ second: any DataFidelity) { (self.first, self.second) = (first, second) }

  var count: Int { first.count + second.count }

  var noiseVariance: Double {
    // m/‖∂r/∂x‖² of all rows from those of the parts.
    Double(count) / (Double(first.count) / first.noiseVariance + Double(second.count) / second.noiseVariance)
  }

  func residuals(of states: Tensor<Float>) -> Tensor<Float> {
    let (one, two) = (first.residuals(of: states), second.residuals(of: states))
    return Tensor(shape: [states.rowCount, count]) { out in
      one.withUnsafeScalars { one in
        two.withUnsafeScalars { two in
          for row in 0..<states.rowCount {
            for i in 0..<first.count { out[row * count + i] = one[row * first.count + i] }
            for i in 0..<second.count { out[row * count + first.count + i] = two[row * second.count + i] }
          }
        }
      }
    }
  }

  func pullback(_ v: Tensor<Float>, at states: Tensor<Float>) -> Tensor<Float> {
    let one = v.gatheringColumns(Array(0..<first.count))
    let two = v.gatheringColumns(Array(first.count..<count))
    return first.pullback(one, at: states) + second.pullback(two, at: states)
  }
}
