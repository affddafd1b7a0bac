// Linear measurements of a field's states, for flows that learn from measurements alone: the data fidelity of fields with its gradient.
// Values stay in the variables' units, in which the noise is normal; states are standardised and, if the variable has a transform, transformed.

import SextantArrays
import SextantAutodiff
import SextantMeasurement
import SextantPriors

/// The measured values inside a model's domain, each with the states of which it is a sum.
package struct MeasuredStates: Sendable {
  /// What the values are of the states (m×d), without standardisation: a row for each value.
  private let matrix: SparseMatrix
  /// y (m), in the variables' units.
  private let values: [Float]
  /// σ of each value (m), in the variables' units.
  private let noise: [Float]
  /// The climatology of each state (d), transformed.
  private let centres: [Float]

  /// - Parameters:
  ///   - measurement: what was measured. Values that depend on places outside the domain do not count.
  ///   - space: the space of the states.
  ///   - earlier: another measurement; where it is of the same values, the two share the memory of their matrix.
  /// - Throws: `PriorError.wrongSize`, and `MeasurementError.operatorNotSupported` for an operator that is given by its action.
  package init(_ measurement: FieldMeasurement, space: StateSpace, sharing earlier: MeasuredStates? = nil) throws {
    let layout = space.layout
    try measurement.operation.requireInputs(layout.stateOfEntry.count)
    try measurement.model.checkNoise()
    let source = try measurement.operation.matrixForFlow
    var (rows, starts, states, weights) = ([Int](), [0], [Int32](), [Double]())
    for row in 0..<source.rowCount {
      let range = source.rowStarts[row]..<source.rowStarts[row + 1]
      guard !range.isEmpty, range.allSatisfy({ layout.stateOfEntry[Int(source.columns[$0])] >= 0 }) else { continue }
      states += range.map { layout.stateOfEntry[Int(source.columns[$0])] }
      weights += source.values[range]
      starts.append(states.count)
      rows.append(row)
    }
    let own = SparseMatrix(rowCount: rows.count, columnCount: layout.count, rowStarts: starts, columns: states, values: weights)
    // Of an archive of blurred images, the matrices would take more memory than the images.
    if let earlier, earlier.matrix == own { matrix = earlier.matrix } else { matrix = own }
    values = rows.map { measurement.values[$0] }
    noise = rows.map { measurement.noise[$0] }
    centres = space.climatology.mean(for: measurement.label)
  }

  /// Measurements in an order in which neighbours that are of the same values share memory.
  package static func all(_ measurements: some Sequence<FieldMeasurement>, space: StateSpace) throws -> [MeasuredStates] {
    var result: [MeasuredStates] = []
    for measurement in measurements {
      result.append(try MeasuredStates(measurement, space: space, sharing: result.last))
    }
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
      let range = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
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
