// Clean fields as they would have been measured, made while they are read: what `sextant degrade` writes.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals

/// A source of fields with gaps and noise, over a source of clean ones.
struct DegradedSource: SignalSource {
  private let clean: any SignalSource
  private let design: AnyMeasurementDesign
  private let inputs: MeasurementInputs
  private let noise: NoiseLevels?
  private let seed: RandomStream

  var domain: any Domain { clean.domain }
  var variables: [Variable] { clean.variables }
  var labels: [FieldLabel] { clean.labels }

  /// - Parameters:
  ///   - design: What is measured, drawn anew for each field; as many values as a field has, of which some may be missing.
  ///   - noise: The standard deviation of each entry (V·C) of each field, in the variables' units; nil for none.
  ///   - seed: Field n gets the n-th stream of it.
  init(
    _ clean: any SignalSource, design: AnyMeasurementDesign, inputs: MeasurementInputs, noise: NoiseLevels?,
    seed: RandomStream
  ) {
    self.clean = clean
    self.design = design
    self.inputs = inputs
    self.noise = noise
    self.seed = seed
  }

  func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try clean.read(indices)
    let size = fields.vertexCount * fields.channelCount
    for (slot, index) in indices.enumerated() {
      let stream = seed.split(index)
      var (maskStream, noiseStream) = (stream.split("mask"), stream.split("noise"))
      let field = fields[slot]
      let context = try MeasurementContext(
        domain: domain, isValid: field.isValid, inputs: inputs, series: SeriesPlace(step: index, stream: seed))
      let operation = try design.draw(in: context, using: &maskStream)
      let measured = try measure(field, by: operation, noise: noise?(index), using: &noiseStream)
      guard measured.values.count == size else {
        throw MeasurementError.sizeMismatch(
          what: "What '\(design)' measures of a field", expected: size, found: measured.values.count)
      }
      fields.values.withUnsafeMutableScalars { out in
        for entry in 0..<size { out[slot * size + entry] = measured.values[entry] }
      }
      for entry in 0..<size { fields.isValid[slot * size + entry] = measured.isMeasured[entry] }
    }
    return fields
  }

  private func measure(
    _ field: Signal, by operation: any LinearOperator, noise: [Float]?, using random: inout RandomStream
  ) throws -> (values: [Float], isMeasured: [Bool]) {
    guard let noise else { return try Simulation.observe(field, by: operation) }
    let measured = try Simulation.measure(field, by: operation, noise: noise, using: &random)
    return (measured.values, measured.isMeasured)
  }
}
