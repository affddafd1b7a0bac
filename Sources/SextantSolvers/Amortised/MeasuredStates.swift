// A measurement of single entries as flows over the states of a field see it: their condition, and how well a field explains it
// (the fidelity, with its gradient). Values stay in the variables' units, because there the noise is normal; states are
// standardised and, where a variable has a transform, transformed.

import SextantArrays
import SextantAutodiff
import SextantMeasurement
import SextantPriors

/// The measured values that lie in a model's domain, each with the state that it sees.
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

  /// Throws ``PriorError/wrongSize(expected:found:)``, and
  /// ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` for an operator that mixes entries.
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

  /// What a vector flow is told: for each of the d states the measured anomaly from the climatology, in the channel's standard
  /// deviations (through a transform: along its tangent at the climatology), 0 where nothing was measured; and where
  /// `withMask` 1 or 0 for each state behind them.
  ///
  /// - Returns: d or 2d numbers.
  package func condition(space: StateSpace, transforms: [MarginalTransform], withMask: Bool) -> [Float] {
    let d = space.count
    var sums = [Double](repeating: 0, count: d)
    var counts = [Double](repeating: 0, count: d)
    for (row, state) in states.enumerated() {
      let (transform, centre) = (transforms[Int(channels[row])], Double(centres[row]))
      let slope = max(transform.slope(at: centre), 1e-3 * transform.greatestSlope)
      let anomaly =
        (Double(values[row]) - transform.value(at: centre)) / (slope * Double(space.scales[Int(channels[row])]))
      sums[Int(state)] += max(-10, min(10, anomaly))
      counts[Int(state)] += 1
    }
    let anomalies = zip(sums, counts).map { $1 > 0 ? Float($0 / $1) : 0 }
    return withMask ? anomalies + counts.map { $0 > 0 ? 1 : 0 } : anomalies
  }
}

extension LinearOperator {
  /// The entries that the operator selects: flows are trained on measurements of single entries and know no others.
  ///
  /// Throws ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` for an operator that mixes entries.
  var entriesForFlow: [Int] {
    get throws(MeasurementError) {
      if let selectedEntries { return selectedEntries }
      throw .operatorNotSupported(
        method: "A flow", form: form.kind, reason: "it was trained on values of single entries, and these mix entries",
        hint: "Use two-scale, which takes any linear measurement.")
    }
  }
}

/// The misfit of fields to measurements of their entries.
package struct StateFidelity: Sendable {
  private let measured: [MeasuredStates]
  private let scales: [Float]
  private let transforms: [MarginalTransform]

  /// - Parameters:
  ///   - space: where the states live.
  ///   - transforms: what was done to each channel (C).
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
            let misfit = (transforms[channel].value(at: w) - Double(own.values[i])) / sigma
            total += 0.5 * misfit * misfit
            out[at] += Float(misfit * transforms[channel].slope(at: w) * scale / sigma)
          }
        }
      }
    }
    return x.tape.record(Tensor([Float(total)], shape: []), operation: "fidelity", from: [x]) { gradient, cotangents in
      cotangents.add(slopes * gradient.scalars[0], to: x)
    }
  }
}
