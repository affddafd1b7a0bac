// A user's own operator: a sparse matrix in a file, with one column for each place of the field. Every channel is measured
// by the same matrix.

import SextantArrays
import SextantGeometry

/// The matrix of a file. Written `matrix:file=PATH`.
struct GivenMatrix: Sendable, Equatable {
  let path: String
  /// The rows and columns of the image, for files that do not say; 0 if they are not stated.
  var rows: Int
  var columns: Int

  static let kind = MeasurementDesignKind(
    name: "matrix", help: "your own sparse matrix, of SciPy's save_npz or a Matrix Market file, with a column for each place",
    example: "matrix:file=operator.npz"
  ) { try GivenMatrix(&$0) }

  init(_ text: inout DesignText) throws {
    guard let path = text.takeText("file", orPositional: true), !path.isEmpty else {
      throw text.failure(expected: "file=PATH", found: "nothing")
    }
    self.path = path
    (rows, columns) = try text.takeImageSize()
  }

  private func matrix(_ inputs: MeasurementInputs) throws -> SparseMatrix {
    guard let read = inputs.matrix else {
      throw MeasurementError.missingInput(
        specification: description, needs: "the content of its file",
        hint: "Pass a function that reads sparse matrices in the inputs of the measurement.")
    }
    return try read(path)
  }
}

extension GivenMatrix: MeasurementDesign {
  var mayHide: Bool { true }
  var files: [String] { [path] }

  func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)? {
    let rowCount = try matrix(inputs).rowCount
    return rowCount == domain.vertexCount ? domain : try domain.plane?.resized(toRows: rowCount, columns: 1)
  }

  func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField {
    let matrix = try matrix(inputs)
    guard matrix.rowCount == values.domain.vertexCount else {
      throw MeasurementError.sizeMismatch(
        what: "The values that '\(description)' gives, a matrix of \(matrix.rowCount)×\(matrix.columnCount)",
        expected: matrix.rowCount, found: values.domain.vertexCount)
    }
    return matrix.columnCount == values.domain.vertexCount
      ? values : try values.resized(toRows: rows, columns: columns, for: self)
  }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    let matrix = try matrix(context.inputs)
    guard matrix.columnCount == context.vertexCount else {
      throw MeasurementError.sizeMismatch(
        what: "The places that '\(description)' takes, a matrix of \(matrix.rowCount)×\(matrix.columnCount)",
        expected: matrix.columnCount, found: context.vertexCount)
    }
    return SparseOperator(matrix.repeated(channelCount: context.channelCount))
  }
}

extension GivenMatrix: CustomStringConvertible {
  var description: String { "matrix:file=\(path)\(rows > 0 ? ",rows=\(rows),columns=\(columns)" : "")" }
}

extension DesignText {
  /// The options `rows` and `columns`, both or none; 0 and 0 if they are absent.
  mutating func takeImageSize() throws -> (rows: Int, columns: Int) {
    let texts = [takeText("rows"), takeText("columns")]
    if texts[0] == nil, texts[1] == nil { return (0, 0) }
    let numbers = texts.compactMap { $0.flatMap(Int.init) }
    guard numbers.count == 2, numbers.allSatisfy({ $0 > 0 && $0 <= 1 << 20 }) else {
      throw failure(
        expected: "rows and columns of the image as whole numbers", found: "rows=\(texts[0] ?? ""),columns=\(texts[1] ?? "")")
    }
    return (numbers[0], numbers[1])
  }
}
