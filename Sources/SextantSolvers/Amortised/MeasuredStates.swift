// Linear measurements of a field's states, for flows that learn from measurements alone: the data fidelity of fields with its gradient.
// Values stay in the variables' units, in which the noise is normal; states are standardised and, if the variable has a transform, transformed.

import SextantArrays
import SextantAutodiff
import SextantMeasurement
import SextantPriors

/// The measured values inside a model's domain, each with the states of which it is a sum.
package struct MeasuredStates: Sendable {
  /// What values can be of the states, without standardisation: a row for each way, which the measurements of one call of `all` share.
  private var matrix = SparseMatrix(rowCount: 0, columnCount: 0, rowStarts: [0], columns: [], values: [])
  /// The row of each value (m).
  private let rows: [Int32]
  /// y (m), in the variables' units.
  private let values: [Float]
  /// σ of each value (m), in the variables' units.
  private let noise: [Float]
  /// The climatology of each state (d), transformed.
  private let centres: [Float]

  /// - Parameters:
  ///   - measurement: what was measured. Values that depend on places outside the domain do not count.
  ///   - space: the space of the states.
  ///   - known: the rows that earlier measurements have; new ones are added.
  /// - Throws: `PriorError.wrongSize`, and `MeasurementError.operatorNotSupported` for an operator that is given by its action.
  private init(_ measurement: FieldMeasurement, space: StateSpace, rows known: inout DistinctRows) throws {
    let layout = space.layout
    try measurement.operation.requireInputs(layout.stateOfEntry.count)
    try measurement.model.checkNoise()
    let source = try measurement.operation.matrixForFlow
    var (kept, numbers) = ([Int](), [Int32]())
    for row in 0..<source.rowCount {
      let range = source.rowStarts[row]..<source.rowStarts[row + 1]
      guard !range.isEmpty, range.allSatisfy({ layout.stateOfEntry[Int(source.columns[$0])] >= 0 }) else { continue }
      numbers.append(
        known.number(states: range.map { layout.stateOfEntry[Int(source.columns[$0])] }, weights: Array(source.values[range])))
      kept.append(row)
    }
    rows = numbers
    values = kept.map { measurement.values[$0] }
    noise = kept.map { measurement.noise[$0] }
    centres = space.climatology.mean(for: measurement.label)
  }

  /// The measurements of some items, made one after the other. Of an archive of blurred images with gaps, their matrices would take
  /// more memory than the images, so each row is kept once.
  ///
  /// - Throws: `PriorError.wrongSize`, `MeasurementError.operatorNotSupported` for an operator that is given by its action, and what
  ///   `measurement` throws.
  package static func all<Item>(
    _ items: some Sequence<Item>, space: StateSpace, measurement: (Item) throws -> FieldMeasurement
  ) throws -> [MeasuredStates] {
    var known = DistinctRows()
    var result: [MeasuredStates] = []
    for item in items { result.append(try MeasuredStates(measurement(item), space: space, rows: &known)) }
    let matrix = known.matrix(columnCount: space.layout.count)
    for place in result.indices { result[place].matrix = matrix }
    return result
  }

  /// Σ ½·((y − A·T(μ + scale·x))/σ)², whose gradient by x is added to `slopes`.
  ///
  /// - Parameters:
  ///   - x: states (d).
  ///   - slopes: the gradient (d).
  fileprivate func misfit(
    _ x: UnsafeBufferPointer<Float>, channels: [Int32], scales: [Float], transforms: [MarginalTransform],
    slopes: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    var total = 0.0
    for row in values.indices {
      let range = matrix.rowStarts[Int(rows[row])]..<matrix.rowStarts[Int(rows[row]) + 1]
      func transformed(_ k: Int) -> (state: Int, scale: Double, transform: MarginalTransform, value: Double) {
        let state = Int(matrix.columns[k])
        let channel = Int(channels[state])
        return (state, Double(scales[channel]), transforms[channel], Double(centres[state]) + Double(scales[channel]) * Double(x[state]))
      }
      var predicted = 0.0
      for k in range {
        let place = transformed(k)
        predicted += matrix.values[k] * place.transform.value(at: place.value)
      }
      let sigma = Double(noise[row])
      let residual = (predicted - Double(values[row])) / sigma
      total += 0.5 * residual * residual
      for k in range {
        let place = transformed(k)
        slopes[place.state] += Float(residual * matrix.values[k] * place.transform.slope(at: place.value) * place.scale / sigma)
      }
    }
    return total
  }
}

/// The rows of a matrix that differ.
private struct DistinctRows {
  private struct Row: Hashable {
    var states: [Int32]
    var weights: [Double]
  }
  private var numbers: [Row: Int32] = [:]
  private var (starts, states, weights) = ([0], [Int32](), [Double]())

  /// The number of a row, which is added where it is new.
  mutating func number(states: [Int32], weights: [Double]) -> Int32 {
    let row = Row(states: states, weights: weights)
    if let known = numbers[row] { return known }
    let number = Int32(numbers.count)
    numbers[row] = number
    self.states += states
    self.weights += weights
    starts.append(self.states.count)
    return number
  }

  func matrix(columnCount: Int) -> SparseMatrix {
    SparseMatrix(rowCount: starts.count - 1, columnCount: columnCount, rowStarts: starts, columns: states, values: weights)
  }
}

/// The data fidelity of fields to measurements of them.
package struct StateFidelity: Sendable {
  private let measured: [MeasuredStates]
  private let channels: [Int32]
  private let scales: [Float]
  private let transforms: [MarginalTransform]

  /// - Parameters:
  ///   - measured: the measurements.
  ///   - space: the space of the states.
  ///   - transforms: the transform of each channel (C).
  package init(_ measured: [MeasuredStates], space: StateSpace, transforms: [MarginalTransform]) {
    (self.measured, self.transforms) = (measured, transforms)
    (scales, channels) = (space.scales, space.layout.channelOfState)
  }

  /// Σ ½·((y − A·T(μ + scale·x))/σ)² over all values of all measurements, of shape [].
  ///
  /// - Parameters:
  ///   - x: states (B×d×1).
  ///   - measurements: the index of each row's measurement (B).
  package func callAsFunction(_ x: DifferentiableTensor<Float>, _ measurements: [Int]) -> DifferentiableTensor<Float> {
    let d = x.value.count / max(1, measurements.count)
    var total = 0.0
    let slopes = Tensor<Float>(shape: x.shape) { out in
      for place in out.indices { out[place] = 0 }
      x.value.withUnsafeScalars { x in
        for (row, index) in measurements.enumerated() {
          let own = row * d..<(row + 1) * d
          total += measured[index].misfit(
            UnsafeBufferPointer(rebasing: x[own]), channels: channels, scales: scales, transforms: transforms,
            slopes: UnsafeMutableBufferPointer(rebasing: out[own]))
        }
      }
    }
    return x.tape.record(Tensor([Float(total)], shape: []), operation: "fidelity", from: [x]) { gradient, cotangents in
      cotangents.add(slopes * gradient.scalars[0], to: x)
    }
  }
}
