// The mixture form of the Gaussian-base flow: several Gaussian posteriors of one measurement (by source, month or cluster)
// with weights from their evidence, and one flow f on the standard coordinates of whichever was chosen.
// A point's density counts every component that could have made it, so it costs one inverse for each.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Gaussian posteriors with weights.
public struct PosteriorMixture<Scalar: TensorScalar>: Sendable {
  /// The components, all of k coefficients.
  public let components: [GaussianCoefficients<Scalar>]
  /// The logarithms of the weights, which add up to 1.
  public let logWeights: [Double]

  /// - Parameter logEvidences: the logarithm of each component's weight, up to a constant common to all.
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

  /// `count` components chosen by weight.
  public func choose(_ count: Int, using random: inout RandomStream) -> [Int] {
    let weights = logWeights.map { exp($0) }
    return (0..<count).map { _ in random.categorical(weights) ?? 0 }
  }
}

extension GaussianBaseFlow {
  /// Coefficients (B×k) for z from the components `chosen` for its rows. No gradient flows through the choice: the
  /// weights are not trained.
  ///
  /// - Parameters:
  ///   - z: B×k, standard normal.
  ///   - features: K×F, one row for each component, or 1×F for all.
  ///   - chosen: B components, from ``PosteriorMixture/choose(_:using:)``.
  public func sample(
    _ z: Variable<Scalar>, features: Variable<Scalar>, from mixture: PosteriorMixture<Scalar>, chosen: [Int],
    in pass: NetworkPass<Scalar>
  ) -> Variable<Scalar> {
    let rows = PosteriorRows(mixture.components, of: chosen)
    var condition = flow.prepare(features, in: pass)
    if features.value.rowCount > 1 { condition = condition.rows(chosen) }
    return rows.coefficients(flow.sample(z, given: condition, in: pass).values)
  }

  /// log Σⱼ πⱼ qⱼ(w) of each row of w (B×k): [B]. Exact, trained or not; features as in
  /// ``sample(_:features:from:chosen:in:)``.
  public func logDensity(
    of w: Variable<Scalar>, features: Variable<Scalar>, from mixture: PosteriorMixture<Scalar>,
    in pass: NetworkPass<Scalar>
  ) -> Variable<Scalar> {
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
func logarithmOfSummedExponentials<Scalar: TensorScalar>(_ x: Variable<Scalar>) -> Variable<Scalar> {
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
