// How the fields of a file become measurements of the fields of a model: the units, the grid, and what was applied to them
// before their gaps were made. It is made once, and whatever measures fields of the file takes it.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// The way from the fields of a document to measurements of a model's fields.
struct FieldFrame {
  let fields: any SignalDocument
  let space: FieldSpace
  let units: UnitConversion
  let regridding: Regridding
  /// Whether an operator was applied to the fields before their gaps were made.
  let hasOperator: Bool
  /// Whether each entry of a field (V·C) is in the domain of the model; nil where the values of the file belong to other places.
  let isInside: [Bool]?

  /// - Parameters:
  ///   - request: what is asked for.
  ///   - fields: the fields to fill.
  ///   - space: the space in which the fields are solved.
  ///   - regridding: how the input meets the model's domain, and where answers are given.
  /// - Throws: ``RunError``, ``UnitsError``.
  init(
    _ request: Imputation, fields: any SignalDocument, space: FieldSpace, regridding: Regridding
  ) throws {
    guard fields.variables.count == space.channelCount else {
      func list(_ variables: [Variable]) -> String { variables.map(\.name).joined(separator: ", ") }
      if fields.domain.isImage {
        throw RunError.invalid(
          "\(fields.path): the image has \(fields.variables.count) band\(fields.variables.count == 1 ? "" : "s") (\(list(fields.variables))), the model's \(space.channelCount) (\(list(space.variables))). Use a model of images with these bands."
        )
      }
      throw RunError.invalid(
        "\(fields.path): \(fields.variables.count) variable\(fields.variables.count == 1 ? " was" : "s were") named (\(list(fields.variables))), but the model has \(space.channelCount) (\(list(space.variables))). Name one for each, in the model's order; a variable may be missing everywhere."
      )
    }
    (self.fields, self.space) = (fields, space)
    units = try UnitConversion(file: fields.variables, model: space.variables)
    self.regridding = regridding
    hasOperator = request.operation != nil
    isInside = request.operation == nil && fields.domain.fingerprint == space.domain.fingerprint ? space.isInside : nil
  }

  /// Whether answers say where the field was observed: not on another grid, nor where each value depends on many places.
  var knowsObserved: Bool { regridding.answersOnInput && !hasOperator }

  /// A field without what was observed where the model knows nothing.
  func read(_ index: Int) throws -> Signal { try readCounting(index).field }

  /// The same, with the number of observed values that depend on what lies beyond the frame.
  func readCounting(_ index: Int) throws -> (field: Signal, beyondFrameCount: Int) {
    let whole = try fields.read([index])[0]
    return (regridding.usable(whole), regridding.countBeyondFrame(in: whole))
  }

  /// The observed values of a field in the model's units, each with its entry (V·C) and its channel.
  func forEachValue(of field: Signal, _ body: (_ entry: Int, _ channel: Int, _ value: Float) throws -> Void) rethrows {
    let channels = space.channelCount
    try field.values.withUnsafeScalars { scalars in
      for entry in field.isValid.indices where field.isValid[entry] {
        try body(entry, entry % channels, units.toModel(scalars[entry], channel: entry % channels))
      }
    }
  }

  /// The measurement of a field.
  ///
  /// - Parameters:
  ///   - values: its observed values (m), in the model's units and in the order of entries.
  ///   - noise: their standard deviations (m).
  func measurement(of field: Signal, values: [Float], noise: [Float]) -> FieldMeasurement {
    FieldMeasurement(
      values: values, noise: noise, operation: regridding.operation(isObserved: field.isValid),
      label: field.label)
  }
}
