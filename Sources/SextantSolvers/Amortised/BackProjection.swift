// What a measurement says about each entry of the field, for networks that see fields: the residuals y − A·f of a reference field f,
// carried back to the entries by Aᵀ. For a mask these are the differences at the measured entries. Operators that are given by their
// action alone are refused, because the weight of each entry is needed.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// The residuals of a measurement at the entries of the field.
struct BackProjection {
  /// Σᵢ aᵢⱼ·(y − A·f)ᵢ/σᵢ² of each entry j (V·C).
  private(set) var sums: [Double]
  /// Σᵢ (aᵢⱼ/σᵢ)² of each entry j (V·C): 1/σ² at an entry that a mask measures, and 0 where nothing is said.
  private(set) var weights: [Double]

  /// - Parameters:
  ///   - measurement: the measurement, in the variables' units.
  ///   - reference: f (V·C), in the variables' units. Values that depend on entries where it is not finite are left out.
  /// - Throws: ``MeasurementError`` for an operator without a matrix, and for sizes and noise that do not fit.
  init(of measurement: FieldMeasurement, at reference: [Float]) throws {
    try measurement.operation.requireInputs(reference.count)
    try measurement.model.checkNoise()
    let matrix = try measurement.operation.matrixForFlow
    sums = [Double](repeating: 0, count: reference.count)
    weights = sums
    for row in 0..<matrix.rowCount {
      let entries = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      let expected = entries.reduce(0.0) { $0 + matrix.values[$1] * Double(reference[Int(matrix.columns[$1])]) }
      let precision = 1 / (Double(measurement.noise[row]) * Double(measurement.noise[row]))
      let residual = (Double(measurement.values[row]) - expected) * precision
      guard residual.isFinite else { continue }
      for entry in entries {
        let (place, share) = (Int(matrix.columns[entry]), matrix.values[entry])
        sums[place] += share * residual
        weights[place] += share * share * precision
      }
    }
  }

  /// 1/σ of the measurement at an entry, as if it were measured by itself; 0 where nothing is said.
  func precision(at entry: Int) -> Double { weights[entry].squareRoot() }

  /// The residual at an entry in units of the noise: of variance 1 where the reference is the truth.
  func standardised(at entry: Int) -> Double { weights[entry] > 0 ? sums[entry] / precision(at: entry) : 0 }
}

extension StateSpace {
  /// The condition of a flow over the vector of states: for each of the d states the anomaly from the climatology that the measurement
  /// alone gives it, in units of the channel's standard deviation, and 0 if nothing was measured of it. For a mask this is the measured
  /// anomaly. A transform is linearised at the climatology. With `withMask`, d flags follow that are 1 for measured states and 0 for all
  /// others.
  ///
  /// - Parameter transforms: the transform of each channel (C).
  /// - Returns: d or 2d numbers.
  /// - Throws: `MeasurementError`, as ``BackProjection`` does.
  package func condition(
    of measurement: FieldMeasurement, transforms: [MarginalTransform], withMask: Bool
  ) throws -> [Float] {
    let mean = climatology.mean(for: measurement.label)
    let channels = layout.channelCount
    let reference = layout.expanded(Tensor(mean, shape: [1, count]), outside: .nan).scalars.enumerated().map { entry, centre in
      Float(transforms[entry % channels].value(at: Double(centre)))
    }
    let measured = try BackProjection(of: measurement, at: reference)
    var sums = [Double](repeating: 0, count: count)
    var weights = sums
    for (entry, state) in layout.stateOfEntry.enumerated() where state >= 0 && measured.weights[entry] > 0 {
      let transform = transforms[entry % channels]
      let slope = max(transform.slope(at: Double(mean[Int(state)])), 1e-3 * transform.greatestSlope)
      sums[Int(state)] += measured.sums[entry] / (slope * Double(scales[entry % channels]))
      weights[Int(state)] += measured.weights[entry]
    }
    let anomalies = zip(sums, weights).map { $1 > 0 ? Float(max(-10, min(10, $0 / $1))) : 0 }
    return withMask ? anomalies + weights.map { $0 > 0 ? 1 : 0 } : anomalies
  }
}

extension LinearOperator {
  /// The matrix of the operator, of which the network of a flow sees what each value says about each entry.
  ///
  /// Throws `MeasurementError.operatorNotSupported` for an operator that is given by its action.
  var matrixForFlow: SparseMatrix {
    get throws(MeasurementError) {
      if let explicitMatrix { return explicitMatrix }
      throw refusalByFlow
    }
  }

  /// Throws `MeasurementError.operatorNotSupported` for an operator that is given by its action. The form says whether there is a
  /// matrix, which is not made.
  package func checkForFlow() throws(MeasurementError) {
    let kind = form.kind
    guard kind == .selection || kind == .sparse else { throw refusalByFlow }
  }

  /// What is said of an operator that is given by its action.
  private var refusalByFlow: MeasurementError {
    .operatorNotSupported(
      method: "A flow", form: form.kind, reason: "its network is shown how each value weighs each entry",
      hint: "Use two-scale or eof, which accept any linear measurement.")
  }
}
