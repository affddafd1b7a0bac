// What the values of an archive of measurements are of the signals, as a matrix, and where the signals lie: where the values do, or
// elsewhere, as those of which a reduction or a few sums were measured.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// An operator as a matrix, with the entry of a field of values that each of its outputs is.
package struct MeasuredOperator: LinearOperator {
  private let sparse: SparseOperator
  package let outputEntries: OutputEntries
  /// Where the signals lie.
  package let signals: any Domain
  /// Whether the values lie where the signals do.
  package let isInPlace: Bool

  fileprivate init(_ matrix: SparseMatrix, outputEntries: OutputEntries, signals: any Domain, isInPlace: Bool) {
    (sparse, self.outputEntries) = (SparseOperator(matrix), outputEntries)
    (self.signals, self.isInPlace) = (signals, isInPlace)
  }

  /// A (m×V·C).
  package var matrix: SparseMatrix { sparse.matrix }
  package var inputCount: Int { sparse.inputCount }
  package var outputCount: Int { sparse.outputCount }
  package var form: OperatorForm { sparse.form }
  package func apply(_ signals: Tensor<Float>) -> Tensor<Float> { sparse.apply(signals) }
  package func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { sparse.applyAdjoint(measurements) }

  /// The entries of the signals of which an archive tells (V·C): where it has values, or what values that lie elsewhere depend on.
  ///
  /// - Parameter isMeasured: whether the archive has a value at each entry of the values.
  package func entriesSeen(byValues isMeasured: [Bool]) -> [Bool] {
    guard !isInPlace else { return isMeasured }
    var result = [Bool](repeating: false, count: inputCount)
    let matrix = sparse.matrix
    for (row, place) in outputEntries.indices.enumerated() where isMeasured[place] {
      for entry in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] where matrix.values[entry] != 0 {
        result[Int(matrix.columns[entry])] = true
      }
    }
    return result
  }
}

extension MeasuredFields {
  /// The operator on the entries of a signal (V·C), as a matrix; nil where there is none.
  ///
  /// - Parameters:
  ///   - signals: where the signals lie (``signalDomain(of:formats:)``).
  ///   - values: where the values lie.
  ///   - channels: the number of variables C.
  ///   - formats: the formats that files of the operator may have.
  /// - Throws: ``RunError/invalid(_:)`` for an operator whose values are not those of the archive or are none, and what drawing it throws.
  package func matrix(
    on signals: any Domain, values: any Domain, channels: Int, formats: [any SignalFormat]
  ) throws -> MeasuredOperator? {
    guard let operation else { return nil }
    let inputs = MeasurementInputs(on: signals, landShare: nil, formats: formats)
    let given = try operation.valueDomain(for: signals, inputs: inputs)
    if let given, given.fingerprint != values.fingerprint {
      throw misfit(operation, on: signals, given: given.summaryWithArticle, values: values)
    }
    // A design that draws something draws it once, for all fields.
    var random = RandomStream(seed: 0).split("measured operator")
    let drawn = try operation.draw(
      in: MeasurementContext(
        domain: signals, isValid: [Bool](repeating: true, count: signals.vertexCount * channels), inputs: inputs),
      using: &random)
    guard drawn.outputCount > 0 else {
      throw RunError.invalid(
        "archive.measured.operator: '\(operation)' measures nothing of \(signals.summaryWithArticle). Its kernel may be larger than the field: state what lies beyond the frame (boundary=reflect), or use a smaller one.")
    }
    // Values for which the signals' kind of domain has no place are those of the file in their order.
    let count = drawn.outputEntries.count
    guard given != nil || count == values.vertexCount * channels else {
      throw misfit(operation, on: signals, given: "\(count / channels) places", values: values)
    }
    let matrix = try drawn.materialised(for: "Learning from measurements")
    guard matrix.values.contains(where: { $0 != 0 }) else {
      throw RunError.invalid(
        "archive.measured.operator: '\(operation)' is an operator that sees nothing: all of its weights are 0. Check how it was made.")
    }
    return MeasuredOperator(
      matrix, outputEntries: drawn.outputEntries, signals: signals, isInPlace: signals.fingerprint == values.fingerprint)
  }

  /// An operator that does not give what the archive has.
  private func misfit(
    _ operation: AnyMeasurementDesign, on signals: any Domain, given: String, values: any Domain
  ) -> RunError {
    .invalid(
      "archive.measured.operator: of signals on \(signals.summaryWithArticle), '\(operation)' gives values on \(given), and those of the archive are on \(values.summaryWithArticle). Give the operator by which the archive's values were made, or the domain of the signals (archive.measured.signals: FILE).")
  }

  /// Where the signals lie whose measured values a source has: on the domain of the file that was stated, where the clean fields lie that
  /// are corrupted for a trial, or where the values themselves say, which for most operators is where they are.
  ///
  /// - Parameters:
  ///   - source: the archive.
  ///   - formats: the formats that files may have.
  /// - Throws: ``RunError/invalid(_:)`` where the values do not say, and for moved copies of values that lie elsewhere than the signals.
  package func signalDomain(of source: any SignalSource, formats: [any SignalFormat]) throws -> any Domain {
    guard let operation else { return source.domain }
    guard let moved = source as? SymmetricSource else {
      return try signalDomain(beneath: operation, of: source, formats: formats)
    }
    let domain = try signalDomain(beneath: operation, of: moved.source, formats: formats)
    guard domain.fingerprint == source.domain.fingerprint else {
      throw RunError.invalid(
        "archive.symmetries: copies of fields are made by moving their values, and those of '\(operation)' (archive.measured.operator) lie on \(source.domain.summaryWithArticle), elsewhere than the signals. Leave out archive.symmetries."
      )
    }
    return domain
  }

  private func signalDomain(
    beneath operation: AnyMeasurementDesign, of source: any SignalSource, formats: [any SignalFormat]
  ) throws -> any Domain {
    let values = source.domain
    if let signals { return try formats.open(SignalRequest(path: signals, acceptsValues: true)).domain }
    if let clean = (source as? DegradedSource)?.signals, clean.fingerprint != values.fingerprint { return clean }
    do {
      // Without its rim: values that depend on what lies beyond the frame are not used.
      let inputs = MeasurementInputs(on: values, landShare: nil, formats: formats)
      let field = try operation.measuredField(of: MeasuredField(values), inputs: inputs).domain
      return field.fingerprint == values.fingerprint ? values : field
    } catch is MeasurementError {
      // As many sums over a column of numbers as it has places lie where they do.
      if (try? matrix(on: values, values: values, channels: 1, formats: formats)) != nil { return values }
      throw RunError.invalid(
        "archive.measured.operator: the values of '\(operation)' lie elsewhere than the signals, and \(values.summaryWithArticle), on which the archive's are, does not say where that is. State a file on the grid, the mesh or the image size of the signals (archive.measured.signals: FILE; only its domain is read), or the size of the image in the operator (rows=ROWS,columns=COLUMNS), or use an operator whose values lie where the signals do, such as a blur or footprints."
      )
    }
  }
}

extension DatasetSelection {
  /// Where the signals lie of which the selected fields tell: where their values do, unless an operator put these elsewhere.
  ///
  /// - Parameters:
  ///   - source: the opened fields.
  ///   - formats: the formats that files may have.
  /// - Throws: ``RunError/invalid(_:)`` where that is not known.
  package func signalDomain(of source: any SignalSource, formats: [any SignalFormat] = .standard) throws -> any Domain {
    try measured?.signalDomain(of: source, formats: formats) ?? source.domain
  }
}
