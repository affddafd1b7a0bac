// The operator by which the values of a file were measured, from a design that a person names, and the domain of the field
// that they were measured of. That domain is the file's own for most operators. It has a rim beyond the frame for a blur of
// unknown surroundings, and more rows and columns for a reduction; where there is a model, it is the model's.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels

/// An operator between a field and the values of a file.
struct PlacedOperator: Sendable {
  /// From the entries of the field to the outputs.
  let operation: any LinearOperator
  /// The entry of the file (V·C) that each output is, ascending.
  let entries: [Int]
  /// The domain of the field.
  let field: any Domain
  /// The domain of the answer: the field's without its rim.
  let answer: any Domain
  /// The entries of the field that make the answer; nil for all.
  let answerEntries: [Int]?

  /// Places an operator for the values of a file.
  ///
  /// - Parameters:
  ///   - design: the operator. It has to be the same in every draw.
  ///   - values: the domain of the file.
  ///   - known: the domain on which the field is to be, such as a model's; nil where the operator decides.
  ///   - path: the file, for errors.
  /// - Throws: ``RunError``, and what the design throws.
  init(
    _ design: AnyMeasurementDesign, on values: any Domain, known: (any Domain)?, channelCount: Int, inputs: MeasurementInputs,
    path: String
  ) throws {
    if let known, known.fingerprint != values.fingerprint,
      try design.valueDomain(for: known, inputs: inputs)?.fingerprint == values.fingerprint
    {
      // A model of the finer image, or of the image whose projections were measured.
      (field, answer, answerEntries) = (known, known, nil)
    } else if let known, known.geography != nil || known.fingerprint == values.fingerprint {
      // A model of this domain knows nothing beyond the frame; a model of another grid is interpolated to this one.
      (field, answer, answerEntries) = (values, values, nil)
    } else {
      let source: MeasuredField
      do {
        source = try design.measuredField(of: MeasuredField(values), inputs: inputs)
      } catch let error as MeasurementError {
        throw known.map { Self.mismatch(design, of: $0, on: values, inputs: inputs, path: path) as any Error } ?? error
      }
      if let known, try source.wholeDomain().fingerprint != known.fingerprint {
        throw Self.mismatch(design, of: known, on: values, inputs: inputs, path: path)
      }
      (field, answer) = (try source.wholeDomain(), source.domain)
      answerEntries = source.isWithinFrame ? nil : source.frameEntries(channelCount: channelCount)
    }
    let operation = try design.fixedOperator(on: field, channelCount: channelCount, inputs: inputs)
    let whole = try design.valueDomain(for: field, inputs: inputs)
    guard let entries = Self.entries(of: operation, on: whole, in: values, channelCount: channelCount) else {
      throw RunError.invalid(
        "--operator \(design): of \(field.summaryWithArticle) it gives \(operation.outputCount / channelCount) values on \(whole.map { $0.summaryWithArticle } ?? "no domain"), and \(path) is on \(values.summaryWithArticle). Expected a file of what the operator gives; masks belong to --mask."
      )
    }
    (self.operation, self.entries) = (operation, entries)
  }

  /// A model's fields of which the operator does not make files like this one.
  private static func mismatch(
    _ design: AnyMeasurementDesign, of known: any Domain, on values: any Domain, inputs: MeasurementInputs, path: String
  ) -> RunError {
    let given = (try? design.valueDomain(for: known, inputs: inputs)).map { "\($0.vertexCount) values (a \($0.summary))" }
    return .invalid(
      "--operator \(design): of the model's fields, each on a \(known.summary), it gives \(given ?? "nothing"), and \(path) has \(values.vertexCount) values (a \(values.summary)). Give the operator by which the file was made, or a model of the fields that it was made of."
    )
  }

  /// The entry of the file that each output is; nil where they do not fit it.
  private static func entries(
    of operation: any LinearOperator, on whole: (any Domain)?, in values: any Domain, channelCount: Int
  ) -> [Int]? {
    let places = operation.outputEntries
    if whole?.fingerprint == values.fingerprint { return places.indices }
    guard let outer = whole?.raster, let inner = values.raster, places.count == outer.vertexCount * channelCount else { return nil }
    let (top, left) = ((outer.rows - inner.rows) / 2, (outer.columns - inner.columns) / 2)
    guard outer.rows - inner.rows == 2 * top, outer.columns - inner.columns == 2 * left, top >= 0, left >= 0 else { return nil }
    // Of the larger image of values, those within the frame; the others are nobody's.
    return places.indices.map { place in
      let (vertex, channel) = place.quotientAndRemainder(dividingBy: channelCount)
      let (row, column) = (vertex / outer.columns - top, vertex % outer.columns - left)
      guard (0..<inner.rows).contains(row), (0..<inner.columns).contains(column) else { return -1 }
      return (row * inner.columns + column) * channelCount + channel
    }
  }

  /// Whether the answer is wanted elsewhere than on the domain of the file.
  func answersElsewhere(than values: any Domain) -> Bool { answer.fingerprint != values.fingerprint }

  /// Which of a file's values (V·C) are outputs of the operator.
  func isOutput(count: Int) -> [Bool] {
    var result = [Bool](repeating: false, count: count)
    for entry in entries where entry >= 0 { result[entry] = true }
    return result
  }

  /// The operator to the values of the file (V·C) that were observed.
  func operation(isObserved: [Bool]) -> any LinearOperator {
    SelectionOperator(observed: entries.map { $0 >= 0 && isObserved[$0] }).composed(after: operation)
  }
}

extension AnyMeasurementDesign {
  /// The operator of a design that is the same in every draw.
  ///
  /// Throws ``RunError`` for any other design, and what drawing throws.
  func fixedOperator(
    on domain: any Domain, channelCount: Int, inputs: MeasurementInputs
  ) throws -> any LinearOperator {
    let size = domain.vertexCount * channelCount
    let context = try MeasurementContext(
      domain: domain, isValid: [Bool](repeating: true, count: size), inputs: inputs)
    let drawn = try [0, 1].map { (seed: UInt64) -> any LinearOperator in
      var random = RandomStream(seed: seed)
      return try draw(in: context, using: &random)
    }
    let ones = [Float](repeating: 1, count: drawn[0].outputCount)
    guard drawn[1].outputCount == ones.count,
      try MeasurementModel(operation: drawn[0], noise: ones).matches(MeasurementModel(operation: drawn[1], noise: ones))
    else {
      throw RunError.invalid(
        "--operator \(self): it is drawn at random, so nothing says which operator the file was made by. Expected one that is the same in every draw; masks belong to --mask."
      )
    }
    return drawn[0]
  }
}
