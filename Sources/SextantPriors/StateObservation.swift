// Measured values as noisy linear functions of standardised states.

import SextantArrays
import SextantMeasurement

/// What was measured, in terms of the states: anomalies = matrix·states + noise.
public struct StateObservation: Sendable {
  /// H (m×d).
  public let matrix: SparseMatrix
  /// The standardised anomaly of each measured value (m).
  public let anomalies: [Double]
  /// The variance of its noise, standardised (m).
  public let noiseVariance: [Double]
  /// The state that each measured value sees, where each sees exactly one; nil for a general operator.
  public let selectedStates: [Int]?
  /// How many measured values lay outside the domain.
  public let ignoredCount: Int

  /// The number of measured values m.
  public var count: Int { anomalies.count }

  /// The state with the largest weight in each measured value (m).
  public var dominantStates: [Int] {
    if let selectedStates { return selectedStates }
    return (0..<count).map { row in
      let entries = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      let largest = entries.max { abs(matrix.values[$0]) < abs(matrix.values[$1]) }
      return largest.map { Int(matrix.columns[$0]) } ?? 0
    }
  }

  init(_ measurement: FieldMeasurement, layout: StateLayout, mean: [Float], scales: [Float]) {
    if let selection = measurement.operation as? SelectionOperator {
      self.init(selection, measurement, layout: layout, mean: mean, scales: scales)
    } else {
      self.init(general: measurement, layout: layout, mean: mean, scales: scales)
    }
  }

  private init(
    _ selection: SelectionOperator, _ measurement: FieldMeasurement, layout: StateLayout, mean: [Float], scales: [Float]
  ) {
    let d = layout.count
    var precision = [Double](repeating: 0, count: d)
    var weighted = [Double](repeating: 0, count: d)
    var ignored = 0
    for (row, entry) in selection.indices.enumerated() {
      let state = Int(layout.stateOfEntry[entry])
      guard state >= 0 else {
        ignored += 1
        continue
      }
      let scale = Double(scales[state])
      let deviation = Double(measurement.noise[row]) / scale
      let weight = 1 / (deviation * deviation)
      precision[state] += weight
      weighted[state] += weight * (Double(measurement.values[row]) - Double(mean[state])) / scale
    }
    let states = precision.indices.filter { precision[$0] > 0 }
    anomalies = states.map { weighted[$0] / precision[$0] }
    noiseVariance = states.map { 1 / precision[$0] }
    selectedStates = states
    ignoredCount = ignored
    matrix = SparseMatrix(
      rowCount: states.count, columnCount: d, rowStarts: Array(0...states.count), columns: states.map(Int32.init),
      values: [Double](repeating: 1, count: states.count))
  }

  private init(general measurement: FieldMeasurement, layout: StateLayout, mean: [Float], scales: [Float]) {
    let source = measurement.operation.matrix
    var entries: [(row: Int, column: Int, value: Double)] = []
    var anomalies: [Double] = []
    var noiseVariance: [Double] = []
    var ignored = 0
    for row in 0..<source.rowCount {
      let range = source.rowStarts[row]..<source.rowStarts[row + 1]
      let states = range.map { Int(layout.stateOfEntry[Int(source.columns[$0])]) }
      guard !states.isEmpty, zip(range, states).allSatisfy({ $1 >= 0 || abs(source.values[$0]) < 1e-9 }) else {
        ignored += 1
        continue
      }
      let used = zip(range, states).filter { $0.1 >= 0 }
      // The row is divided by the scale of its first state, so that all rows are of order one.
      let rowScale = Double(scales[used[0].1])
      var expected = 0.0
      for (k, state) in used {
        expected += source.values[k] * Double(mean[state])
        entries.append((anomalies.count, state, source.values[k] * Double(scales[state]) / rowScale))
      }
      anomalies.append((Double(measurement.values[row]) - expected) / rowScale)
      let deviation = Double(measurement.noise[row]) / rowScale
      noiseVariance.append(deviation * deviation)
    }
    self.anomalies = anomalies
    self.noiseVariance = noiseVariance
    selectedStates = nil
    ignoredCount = ignored
    matrix = SparseMatrix(rowCount: anomalies.count, columnCount: layout.count, entries: entries)
  }

  /// The same observation with `shift` (d) taken off the states' mean.
  public func subtracting(_ shift: [Float]) -> StateObservation {
    let expected = apply(Tensor(shift.map(Double.init), shape: [1, shift.count])).scalars
    return StateObservation(
      matrix: matrix, anomalies: zip(anomalies, expected).map { $0 - $1 }, noiseVariance: noiseVariance,
      selectedStates: selectedStates, ignoredCount: ignoredCount)
  }

  private init(
    matrix: SparseMatrix, anomalies: [Double], noiseVariance: [Double], selectedStates: [Int]?, ignoredCount: Int
  ) {
    self.matrix = matrix
    self.anomalies = anomalies
    self.noiseVariance = noiseVariance
    self.selectedStates = selectedStates
    self.ignoredCount = ignoredCount
  }

  /// H·B for the rows of `states` that stand for states: from B×d to B×m.
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
