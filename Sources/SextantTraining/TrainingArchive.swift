// The archive that a training learns from, as measurements of fields: y = A x + noise for each. A complete field is the case in
// which A is the identity and the noise is 0; a field with gaps is measured at its valid entries. What a training does with
// measurements that are not complete is its own affair: the Gaussian prior learns around gaps, a flow on a Gaussian posterior learns
// towards measured values, and the other networks refuse them.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

/// Measured fields of a source, in an order.
public struct TrainingArchive: Sendable {
  /// The fields in the variables' units. An entry that is not valid was not measured.
  public let source: any SignalSource
  /// The fields that are learned from, by their positions in ``source``.
  public let indices: [Int]
  /// The standard deviation of the noise of each entry (V·C), in the variables' units: 0 where values are exact.
  public let noise: [Float]
  /// The noise of each value of each field, where the fields are measurements; nil where they are the signals themselves.
  package let measured: MeasuredNoise?
  /// How many fields in succession are copies of one (``DatasetSelection/symmetries``), or completions of one: they are learned from
  /// together, or not.
  package let copyCount: Int

  /// - Parameters:
  ///   - source: the fields.
  ///   - indices: which of them are learned from; nil for all.
  ///   - noise: the standard deviation of each entry's noise (V·C); nil where values are exact.
  public init(_ source: any SignalSource, indices: [Int]? = nil, noise: [Float]? = nil) {
    self.init(source, indices: indices, noise: noise, measured: nil)
  }

  package init(
    _ source: any SignalSource, indices: [Int]?, noise: [Float]? = nil, measured: MeasuredNoise?, copyCount: Int? = nil
  ) {
    self.source = source
    self.copyCount = copyCount ?? SymmetricSource.copyCount(in: source)
    self.indices = indices ?? Array(source.labels.indices)
    self.noise =
      noise ?? [Float](repeating: 0, count: source.domain.vertexCount * source.variables.count)
    self.measured = measured
  }

  /// The number of measured fields.
  public var count: Int { indices.count }

  /// The measurement of the field at a position in the archive's order. Throws what reading throws.
  public func measurement(at position: Int) throws -> FieldMeasurement {
    let field = try source.read([indices[position]])[0]
    let kept = field.isValid.indices.filter { field.isValid[$0] }
    return FieldMeasurement(
      values: kept.map { field.values.scalars[$0] }, noise: kept.map { noise[$0] },
      operation: SelectionOperator(inputCount: field.isValid.count, indices: kept), label: field.label)
  }

  /// The part of the archive at `positions` in its order.
  public func part(_ positions: [Int]) -> TrainingArchive {
    TrainingArchive(source, indices: positions.map { indices[$0] }, noise: noise, measured: measured, copyCount: copyCount)
  }

  /// The archive's fields as standardised states of a model (N×d), for what learns from complete fields alone.
  ///
  /// - Parameters:
  ///   - model: the model whose space the states are of.
  ///   - section: the section of the configuration that asks for the fields, for the error.
  ///   - progress: called after each chunk; may throw to interrupt.
  /// - Throws: ``RunError/archiveHasGaps(section:missing:count:)`` where a state was not measured, because a network would learn
  ///   the gap as the climatology; and what reading and `progress` throw.
  package func completeStates(of model: Model, for section: String, progress: () throws -> Void = {}) throws -> Tensor<Float> {
    guard measured == nil else {
      throw RunError.invalid(
        "\(section): the archive's fields are measurements (archive.measured), and what is trained here learns from complete and exact fields alone.")
    }
    let space = try model.requireGaussian().prior.space
    var result = Tensor<Float>.zeros([count, space.count])
    var (row, missing) = (0, 0)
    try TransformedSource(source, transforms: model.space.transforms).forEachChunk(of: indices) { chunk in
      let anomalies = space.anomalies(of: chunk)
      missing += anomalies.withUnsafeScalars { values in values.count { $0.isNaN } }
      result.replaceRows(from: row, with: anomalies)
      row += chunk.count
      try progress()
    }
    guard missing == 0 else {
      throw RunError.archiveHasGaps(section: section, missing: missing, count: result.count)
    }
    return result
  }
}
