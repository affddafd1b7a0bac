// A measurement operator and its noise expressed in the standardised states of a prior: H and R. All operators are
// converted here: a selection remains a selection, and any other operator becomes a sparse matrix.

import SextantArrays
import SextantMeasurement

/// The observation of states with noise: anomalies = H·states + N(0, R) with R diagonal.
///
/// It depends on the operator and the noise alone, so it serves all measurements of a series with one mask.
public struct ObservationOperator: Sendable {
  /// H (m×d).
  public let matrix: SparseMatrix
  /// The diagonal of R (m), standardised.
  public let noiseVariance: [Double]
  /// The state that each measured value observes if each observes exactly one; nil for a general operator.
  public let selectedStates: [Int]?
  private let reading: Reading

  /// The conversion of measured values to anomalies.
  private enum Reading: Sendable {
    /// The values of each state (such as the cells of a pole) are replaced by their weighted mean.
    case means(StateMeans)
    /// From each value its observation of the states' mean is subtracted.
    case combinations(StateCombinations)
  }

  /// The number of anomalies m; several values of one state count once, and values outside the domain do not count.
  public var count: Int { noiseVariance.count }

  /// The state with the largest weight in each measured value (m).
  var dominantStates: [Int] {
    if let selectedStates { return selectedStates }
    return (0..<count).map { row in
      let entries = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      let largest = entries.max { abs(matrix.values[$0]) < abs(matrix.values[$1]) }
      return largest.map { Int(matrix.columns[$0]) } ?? 0
    }
  }

  /// Expresses a measurement model in states with the given scales (d).
  ///
  /// Throws `MeasurementError.operatorNotSupported` for an operator that is given by its action and is too large for a
  /// matrix.
  init(_ model: MeasurementModel, layout: StateLayout, scales: [Float]) throws {
    if let entries = model.operation.selectedEntries {
      let means = StateMeans(entries, noise: model.noise, layout: layout, scales: scales)
      let states = means.states
      matrix = SparseMatrix(
        rowCount: states.count, columnCount: layout.count, rowStarts: Array(0...states.count),
        columns: states.map(Int32.init), values: [Double](repeating: 1, count: states.count))
      noiseVariance = states.map { 1 / means.precision[$0] }
      selectedStates = states
      reading = .means(means)
    } else {
      let source = try model.operation.materialised(for: "A prior over the states of a field")
      let combinations = StateCombinations(source, layout: layout, scales: scales)
      matrix = combinations.standardised(scales: scales)
      noiseVariance = combinations.rows.map { row in
        let sigma = Double(model.noise[row.value]) / row.scale
        return sigma * sigma
      }
      selectedStates = nil
      reading = .combinations(combinations)
    }
  }

  /// The observation for measured values.
  ///
  /// - Parameters:
  ///   - values: all outputs of the measurement's operator, in the variables' units.
  ///   - mean: the mean of each state (d), in the variables' units.
  func observation(of values: [Float], mean: [Float]) -> StateObservation {
    let anomalies =
      switch reading {
      case .means(let means): means.anomalies(of: values, mean: mean)
      case .combinations(let combinations): combinations.anomalies(of: values, mean: mean)
      }
    return StateObservation(operation: self, anomalies: anomalies)
  }

  /// What an observation is without some of its measured values: its anomalies that they are a part of, and what is left of each of
  /// these. Nil for a general operator.
  ///
  /// - Parameters:
  ///   - held: the positions of the values that are left out, among all outputs of the measurement's operator.
  ///   - values: all of these outputs, in the variables' units.
  ///   - mean: the mean of each state (d), in the variables' units.
  package func withholding(_ held: [Int], of values: [Float], mean: [Float]) -> [WithheldState]? {
    guard case .means(let means) = reading else { return nil }
    return means.withholding(held, of: values, mean: mean)
  }

  /// H·x for each row x of `states`: B×d to B×m.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func apply<Scalar: TensorScalar>(_ states: Tensor<Scalar>) -> Tensor<Scalar> {
    if let selectedStates { return states.gatheringColumns(selectedStates) }
    let rows = states.rowCount
    let (d, m) = (matrix.columnCount, count)
    return Tensor(shape: [rows, m]) { out in
      states.withUnsafeScalars { source in
        for b in 0..<rows {
          for i in 0..<m {
            var sum = 0.0
            for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
              sum += matrix.values[k] * Double(source[b * d + Int(matrix.columns[k])])
            }
            out[b * m + i] = Scalar(sum)
          }
        }
      }
    }
  }
}

