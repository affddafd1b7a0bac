// Measurements of single entries, for flows that learn from measurements alone: the data fidelity of fields with its gradient. Values
// stay in the variables' units, in which the noise is normal; states are standardised and, if the variable has a transform, transformed.

import SextantArrays
import SextantAutodiff
import SextantMeasurement
import SextantPriors

/// The measured values inside a model's domain, each with the state that it measures.
package struct MeasuredStates: Sendable {
  /// The state of each value (m).
  let states: [Int32]
  /// The channel of each value (m).
  let channels: [Int32]
  /// y (m), in the variables' units.
  let values: [Float]
  /// σ of each value (m), in the variables' units.
  let noise: [Float]
  /// The climatology of each value's state (m), transformed.
  let centres: [Float]

  /// Throws `PriorError.wrongSize`, and
  /// `MeasurementError.operatorNotSupported` for an operator that mixes entries.
  package init(_ measurement: FieldMeasurement, space: StateSpace) throws {
    let layout = space.layout
    try measurement.operation.requireInputs(layout.stateOfEntry.count)
    try measurement.model.checkNoise()
    let entries = try measurement.operation.entriesForFlow
    let mean = space.climatology.mean(for: measurement.label)
    let rows = entries.indices.filter { layout.stateOfEntry[entries[$0]] >= 0 }
    states = rows.map { layout.stateOfEntry[entries[$0]] }
    channels = rows.map { Int32(entries[$0] % layout.channelCount) }
    values = rows.map { measurement.values[$0] }
    noise = rows.map { measurement.noise[$0] }
    centres = states.map { mean[Int($0)] }
  }
}

extension LinearOperator {
  /// The entries that the operator selects; the fidelity of a state is that to values of its own.
  ///
  /// Throws `MeasurementError.operatorNotSupported` for an operator that mixes entries.
  var entriesForFlow: [Int] {
    get throws(MeasurementError) {
      if let selectedEntries { return selectedEntries }
      throw .operatorNotSupported(
        method: "The training of a flow on measurements alone", form: form.kind,
        reason: "it takes values of single entries, and these values mix entries",
        hint: "Train with flow.training: supervised.")
    }
  }
}

/// The data fidelity of fields to measurements of their entries.
package struct StateFidelity: Sendable {
  private let measured: [MeasuredStates]
  private let scales: [Float]
  private let transforms: [MarginalTransform]

  /// - Parameters:
  ///   - measured: the measurements.
  ///   - space: the space of the states.
  ///   - transforms: the transform of each channel (C).
  package init(_ measured: [MeasuredStates], space: StateSpace, transforms: [MarginalTransform]) {
    (self.measured, self.transforms) = (measured, transforms)
    scales = space.scales
  }

  /// Σ ½·((y − T(μ + scale·x))/σ)² over all values of all measurements, of shape [].
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
          let own = measured[index]
          for i in own.states.indices {
            let (channel, at) = (Int(own.channels[i]), row * d + Int(own.states[i]))
            let scale = Double(scales[channel])
            let w = Double(own.centres[i]) + scale * Double(x[at])
            let sigma = Double(own.noise[i])
            let residual = (transforms[channel].value(at: w) - Double(own.values[i])) / sigma
            total += 0.5 * residual * residual
            out[at] += Float(residual * transforms[channel].slope(at: w) * scale / sigma)
          }
        }
      }
    }
    return x.tape.record(Tensor([Float(total)], shape: []), operation: "fidelity", from: [x]) { gradient, cotangents in
      cotangents.add(slopes * gradient.scalars[0], to: x)
    }
  }
}
