// The contents of an array (.npy) or a text table: shape, ranges and numbers of missing values. The mesh to which the
// values belong is not stored in such files.

import Foundation
import SextantArrays
import SextantGeometry

/// The result of inspecting a file of plain numbers.
public struct NumbersInspection: Sendable, Equatable, Encodable {
  /// A summary of a column.
  public struct Column: Sendable, Equatable, Encodable {
    /// The name in the file, or a generated name if it has none.
    public let name: String
    /// The smallest finite number; nil if there is none.
    public let minimum: Double?
    /// The largest finite number.
    public let maximum: Double?
    /// The mean of the finite numbers.
    public let mean: Double?
    /// The number of entries that are NaN or, in a table, empty.
    public let missingCount: Int
    /// The number of infinite entries, which are not allowed in a signal.
    public let infiniteCount: Int
    /// Values that are probably no measurements.
    public let suspects: [SuspectValue]
  }

  /// The path of the file.
  public let path: String
  /// "NumPy array", "table", or the kind of file of a surface's numbers.
  public let format: String
  /// The extents of an array as stored, or the numbers of rows and columns of a table.
  public let shape: [Int]
  /// The interpretation as a signal, such as "1 field of 3 variables at 42 vertices"; nil if there is none.
  public let signal: String?
  /// The columns of a table, or of an array that has several but not too many; otherwise all numbers of the array as
  /// one column.
  public let columns: [Column]

  /// Inspects an array.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - letters: The axes of an array of images, such as TYX; nil for one of numbers at vertices.
  /// - Throws: `FileError` from SextantStorage, ``VertexFileError``, and
  ///   ``SignalFormatError/invalidSetting(path:name:expected:found:)`` for letters that do not fit the array.
  public init(array path: String, axes letters: String? = nil) throws {
    self.path = path
    let tensor = try NPYFile.read(path)
    format = "NumPy array"
    shape = tensor.shape
    let axes = try letters.map { try ArrayAxes($0, shape: tensor.shape, path: path) }
    let extents = axes?.shape ?? tensor.shape
    let last = extents.last ?? 1
    let width = extents.count > 1 && (1...Self.mostColumns).contains(last) ? last : 1
    signal =
      switch (tensor.count > 0, extents.count) {
      case (true, 1): Self.signal(1, extents[0], 1)
      case (true, 2): Self.signal(1, extents[0], extents[1], pixels: axes)
      case (true, 3): Self.signal(extents[0], extents[1], extents[2], pixels: axes)
      default: nil
      }
    columns = tensor.withUnsafeScalars { scalars in
      (0..<width).map { column in
        Column(
          name: VertexValues.unnamed(column, of: width),
          stride(from: column, to: scalars.count, by: width).lazy.map { scalars[$0] })
      }
    }
  }

  /// Inspects a table. Throws `FileError` from SextantStorage and ``VertexFileError``.
  public init(table path: String) throws {
    self.path = path
    let values = try VertexValues(table: path)
    format = "table"
    shape = [values.vertexCount, values.variables.count]
    signal = Self.signal(1, shape[0], shape[1])
    let (scalars, isValid, width) = (values.values.scalars, values.isValid, shape[1])
    columns = values.variables.enumerated().map { column, variable in
      Column(
        name: variable.name,
        stride(from: column, to: scalars.count, by: width).lazy.map { isValid[$0] ? scalars[$0] : .nan })
    }
  }

  /// Inspects numbers at the vertices of a surface.
  init(_ data: SurfaceData) {
    (path, format, shape) = (data.path, data.kind.rawValue, [data.vertexCount, data.columns.count])
    signal =
      data.isSeries
      ? Self.signal(data.columns.count, data.vertexCount, 1) : Self.signal(1, data.vertexCount, data.columns.count)
    columns = data.columns.prefix(Self.mostColumns).map { Column(name: $0.name, $0.values.lazy.map(Float.init)) }
  }

  /// Arrays with more columns are summarised as a whole.
  private static let mostColumns = 24

  private static func signal(_ fields: Int, _ vertices: Int, _ variables: Int, pixels axes: ArrayAxes? = nil) -> String {
    func count(_ number: Int, _ word: String, _ words: String) -> String { "\(number) \(number == 1 ? word : words)" }
    let places = axes.map { "\($0.rows)×\($0.columns) pixels (rows × columns)" } ?? count(vertices, "vertex", "vertices")
    return "\(count(fields, "field", "fields")) of \(count(variables, "variable", "variables")) at \(places)"
  }
}

extension NumbersInspection.Column {
  init(name: String, _ numbers: some Sequence<Float>) {
    var (low, high, sum) = (Double.infinity, -Double.infinity, 0.0)
    var (finite, missing, infinite) = (0, 0, 0)
    var scan = ValueScan()
    for number in numbers {
      if number.isFinite {
        (low, high) = (min(low, Double(number)), max(high, Double(number)))
        sum += Double(number)
        finite += 1
        scan.add(Double(number))
      } else if number.isNaN {
        missing += 1
      } else {
        infinite += 1
      }
    }
    self.init(
      name: name, minimum: finite > 0 ? low : nil, maximum: finite > 0 ? high : nil,
      mean: finite > 0 ? sum / Double(finite) : nil, missingCount: missing, infiniteCount: infinite,
      suspects: scan.suspects(name: name))
  }
}

extension NumbersInspection: CustomStringConvertible {
  /// The whole inspection as text of several lines.
  public var description: String {
    let extents = shape.map(String.init).joined(separator: " × ")
    let size = format == "table" ? "\(shape[0]) rows, \(shape[1]) columns" : shape.isEmpty ? "one number" : extents
    var lines = ["\(path): \(format), \(size)"]
    lines.append(
      "  as a signal  \(signal ?? "none: expected V, V×C, N×V or N×V×C numbers, and at least one; give the axes of images by --axes")")
    if format == "table" {
      lines.append(
        "  no columns were recognised as latitude and longitude, so that a row stands for a vertex of --mesh FILE; for observations at places name them: --columns latitude=NAME,longitude=NAME")
    }
    let width = columns.map(\.name.count).max() ?? 0
    for column in columns {
      func number(_ value: Double?) -> String { String(format: "%.6g", value ?? .nan) }
      let range =
        column.minimum == nil
        ? "no number" : "\(number(column.minimum)) to \(number(column.maximum)), mean \(number(column.mean))"
      let infinite = column.infiniteCount > 0 ? ", \(column.infiniteCount) infinite" : ""
      lines.append(
        "  \(column.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(range), \(column.missingCount) missing"
          + infinite)
    }
    return (lines + columns.flatMap(\.suspects).problemLines).joined(separator: "\n")
  }
}
