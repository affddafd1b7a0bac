// A covariance model with fixed parameters, arranged for loops over pairs of states.
//
// Every correlation is a function of a single squared distance in a scaled embedding: the position divided by the
// range, followed by the weighted coordinates. All terms therefore share one inner loop.

import Foundation
import SextantArrays

func exponent(of value: Double) -> Double { log(value) }

extension CovarianceModel {
  /// The scaled embedding of a correlation.
  struct Metric: Sendable {
    /// 1/range.
    var inverseRange: Double
    /// The coordinates that follow the position, and the factor of each.
    var weights: [(coordinate: Int, factor: Double)]
    var smoothness: MaternCorrelation
  }

  /// A component with fixed parameters. Amplitudes are squared.
  enum Term: Sendable {
    case modes(amplitude: Double)
    case localisedModes(amplitude: Double, Metric)
    case field(Metric, logStandardDeviation: [(feature: Int, coefficient: Double)])
  }

  /// The modes at `states` (k×n).
  func modes<Scalar: TensorScalar>(at states: [Int], as type: Scalar.Type) -> Tensor<Scalar> {
    modes.gatheringColumns(states).converted(to: type)
  }

  func terms(_ theta: [Double]) -> [Term] {
    precondition(theta.count == parameters.count, "\(theta.count) values for \(parameters.count) parameters")
    var next = 0
    func take() -> Double {
      next += 1
      return theta[next - 1]
    }
    func metric(_ coordinates: [CovarianceComponent.CoordinateWeight], _ smoothness: MaternCorrelation) -> Metric {
      let inverseRange = exp(-take())
      return Metric(
        inverseRange: inverseRange, weights: coordinates.map { ($0.coordinate, exp(take())) }, smoothness: smoothness)
    }
    return components.map { component in
      switch component {
      case .modes: return .modes(amplitude: exp(2 * take()))
      case .localisedModes(_, _, let coordinates, let smoothness):
        let amplitude = exp(2 * take())
        return .localisedModes(amplitude: amplitude, metric(coordinates, smoothness))
      case .field(_, let coordinates, let smoothness, let standardDeviation):
        let metric = metric(coordinates, smoothness)
        return .field(metric, logStandardDeviation: standardDeviation.map { ($0.feature, take()) })
      }
    }
  }

  /// exp Σ βq·zq at each of `states`.
  func standardDeviations(_ logStandardDeviation: [(feature: Int, coefficient: Double)], at states: [Int]) -> [Double] {
    states.map { state in
      exp(logStandardDeviation.reduce(0.0) { $0 + $1.coefficient * features[$1.feature][state] })
    }
  }

  /// The embedding of `states` under `metric`, one row of n values after another.
  func embedding(_ metric: Metric, of states: [Int]) -> [Double] {
    var rows: [Double] = []
    rows.reserveCapacity(states.count * (3 + metric.weights.count))
    for axis in 0..<3 { rows += states.map { positions[$0][axis] * metric.inverseRange } }
    for weight in metric.weights { rows += states.map { coordinates[weight.coordinate][$0] * weight.factor } }
    return rows
  }
}
