// The embedded Runge–Kutta pair of orders 5 and 4 of Dormand and Prince with adaptive steps, for many trajectories at
// once. Each trajectory has its own time, step and tolerance, so none depends on the others in its batch; only the
// evaluations are shared.

import Foundation
import Sextant

/// Fields (B×V×C), each with one scalar that is integrated along with it.
struct Trajectories<Scalar: TensorScalar> {
  var fields: Tensor<Scalar>
  var numbers: [Double]

  /// Adds `slope` times `steps` (B) times `factor`.
  mutating func add(_ slope: Trajectories, steps: [Double], factor: Double) {
    guard factor != 0 else { return }
    fields.add(slope.fields.scalingSamples(by: steps.map { $0 * factor }))
    for sample in numbers.indices { numbers[sample] += steps[sample] * factor * slope.numbers[sample] }
  }

  /// The trajectories with these indices.
  func picking(_ indices: [Int]) -> Trajectories {
    Trajectories(
      fields: fields.sampleRows.gatheringRows(indices).reshaped(to: [indices.count] + fields.shape.dropFirst()),
      numbers: indices.map { numbers[$0] })
  }

  /// Replaces the chosen trajectories by those of `other`.
  mutating func replace(_ chosen: [Bool], with other: Trajectories) {
    for sample in numbers.indices where chosen[sample] {
      fields.replaceRows(from: sample, with: other.fields.rows(sample..<sample + 1))
      numbers[sample] = other.numbers[sample]
    }
  }
}

/// An integration exceeded its limit of steps.
public struct TooManySteps: Error, Equatable {
  let limit: Int
  let field: Int

  public init(limit: Int, field: Int) { (self.limit, self.field) = (limit, field) }
}

/// An integrator for ordinary differential equations.
struct DormandPrince {
  let relativeTolerance: Double
  let absoluteTolerance: Double
  let stepLimit: Int

  /// The slopes of trajectories, each at its own time; `indices` are their original indices.
  typealias Slope<Scalar: TensorScalar> = (
    _ state: Trajectories<Scalar>, _ places: [Double], _ indices: [Int]
  ) -> Trajectories<Scalar>

  private static let nodes: [Double] = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1]
  // Row by row, because a single literal with all quotients is too much for the type checker.
  private static let weights2: [Double] = [1 / 5]
  private static let weights3: [Double] = [3 / 40, 9 / 40]
  private static let weights4: [Double] = [44 / 45, -56 / 15, 32 / 9]
  private static let weights5: [Double] = [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729]
  private static let weights6: [Double] = [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656]
  private static let weights7: [Double] = [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]
  private static let weights = [[], weights2, weights3, weights4, weights5, weights6, weights7]
  /// The weights of order 5 minus those of order 4.
  private static let errorWeights: [Double] = [
    71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40,
  ]

  /// The state at `end` of the trajectories that begin at `start` < `end`.
  ///
  /// Throws ``TooManySteps``.
  func integrate<Scalar: TensorScalar>(
    _ initial: Trajectories<Scalar>, from start: Double, to end: Double, slope: Slope<Scalar>
  ) throws -> Trajectories<Scalar> {
    var result = initial
    var state = initial
    var indices = Array(initial.numbers.indices)
    var places = indices.map { _ in start }
    var steps = indices.map { _ in (end - start) / 50 }
    var first = slope(state, places, indices)
    for _ in 0..<stepLimit {
      guard !indices.isEmpty else { return result }
      for sample in indices.indices { steps[sample] = min(steps[sample], end - places[sample]) }
      var slopes = [first]
      var trial = state
      for stage in 1...6 {
        trial = state
        for (earlier, weight) in zip(slopes, Self.weights[stage]) { trial.add(earlier, steps: steps, factor: weight) }
        slopes.append(slope(trial, zip(places, steps).map { $0 + Self.nodes[stage] * $1 }, indices))
      }
      let errors = errors(of: slopes, steps: steps, between: state, and: trial)
      let accepted = errors.map { $0 <= 1 }
      // The last slope of an accepted step is the first slope of the next step.
      state.replace(accepted, with: trial)
      first.replace(accepted, with: slopes[6])
      var remaining: [Int] = []
      for sample in indices.indices {
        let reachesEnd = places[sample] + steps[sample] >= end - 1e-12 * (end - start)
        if accepted[sample] && reachesEnd {
          result.fields.replaceRows(from: indices[sample], with: state.fields.rows(sample..<sample + 1))
          result.numbers[indices[sample]] = state.numbers[sample]
          continue
        }
        remaining.append(sample)
        if accepted[sample] { places[sample] += steps[sample] }
        // A step with a non-finite result is treated as much too long.
        let growth = errors[sample].isFinite ? 0.9 * pow(max(errors[sample], 1e-10), -0.2) : 0.2
        steps[sample] *= min(5, max(0.2, growth))
      }
      guard remaining.count < indices.count else { continue }
      (state, first) = (state.picking(remaining), first.picking(remaining))
      (places, steps) = (remaining.map { places[$0] }, remaining.map { steps[$0] })
      indices = remaining.map { indices[$0] }
    }
    guard let left = indices.first else { return result }
    throw TooManySteps(limit: stepLimit, field: left)
  }

  /// The root mean square error of each trajectory, in units of the tolerance.
  private func errors<Scalar: TensorScalar>(
    of slopes: [Trajectories<Scalar>], steps: [Double], between a: Trajectories<Scalar>, and b: Trajectories<Scalar>
  ) -> [Double] {
    var error = Trajectories(
      fields: Tensor<Scalar>(repeating: 0, shape: a.fields.shape), numbers: a.numbers.map { _ in 0 })
    for (slope, weight) in zip(slopes, Self.errorWeights) { error.add(slope, steps: steps, factor: weight) }
    let dimension = a.fields.sampleRows.columnCount
    return error.fields.withUnsafeScalars { mistakes in
      a.fields.withUnsafeScalars { before in
        b.fields.withUnsafeScalars { after in
          a.numbers.indices.map { sample in
            var sum = squaredShare(error.numbers[sample], a.numbers[sample], b.numbers[sample])
            for i in sample * dimension..<(sample + 1) * dimension {
              sum += squaredShare(Double(mistakes[i]), Double(before[i]), Double(after[i]))
            }
            return (sum / Double(dimension + 1)).squareRoot()
          }
        }
      }
    }
  }

  private func squaredShare(_ error: Double, _ before: Double, _ after: Double) -> Double {
    let share = error / (absoluteTolerance + relativeTolerance * max(abs(before), abs(after)))
    return share * share
  }
}
