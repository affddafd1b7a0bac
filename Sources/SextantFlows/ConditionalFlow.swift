// The interface of conditional normalising flows: they map normal values z to x given a condition, and back, with the
// log-determinant in either direction. The caller supplies the condition (measurements, masks, summaries).

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Points mapped by a flow, with the log-determinant of the map.
public struct FlowPoints<Scalar: TensorScalar> {
  /// B×D.
  public let values: DifferentiableTensor<Scalar>
  /// log|det ∂(to)/∂(from)| of each row: [B].
  public let logDeterminant: DifferentiableTensor<Scalar>

  public init(values: DifferentiableTensor<Scalar>, logDeterminant: DifferentiableTensor<Scalar>) {
    (self.values, self.logDeterminant) = (values, logDeterminant)
  }
}

/// The part of a flow's computation that depends on the condition alone, shared by all samples of a measurement.
public struct PreparedCondition<Scalar: TensorScalar> {
  /// P rows, where P divides the number of points and consecutive points share a row; nil if the flow has no condition.
  public let projection: DifferentiableTensor<Scalar>?

  public init(projection: DifferentiableTensor<Scalar>?) { self.projection = projection }

  /// The same values on another tape without gradients, to draw more samples later.
  public func detached(to tape: Tape<Scalar>) -> PreparedCondition {
    PreparedCondition(projection: projection.map { tape.constant($0.value) })
  }

  /// The rows with the given indices.
  public func rows(_ indices: [Int]) -> PreparedCondition {
    PreparedCondition(
      projection: projection.map { projection in
        let (rows, columns) = (projection.value.rowCount, projection.value.columnCount)
        return gatherRows(projection.reshaped(to: [1, rows, columns]), indices.map { Int32($0) })
          .reshaped(to: [indices.count, columns])
      })
  }
}

/// The map of an untrained flow.
public enum FlowStart: Sendable, Equatable {
  /// x = z, exact to the last bit.
  case identity
  /// x is a permutation of z.
  case permutation
  /// x is a linear function of z, whatever the condition.
  case linear
}

/// A normalising flow on D entries, given a condition of M entries.
public protocol ConditionalFlow<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// The number D of entries of x and z.
  var dimension: Int { get }
  /// The number M of entries of the condition; 0 for none.
  var conditionWidth: Int { get }
  /// The map before training.
  var start: FlowStart { get }
  /// The same flow whose running statistics a training pass replaces instead of averaging them; nil for a flow without any.
  var recalibrating: (any ConditionalFlow<Scalar>)? { get }

  /// The part of the work that depends on the condition alone. The condition is P×M, where P divides the number B of
  /// points: one row for each point, one for all, or one for each run of B/P consecutive points (the samples of one
  /// measurement).
  func prepare(_ condition: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>) -> PreparedCondition<Scalar>

  /// x = G(z; condition) with log|det ∂x/∂z|, for standard normal z (B×D).
  func sample(
    _ z: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar>

  /// z = G⁻¹(x; condition) with log|det ∂z/∂x|, for x (B×D).
  func invert(
    _ x: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar>
}

extension ConditionalFlow {
  public var recalibrating: (any ConditionalFlow<Scalar>)? { nil }

  /// Stops at a condition that is not P×M.
  func checkCondition(_ condition: DifferentiableTensor<Scalar>) {
    precondition(
      condition.value.columnCount == conditionWidth,
      "Condition of shape \(condition.shape) for a flow under \(conditionWidth) numbers")
  }

  /// ``sample(_:given:in:)-(_,PreparedCondition<Scalar>,_)`` for a condition of shape P×M.
  public func sample(
    _ z: DifferentiableTensor<Scalar>, given condition: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    sample(z, given: prepare(condition, in: pass), in: pass)
  }

  /// ``invert(_:given:in:)-(_,PreparedCondition<Scalar>,_)`` for a condition of shape P×M.
  public func invert(
    _ x: DifferentiableTensor<Scalar>, given condition: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    invert(x, given: prepare(condition, in: pass), in: pass)
  }

  /// log q(x | condition) of each row: [B]; the condition is P×M.
  public func logDensity(
    of x: DifferentiableTensor<Scalar>, given condition: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let points = invert(x, given: condition, in: pass)
    return standardNormalLogDensity(points.values) + points.logDeterminant
  }
}

/// The log-density of each row of B×D under independent standard normal entries: [B].
public func standardNormalLogDensity<Scalar: TensorScalar>(
  _ z: DifferentiableTensor<Scalar>
) -> DifferentiableTensor<Scalar> {
  let squares = z.squared().rowSums()
  let constant = Scalar(-0.5 * log(2 * .pi) * Double(z.value.columnCount))
  return squares * Scalar(-0.5) + z.tape.constant(Tensor(repeating: constant, shape: squares.shape))
}
