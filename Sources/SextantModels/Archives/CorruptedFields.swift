// That clean fields of a data set are to be read as an instrument with gaps, noise and blur would have measured them: how learning
// from measurements is tried on data whose truth is known, by one configuration.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// What is done to clean fields while they are read.
public struct CorruptedFields: Sendable, Equatable, Codable {
  /// What is measured of each field: a mask, after an operator if there is one.
  public var design: AnyMeasurementDesign
  /// The noise of the measured values, with one number for each variable; nil for none.
  public var noise: NoiseSpecification?

  public init(_ design: AnyMeasurementDesign, noise: NoiseSpecification? = nil) {
    (self.design, self.noise) = (design, noise)
  }

  /// The fields as they are measured. Field n always has the same gaps and noise, whichever other fields are read.
  ///
  /// - Parameters:
  ///   - seed: where gaps and noise come from.
  ///   - formats: the formats that files of the design may have.
  ///   - mayLieElsewhere: whether the values may lie elsewhere than the fields, because what is learned from them knows the operator.
  /// - Throws: ``RunError/invalid(_:)`` for a design whose values lie elsewhere where they may not, and for noise that is no number.
  func applied(
    to source: any SignalSource, seed: UInt64, formats: [any SignalFormat], mayLieElsewhere: Bool
  ) throws -> any SignalSource {
    if let noise, !noise.automatic(among: source.variables).isEmpty || noise.hasPercentages(among: source.variables) {
      throw RunError.invalid(
        "archive.corrupted.noise: \(noise): noise that is added to an archive has to be a number in the variables' units, such as 0.3K.")
    }
    let levels = try noise?.inTheDark(among: source.variables).deviations(
      vertexCount: source.domain.vertexCount, variables: source.variables)
    let noiseOfField: (@Sendable (Int) throws -> [Float])? = if let levels { { _ in levels } } else { nil }
    let result = try DegradedSource(
      source, design: design, inputs: MeasurementInputs(on: source.domain, landShare: nil, formats: formats),
      noise: noiseOfField, detector: Detector(laws: try noise?.laws(among: source.variables) ?? []),
      seed: RandomStream(seed: seed).split("corrupted"))
    guard mayLieElsewhere || result.domain.fingerprint == source.domain.fingerprint else {
      throw RunError.invalid(
        "archive.corrupted: the values that '\(design)' gives lie on \(result.domain.summaryWithArticle), and those of an archive on its own \(source.domain.summary). Use a mask, a blur or both, or state the operator in archive.measured.operator as well, to learn the fields beneath it.")
    }
    return result
  }
}
