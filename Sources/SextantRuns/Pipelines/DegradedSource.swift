// Clean fields as they would have been measured, made while they are read: what `sextant degrade` writes.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// A source of fields with gaps and noise, over a source of clean ones.
public struct DegradedSource: SignalSource {
  private let clean: any SignalSource
  private let mask: AnyMeasurementDesign
  private let inputs: MeasurementInputs
  private let noise: [Float]
  private let seed: RandomStream

  public var domain: any Domain { clean.domain }
  public var variables: [Variable] { clean.variables }
  public var labels: [FieldLabel] { clean.labels }

  /// - Parameters:
  ///   - mask: what is observed, drawn anew for each field.
  ///   - noise: the standard deviation of each entry (V·C), in the variables' units; nil for none.
  ///   - seed: field n gets the n-th stream of it.
  public init(
    _ clean: any SignalSource, mask: AnyMeasurementDesign, inputs: MeasurementInputs, noise: [Float]?, seed: RandomStream
  ) {
    self.clean = clean
    self.mask = mask
    self.inputs = inputs
    self.noise = noise ?? []
    self.seed = seed
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try clean.read(indices)
    let size = fields.vertexCount * fields.channelCount
    for (slot, index) in indices.enumerated() {
      let stream = seed.split(index)
      var (maskStream, noiseStream) = (stream.split("mask"), stream.split("noise"))
      let field = fields[slot]
      let ground = try MeasurementGround(domain: domain, isValid: field.isValid, inputs: inputs)
      let operation = try mask.draw(on: ground, using: &maskStream)
      let measured = try measure(field, by: operation, using: &noiseStream)
      guard measured.values.count == size else {
        throw MeasurementError.sizeMismatch(
          what: "What '\(mask)' measures of a field", expected: size, found: measured.values.count)
      }
      fields.values.withUnsafeMutableScalars { out in
        for entry in 0..<size { out[slot * size + entry] = measured.values[entry] }
      }
      for entry in 0..<size { fields.isValid[slot * size + entry] = measured.isMeasured[entry] }
    }
    return fields
  }

  private func measure(
    _ field: Signal, by operation: any LinearOperator, using random: inout RandomStream
  ) throws -> (values: [Float], isMeasured: [Bool]) {
    guard !noise.isEmpty else { return try Simulation.observe(field, by: operation) }
    let measured = try Simulation.measure(field, by: operation, noise: noise, using: &random)
    return (measured.values, measured.isMeasured)
  }
}
