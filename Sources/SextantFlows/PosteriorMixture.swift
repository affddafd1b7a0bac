// The mixture form of the Gaussian-base flow: several Gaussian posteriors of one measurement (by source, month or
// cluster), weighted by their evidence, and one flow f on the standard coordinates of the component drawn. The density
// of a point sums over all components, so it takes one inverse per component.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks

/// A mixture of Gaussian posteriors.
public struct PosteriorMixture<Scalar: TensorScalar>: Sendable {
  /// The components, all over k coefficients.
  public let components: [GaussianCoefficients<Scalar>]
  /// The logarithms of the weights, which sum to 1.
  public let logWeights: [Double]

  /// A mixture with the logarithm of each component's weight, up to a common constant.
  public init(_ components: [GaussianCoefficients<Scalar>], logEvidences: [Double]) {
    precondition(
      !components.isEmpty && components.count == logEvidences.count
        && components.allSatisfy { $0.count == components[0].count },
      "\(components.count) components with \(logEvidences.count) weights")
    let total = logSumExp(logEvidences)
    precondition(total.isFinite, "No component has a finite weight")
    self.components = components
    logWeights = logEvidences.map { $0 - total }
  }

  /// Draws `count` components according to their weights.
  public func choose(_ count: Int, using random: inout RandomStream) -> [Int] {
    let weights = logWeights.map { exp($0) }
    return (0..<count).map { _ in random.categorical(weights) ?? 0 }
  }
}

extension GaussianBaseFlow {
  /// Coefficients (B×k) for z from the component `chosen` for each row. No gradient flows through the choice, because
  /// the weights are not trained.
  ///
  /// - Parameters:
  ///   - z: B×k, standard normal.
  ///   - features: K×F with one row for each component, or 1×F for all components.
  ///   - mixture: the mixture.
  ///   - chosen: B component indices, from ``PosteriorMixture/choose(_:using:)``.
  ///   - pass: the pass with the parameters.
  public func sample(
    _ z: DifferentiableTensor<Scalar>, features: DifferentiableTensor<Scalar>, from mixture: PosteriorMixture<Scalar>,
    chosen: [Int],
    in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let rows = PosteriorRows(mixture.components, of: chosen)
    var condition = flow.prepare(features, in: pass)
    if features.value.rowCount > 1 { condition = condition.rows(chosen) }
    return rows.coefficients(flow.sample(z, given: condition, in: pass).values)
  }

  /// log Σⱼ πⱼ qⱼ(w) of each row of w (B×k): [B]. It is exact, whether the flow is trained or not. Features are as in
  /// ``sample(_:features:from:chosen:in:)``.
  public func logDensity(
    of w: DifferentiableTensor<Scalar>, features: DifferentiableTensor<Scalar>, from mixture: PosteriorMixture<Scalar>,
    in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let count = w.value.rowCount
    let condition = flow.prepare(features, in: pass)
    let densities = mixture.components.enumerated().map { index, component in
      let own = features.value.rowCount > 1 ? condition.rows([index]) : condition
      let points = invert(w, given: own, rows: PosteriorRows([component], sharedBy: count), in: pass)
      let density = standardNormalLogDensity(points.values) + points.logDeterminant
      let weight = Tensor(repeating: Scalar(mixture.logWeights[index]), shape: [count])
      return (density + pass.tape.constant(weight)).reshaped(to: [count, 1])
    }
    return logarithmOfSummedExponentials(concatenateColumns(densities))
  }
}

/// log Σⱼ exp(xᵢⱼ) of each row of B×K: [B].
func logarithmOfSummedExponentials<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>
) -> DifferentiableTensor<Scalar> {
  let (rows, columns) = (x.value.rowCount, x.value.columnCount)
  let input = x.value.scalars.map { Double($0) }
  let sums = (0..<rows).map { row in logSumExp(input[row * columns..<(row + 1) * columns]) }
  let value = Tensor(sums.map { Scalar($0) })
  return x.tape.record(value, operation: "logarithm of summed exponentials", from: [x]) { gradient, cotangents in
    let shares = (0..<rows * columns).map { exp(input[$0] - sums[$0 / columns]) }
    let outer = gradient.scalars
    cotangents.add(
      Tensor(shares.enumerated().map { Scalar($1) * outer[$0 / columns] }, shape: [rows, columns]), to: x)
  }
}
