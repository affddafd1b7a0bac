// The files that operators need: kernels of blurs as images, arrays (.npy) or rows of plain numbers, and sparse matrices.
// Each is read once.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantStorage
import Synchronization

/// The files of operators, each read once.
final class OperatorFiles: Sendable {
  private let formats: [any SignalFormat]
  private let tables = Mutex<[String: NumberTable]>([:])
  private let matrices = Mutex<[String: SparseMatrix]>([:])

  init(formats: [any SignalFormat]) { self.formats = formats }

  /// The sparse matrix of a file. Throws what reading throws.
  func matrix(in path: String) throws -> SparseMatrix {
    if let known = matrices.withLock({ $0[path] }) { return known }
    let matrix = try SparseMatrixFile.read(path)
    matrices.withLock { $0[path] = matrix }
    return matrix
  }

  /// The numbers of a file in rows and columns. Throws ``RunError``, and what reading throws.
  func table(in path: String) throws -> NumberTable {
    if let known = tables.withLock({ $0[path] }) { return known }
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    let table = try read(path)
    if let bad = table.values.first(where: { !$0.isFinite }) {
      throw RunError.invalid("\(path): a kernel has finite numbers alone, and this file has \(bad).")
    }
    tables.withLock { $0[path] = table }
    return table
  }

  private func read(_ path: String) throws -> NumberTable {
    if NPYFile.isRecognised(at: path) {
      let array = try NPYFile.read(path)
      guard array.shape.count == 2, array.count > 0 else {
        throw RunError.invalid("\(path): expected an array of rows and columns, found the shape \(array.shape).")
      }
      return NumberTable(rows: array.shape[0], columns: array.shape[1], values: array.scalars.map(Double.init))
    }
    if let table = try plainNumbers(path) { return table }
    let document = try formats.open(SignalRequest(path: path, acceptsValues: true))
    guard let raster = document.domain.raster, document.variables.count == 1, document.labels.count == 1 else {
      throw RunError.invalid(
        "\(path): expected one kernel, as an image of one band, an array (.npy) or rows of numbers; found \(document.labels.count) field\(document.labels.count == 1 ? "" : "s") of \(document.variables.count) variable\(document.variables.count == 1 ? "" : "s") on \(document.domain.summaryWithArticle)."
      )
    }
    let field = try document.read([0])[0]
    guard !field.isValid.contains(false) else { throw RunError.invalid("\(path): a kernel has no missing numbers, and this image has some.") }
    return NumberTable(rows: raster.rows, columns: raster.columns, values: field.values.scalars.map(Double.init))
  }

  /// Rows of numbers between spaces or commas; nil for any other file. Throws ``RunError`` for rows of different lengths.
  private func plainNumbers(_ path: String) throws -> NumberTable? {
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 26,
      let text = String(data: data, encoding: .utf8)
    else { return nil }
    var rows: [[Double]] = []
    for line in text.split(whereSeparator: \.isNewline) where !line.trimmingPrefix(while: \.isWhitespace).hasPrefix("#") {
      let words = line.split { $0.isWhitespace || $0 == "," || $0 == ";" }
      if words.isEmpty { continue }
      let numbers = words.compactMap { Double($0) }
      guard numbers.count == words.count else { return nil }
      rows.append(numbers)
    }
    guard let first = rows.first else { return nil }
    if let other = rows.firstIndex(where: { $0.count != first.count }) {
      throw RunError.invalid("\(path): row \(other + 1) has \(rows[other].count) numbers, and the first has \(first.count).")
    }
    return NumberTable(rows: rows.count, columns: first.count, values: rows.flatMap(\.self))
  }
}
