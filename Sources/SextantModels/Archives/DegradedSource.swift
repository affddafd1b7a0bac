// Clean fields as they would have been measured, made while they are read: what `sextant degrade` writes, and what an archive is
// that was stated to be corrupted (`archive.corrupted`).

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// A source of fields with gaps and noise, over a source of clean ones.
package struct DegradedSource: SignalSource {
  private let clean: any SignalSource
  private let design: AnyMeasurementDesign
  private let inputs: MeasurementInputs
  private let noise: (@Sendable (_ index: Int) throws -> [Float])?
  /// What the instrument does to the values, in their units.
  private let detector: Detector
  private let seed: RandomStream

  /// Where the measured values lie.
  package let domain: any Domain
  /// Where the clean fields lie.
  package var signals: any Domain { clean.domain }
  package var variables: [Variable] { clean.variables }
  package var labels: [FieldLabel] { clean.labels }

  /// - Parameters:
  ///   - design: What is measured, drawn anew for each field; as many values as a field has, of which some may be missing.
  ///   - noise: The standard deviation of each entry (V·C) of each field, in the variables' units; nil for none.
  ///   - detector: What the instrument does to the values, in their units.
  ///   - seed: Field n gets the n-th stream of it.
  /// - Throws: ``RunError`` for a design whose values no file can hold, and what the design throws.
  package init(
    _ clean: any SignalSource, design: AnyMeasurementDesign, inputs: MeasurementInputs,
    noise: (@Sendable (_ index: Int) throws -> [Float])?, detector: Detector = .ideal, seed: RandomStream
  ) throws {
    guard let domain = try design.valueDomain(for: clean.domain, inputs: inputs) else {
      throw RunError.invalid(
        "'\(design)': what it measures of \(clean.domain.summaryWithArticle) lies on no domain that a file could hold. Use it in `sextant evaluate`, or apply it in a program of your own."
      )
    }
    self.clean = clean
    self.domain = domain
    self.design = design
    self.inputs = inputs
    self.noise = noise
    self.detector = detector
    self.seed = seed
  }

  package func read(_ indices: [Int]) throws -> SignalSet {
    let fields = try clean.read(indices)
    let size = domain.vertexCount * fields.channelCount
    var result = SignalSet(
      domain: domain, variables: fields.variables, values: .zeros([indices.count, domain.vertexCount, fields.channelCount]),
      isValid: [Bool](repeating: false, count: indices.count * size), labels: fields.labels)
    for (slot, index) in indices.enumerated() {
      let stream = seed.split(index)
      var (maskStream, noiseStream) = (stream.split("mask"), stream.split("noise"))
      let field = fields[slot]
      let context = try MeasurementContext(
        domain: clean.domain, isValid: field.isValid, inputs: inputs, series: SeriesPlace(step: index, stream: seed))
      let operation = try design.draw(in: context, using: &maskStream)
      let levels = try noise.map { try self.levels(of: $0(index), count: operation.outputEntries.count) }
      let measured = try measure(field, index: index, by: operation, noise: levels, using: &noiseStream)
      guard measured.values.count == size else {
        throw MeasurementError.sizeMismatch(
          what: "What '\(design)' measures of a field", expected: size, found: measured.values.count)
      }
      result.values.withUnsafeMutableScalars { out in
        for entry in 0..<size { out[slot * size + entry] = measured.values[entry] }
      }
      for entry in 0..<size { result.isValid[slot * size + entry] = measured.isMeasured[entry] }
    }
    return result
  }

  /// The noise of each of `count` measured values, from that of the entries of a field. Throws ``RunError`` where values on
  /// other places than the field's would need the noise of one of them.
  package func levels(of noise: [Float], count: Int) throws -> [Float] {
    let channels = variables.count
    guard domain.fingerprint != clean.domain.fingerprint || noise.count != count else { return noise }
    let first = noise.prefix(channels)
    guard noise.indices.allSatisfy({ noise[$0] == first[$0 % channels] }) else {
      throw RunError.invalid(
        "The noise differs from place to place, and '\(design)' gives values at other places. Give one number for each variable.")
    }
    return (0..<count).map { first[$0 % channels] }
  }

  private func measure(
    _ field: Signal, index: Int, by operation: any LinearOperator, noise: [Float]?, using random: inout RandomStream
  ) throws -> (values: [Float], isMeasured: [Bool]) {
    guard let noise else { return try Simulation.observe(field, by: operation, detector: detector) }
    do {
      let measured = try Simulation.measure(field, by: operation, noise: noise, detector: detector, using: &random)
      return (measured.values, measured.isMeasured)
    } catch let error as MeasurementError {
      guard case .notCleanOfLaw = error else { throw error }
      throw RunError.invalid("field \(index + 1): \(error)")
    }
  }
}
