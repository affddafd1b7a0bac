// The operator and the noise of a measurement, without the values. Solvers are prepared for a measurement model, and it
// is the key of a cache of prepared solvers. This file also tests operators for equality.

import SextantArrays

/// A measurement operator with the noise of its outputs: a measurement without its values.
public struct MeasurementModel: Sendable {
  /// A, from V·C entries to m outputs.
  public let operation: any LinearOperator
  /// The noise standard deviation of each output (m), in the variables' units.
  public let noise: [Float]

  /// Throws ``MeasurementError/sizeMismatch(what:expected:found:)`` unless there is a noise level for each output.
  public init(operation: any LinearOperator, noise: [Float]) throws(MeasurementError) {
    guard noise.count == operation.outputCount else {
      throw .sizeMismatch(what: "The noise levels", expected: operation.outputCount, found: noise.count)
    }
    self.operation = operation
    self.noise = noise
  }

  /// Throws ``MeasurementError/invalidNoise(what:found:)`` unless every noise level is finite and above 0.
  public func checkNoise() throws(MeasurementError) {
    if let bad = noise.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      throw .invalidNoise(what: "Noise level number \(bad + 1)", found: noise[bad])
    }
  }

  /// Whether `other` has the same operator and exactly the same noise.
  public func matches(_ other: MeasurementModel) -> Bool {
    noise == other.noise && operation.isSame(as: other.operation)
  }

  /// Throws ``MeasurementError/notPrepared(what:)`` unless a measurement has this operator and this noise.
  public func check(_ measurement: FieldMeasurement) throws(MeasurementError) {
    guard operation.isSame(as: measurement.operation) else { throw .notPrepared(what: "another operator") }
    guard noise == measurement.noise else { throw .notPrepared(what: "other noise levels") }
  }
}

extension FieldMeasurement {
  /// The operator and the noise. Throws ``MeasurementError/sizeMismatch(what:expected:found:)``.
  public var model: MeasurementModel {
    get throws(MeasurementError) { try MeasurementModel(operation: operation, noise: noise) }
  }
}

extension LinearOperator {
  /// Whether two operators have the same form and are equal.
  ///
  /// Selections and matrices are compared entry by entry. Operators that are given by their action are applied to the
  /// same random signal, on which two different operators agree with probability 0.
  func isSame(as other: any LinearOperator) -> Bool {
    guard inputCount == other.inputCount, outputCount == other.outputCount else { return false }
    switch (form, other.form) {
    case (.selection(let one), .selection(let two)): return one == two
    case (.sparse(let one), .sparse(let two)): return one == two
    case (.spectral, .spectral), (.matrixFree, .matrixFree):
      var random = RandomStream(seed: 0)
      let probe: Tensor<Float> = random.normals([1, inputCount])
      return apply(probe) == other.apply(probe)
    default: return false
    }
  }
}
