// The network of one coupling: two hidden layers and a last layer initialised to 0. Its inputs are one part of the
// entries and the condition; its outputs are a log-scale and a shift for each entry of the other part, which
// `AffineCoupling` applies.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Reads one half of the entries and transforms the other half.
struct CouplingNetwork<Scalar: TensorScalar>: Sendable {
  typealias Reference = ParameterSet<Scalar>.Reference

  let parameters: CouplingParameters<Reference>
  let configuration: CouplingFlowConfiguration

  /// Transforms the last entries of each point, given the first entries and the condition.
  ///
  /// - Parameters:
  ///   - points: B×D.
  ///   - kept: the number of first entries, which pass through unchanged.
  ///   - condition: the contribution of the condition to the first layer: P×width, where P divides B, or nil.
  ///   - direction: the direction of the map.
  ///   - pass: the pass with the parameters.
  /// - Returns: the transformed points (B×D) and the sum of the log-scales of each point (B).
  @specialized(where Scalar == Float)
  func callAsFunction(
    _ points: DifferentiableTensor<Scalar>, keeping kept: Int, condition: DifferentiableTensor<Scalar>?,
    direction: FlowDirection,
    in pass: NetworkPass<Scalar>
  ) -> (points: DifferentiableTensor<Scalar>, logScaleSums: DifferentiableTensor<Scalar>) {
    let read = points.columns(0..<kept)
    var hidden = dense(read, weight: pass[parameters.first.weight], bias: pass[parameters.first.bias])
    if let condition { hidden = Self.add(condition, to: hidden) }
    hidden = activated(hidden, parameters.first, in: pass)
    hidden = dense(hidden, weight: pass[parameters.second.weight], bias: pass[parameters.second.bias])
    hidden = activated(hidden, parameters.second, in: pass)
    let coupling = AffineCoupling(
      isNormalising: direction == .normalising, isSoftsign: configuration.clamp == .softsign,
      bound: Scalar(configuration.logScaleBound))
    return coupling(
      points, product: dense(hidden, weight: pass[parameters.output.weight]), bias: pass[parameters.output.bias],
      scale: (pass[parameters.output.logScale] * Scalar(configuration.outputScaleFactor)).exponential())
  }

  /// Adds row r·P/B of the condition (P×width) to row r of the hidden layer (B×width).
  private static func add(_ condition: DifferentiableTensor<Scalar>, to hidden: DifferentiableTensor<Scalar>)
    -> DifferentiableTensor<Scalar>
  {
    let (rows, own) = (hidden.value.rowCount, condition.value.rowCount)
    if own == rows { return hidden + condition }
    if own == 1 { return hidden.addingToRows(condition) }
    precondition(own > 0 && rows % own == 0, "\(own) rows of a condition for \(rows) points")
    let width = hidden.value.columnCount
    return hidden.reshaped(to: [own, rows / own, width]).addingToRows(condition).reshaped(to: [rows, width])
  }

  private func activated(
    _ x: DifferentiableTensor<Scalar>, _ layer: CouplingParameters<Reference>.Hidden, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let x = x.leakyReLU(slope: Scalar(configuration.negativeSlope))
    guard let statistics = layer.normalisation else { return x }
    let normalisation = BatchNormalisation<Scalar>(
      gain: statistics.gain, bias: statistics.bias, runningMean: statistics.runningMean,
      runningVariance: statistics.runningVariance, epsilon: configuration.batchEpsilon,
      momentum: configuration.batchMomentum)
    return normalisation(x, in: pass)
  }
}