/// An anomaly some of whose measured values are left out.
package struct WithheldState: Sendable {
  /// The anomaly's row, from 0 to m − 1, and its state.
  package let row: Int
  package let state: Int
  /// The anomaly of the values that are left, such as other cells of a pole, and its noise variance; nil where none is.
  package let rest: (anomaly: Double, variance: Double)?
}

/// The weighted means of values that observe one state each.
private struct StateMeans: Sendable {
  /// The values inside the domain: the index of the value, its state and its weight.
  private(set) var rows: [(value: Int, state: Int, weight: Double)] = []
  /// The sum of the weights of each state (d).
  private(set) var precision: [Double]
  private let scales: [Float]

  init(_ entries: [Int], noise: [Float], layout: StateLayout, scales: [Float]) {
    precision = [Double](repeating: 0, count: layout.count)
    self.scales = scales
    for (value, entry) in entries.enumerated() {
      let state = Int(layout.stateOfEntry[entry])
      guard state >= 0 else { continue }
      let sigma = Double(noise[value]) / Double(scales[state])
      let weight = 1 / (sigma * sigma)
      precision[state] += weight
      rows.append((value, state, weight))
    }
  }

  /// The states that are measured, ascending.
  var states: [Int] { precision.indices.filter { precision[$0] > 0 } }

  func anomalies(of values: [Float], mean: [Float]) -> [Double] {
    var weighted = [Double](repeating: 0, count: precision.count)
    for row in rows { weighted[row.state] += row.weight * anomaly(of: values[row.value], mean: mean, state: row.state) }
    return states.map { weighted[$0] / precision[$0] }
  }

  private func anomaly(of value: Float, mean: [Float], state: Int) -> Double {
    (Double(value) - Double(mean[state])) / Double(scales[state])
  }

  func withholding(_ held: [Int], of values: [Float], mean: [Float]) -> [WithheldState] {
    let held = Set(held)
    let touched = Set(rows.lazy.filter { held.contains($0.value) }.map(\.state))
    var rest: [Int: (precision: Double, weighted: Double)] = [:]
    for (value, state, weight) in rows where touched.contains(state) && !held.contains(value) {
      rest[state, default: (0, 0)].precision += weight
      rest[state, default: (0, 0)].weighted += weight * anomaly(of: values[value], mean: mean, state: state)
    }
    return states.enumerated().filter { touched.contains($1) }.map { row, state in
      WithheldState(
        row: row, state: state, rest: rest[state].map { (anomaly: $0.weighted / $0.precision, variance: 1 / $0.precision) })
    }
  }
}

/// Values that observe several states each, or one state with a weight.
private struct StateCombinations: Sendable {
  /// The values inside the domain: the index of the value, and the scale by which its row is divided to be of order one.
  private(set) var rows: [(value: Int, scale: Double)] = []
  /// The start of each row in `states` and `weights` (m + 1).
  private var starts = [0]
  private var states: [Int32] = []
  private var weights: [Double] = []
  private let stateCount: Int

  init(_ matrix: SparseMatrix, layout: StateLayout, scales: [Float]) {
    stateCount = layout.count
    for row in 0..<matrix.rowCount {
      let range = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      let seen = range.map { layout.stateOfEntry[Int(matrix.columns[$0])] }
      guard zip(range, seen).allSatisfy({ $1 >= 0 || abs(matrix.values[$0]) < 1e-9 }),
        let first = seen.first(where: { $0 >= 0 })
      else { continue }
      for (k, state) in zip(range, seen) where state >= 0 {
        states.append(state)
        weights.append(matrix.values[k])
      }
      starts.append(states.count)
      rows.append((row, Double(scales[Int(first)])))
    }
  }

  /// H, the rows in terms of standardised states.
  func standardised(scales: [Float]) -> SparseMatrix {
    var entries: [(row: Int, column: Int, value: Double)] = []
    for (i, row) in rows.enumerated() {
      for k in starts[i]..<starts[i + 1] {
        let state = Int(states[k])
        entries.append((i, state, weights[k] * Double(scales[state]) / row.scale))
      }
    }
    return SparseMatrix(rowCount: rows.count, columnCount: stateCount, entries: entries)
  }

  func anomalies(of values: [Float], mean: [Float]) -> [Double] {
    rows.enumerated().map { i, row in
      var expected = 0.0
      for k in starts[i]..<starts[i + 1] { expected += weights[k] * Double(mean[Int(states[k])]) }
      return (Double(values[row.value]) - expected) / row.scale
    }
  }
}
