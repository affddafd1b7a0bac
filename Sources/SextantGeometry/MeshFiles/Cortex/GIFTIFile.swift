// GIFTI files (.gii), in which programs for the cortex exchange surfaces and numbers at their vertices: XML with arrays
// as text, in base 64, or in base 64 of a zlib stream. The format is described in "GIFTI Surface Data Format", version
// 1.0; the tests compare values with nibabel's. Not here: arrays in external files.

import Foundation
import SextantStorage

/// The arrays of a GIFTI file.
struct GIFTIFile {
  /// One array, with what its attributes say.
  struct Array {
    var intent: String
    var name: String
    var type: ArrayNumber
    var shape: [Int]
    /// The numbers, those of a vertex one after another.
    var values: [Double]
  }

  private let path: String
  private let arrays: [Array]
  /// The names of labels by their numbers.
  private let labels: [Double: String]
  /// What the file says of itself, a line each.
  let comments: [String]
  private let encoding: MeshEncoding

  private static let positions = "NIFTI_INTENT_POINTSET"
  private static let triangles = "NIFTI_INTENT_TRIANGLE"

  /// Whether a file begins like GIFTI.
  static func isRecognised(_ head: [UInt8]) -> Bool {
    guard let first = head.first(where: { $0 > 32 }), first == UInt8(ascii: "<") || first == 0xEF else { return false }
    return Data(head.prefix(4096)).range(of: Data("<GIFTI".utf8)) != nil
  }

  /// Whether a GIFTI file holds the positions of vertices.
  static func holdsSurface(_ data: Data) -> Bool { data.range(of: Data(positions.utf8)) != nil }

  /// Reads the arrays in `bytes`. Throws ``GeometryError/invalidMesh(_:)``.
  init(_ bytes: [UInt8], path: String) throws {
    self.path = path
    let root = try MarkupElement.root(of: bytes, path: path, kind: "the GIFTI file")
    guard root.name == "GIFTI" else {
      throw GeometryError.invalidMesh("\(path): the XML file holds \(root.name): expected GIFTI.")
    }
    let elements = root.all("DataArray")
    if let declared = root.attributes["NumberOfDataArrays"].flatMap({ Int($0) }), declared != elements.count {
      throw GeometryError.invalidMesh(
        "\(path): the GIFTI file declares \(declared) arrays and has \(elements.count): it may be cut off.")
    }
    arrays = try elements.enumerated().map { try Self.array($1, number: $0 + 1, path: path) }
    var labels: [Double: String] = [:]
    for label in root.first("LabelTable")?.all("Label") ?? [] {
      if let key = (label.attributes["Key"] ?? label.attributes["Index"]).flatMap({ Double($0) }) {
        labels[key] = label.trimmedText
      }
    }
    self.labels = labels
    comments = Self.metadata(of: root).flatMap { name, value in
      let lines = value.split(whereSeparator: \.isNewline).map(String.init)
      return name == "history" ? lines : ["\(name): \(lines.joined(separator: " "))"]
    }
    let isText = elements.allSatisfy { $0.attributes["Encoding"] == "ASCII" }
    let isBig = elements.contains { $0.attributes["Endian"] == "BigEndian" }
    encoding = isText ? .text : isBig ? .bigEndian : .littleEndian
  }

  // MARK: Contents

  private var data: [Array] { arrays.filter { $0.intent != Self.positions && $0.intent != Self.triangles } }

  /// Whether the numbers are one quantity at several times.
  var isSeries: Bool { data.count > 1 && data.allSatisfy { $0.intent == "NIFTI_INTENT_TIME_SERIES" } }

  /// The columns of the numbers at vertices.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)`` if there is none, or if they have different lengths.
  func columns() throws -> [MeshProperty] {
    var columns: [MeshProperty] = []
    for array in data {
      guard array.intent != "NIFTI_INTENT_NODE_INDEX" else {
        throw GeometryError.invalidMesh(
          "\(path): the GIFTI file holds numbers at some vertices alone (NODE_INDEX), which is not supported. Save it with all vertices, for example with wb_command.")
      }
      let (rows, width) = (array.shape.first ?? 0, array.shape.dropFirst().reduce(1, *))
      guard rows == columns.first?.values.count ?? rows else {
        throw GeometryError.invalidMesh(
          "\(path): the arrays of the GIFTI file have \(columns[0].values.count) and \(rows) rows: expected one row for each vertex in all of them.")
      }
      for component in 0..<width {
        let values = stride(from: component, to: array.values.count, by: width).map { array.values[$0] }
        var column = MeshProperty(
          name: name(of: array, component, of: width, among: columns), type: array.type.meshType(of: values),
          values: values)
        if array.intent == "NIFTI_INTENT_LABEL" { column.words = labels }
        columns.append(column)
      }
    }
    return columns
  }

  private func name(of array: Array, _ component: Int, of width: Int, among others: [MeshProperty]) -> String {
    let colours = ["red", "green", "blue", "alpha"]
    var name = array.name
    if array.intent.hasSuffix("RGB_VECTOR") || array.intent.hasSuffix("RGBA_VECTOR"), width <= 4 {
      name = colours[component]
    } else {
      if name.isEmpty {
        let intent = array.intent.split(separator: "_").dropFirst(2).joined(separator: "_").lowercased()
        name = intent.isEmpty || intent == "none" || intent == "time_series" ? SurfaceData.quantity(of: stem) : intent
      }
      if width > 1 { name += "_\(component + 1)" }
    }
    var (distinct, number) = (name, 1)
    while others.contains(where: { $0.name == distinct }) {
      number += 1
      distinct = "\(name)_\(number)"
    }
    return distinct
  }

  /// The path without ".gii" and the kind before it: "lh.thickness" of "lh.thickness.shape.gii".
  private var stem: String {
    let words = URL(fileURLWithPath: path).lastPathComponent.split(separator: ".").map(String.init)
    let kinds: Set = ["gz", "gii", "shape", "func", "label", "time", "surf", "native", "32k_fs_lr", "fsaverage"]
    let kept = words.filter { !kinds.contains($0.lowercased()) }
    return kept.isEmpty ? "value" : kept.joined(separator: ".")
  }

  /// The surface with the numbers at its vertices. Throws ``GeometryError``.
  func document() throws -> MeshDocument {
    guard let points = arrays.first(where: { $0.intent == Self.positions }) else {
      throw GeometryError.invalidMesh(
        "\(path): the GIFTI file holds numbers at vertices and no surface: expected a surface (.surf.gii). Give the surface by --mesh, and this file as the input.")
    }
    guard arrays.filter({ $0.intent == Self.positions }).count == 1, points.shape.count == 2, points.shape[1] == 3 else {
      throw GeometryError.invalidMesh("\(path): expected one set of points with three coordinates in the GIFTI file.")
    }
    var result = MeshDocument(path: path, source: MeshSource(format: .gifti, encoding: encoding))
    result.comments = comments
    result.positionType = points.type == .scalar(.float32) ? .float32 : .float64
    result.positions = (0..<points.shape[0]).map {
      SIMD3(points.values[3 * $0], points.values[3 * $0 + 1], points.values[3 * $0 + 2])
    }
    if let faces = arrays.first(where: { $0.intent == Self.triangles }) {
      guard faces.shape.count == 2, faces.shape[1] == 3 else {
        throw GeometryError.invalidMesh("\(path): the triangles of the GIFTI file have the shape \(faces.shape): expected 3 corners.")
      }
      let count = result.vertexCount
      for face in 0..<faces.shape[0] {
        let corners = faces.values[3 * face..<3 * face + 3]
        for corner in corners where !(corner >= 0 && corner < Double(count) && corner == corner.rounded()) {
          throw GeometryError.cornerOutsideMesh(
            path: path, face: face, corner: Int(exactly: corner.rounded()) ?? -1, vertexCount: count)
        }
        result.polygons.append(corners.map { Int32($0) })
      }
    }
    result.vertexProperties = try columns()
    for column in result.vertexProperties where column.values.count != result.vertexCount {
      throw GeometryError.wrongValueCount(
        name: "\(path): \(column.name)", expected: result.vertexCount, found: column.values.count)
    }
    return result
  }

  // MARK: Reading

  private static func metadata(of element: MarkupElement) -> [(name: String, value: String)] {
    (element.first("MetaData")?.all("MD") ?? []).compactMap { entry in
      guard let name = entry.first("Name")?.trimmedText, let value = entry.first("Value")?.trimmedText, !name.isEmpty
      else { return nil }
      return (name, value)
    }
  }

  private static func array(_ element: MarkupElement, number: Int, path: String) throws -> Array {
    func invalid(_ reason: String) -> GeometryError { .invalidMesh("\(path): array number \(number) of the GIFTI file \(reason).") }
    let attributes = element.attributes
    guard let type = ArrayNumber(niftiName: attributes["DataType"] ?? "") else {
      throw invalid("has the type \(attributes["DataType"] ?? "none"), which is not a real number")
    }
    let dimensions = attributes["Dimensionality"].flatMap { Int($0) } ?? 1
    guard (1...6).contains(dimensions) else { throw invalid("has \(dimensions) dimensions") }
    let shape = (0..<dimensions).compactMap { attributes["Dim\($0)"].flatMap { Int($0) } }
    let size = shape.reduce(1) { size, extent in
      extent < 0 ? -1 : size < 0 || size.multipliedReportingOverflow(by: extent).overflow ? -1 : size * extent
    }
    guard shape.count == dimensions, size >= 0 else { throw invalid("has no usable extents (Dim0 and so on)") }
    let text = element.first("Data")?.text ?? []
    let values: [Double]
    switch attributes["Encoding"] {
    case "ASCII":
      values = try text.split { $0 <= 32 }.map { word in
        let word = String(decoding: word, as: UTF8.self)
        guard let value = Double(word) else { throw invalid("has the entry \"\(word.prefix(40))\": expected a number") }
        return value
      }
    case "Base64Binary", "GZipBase64Binary":
      var source = ArrayBytes(base64: text)
      guard var bytes = source.rest() else { throw invalid("is not in base 64, as it should be") }
      if attributes["Encoding"] == "GZipBase64Binary" {
        guard let unpacked = FileContents.inflated(bytes) else { throw invalid("cannot be unpacked: it is damaged") }
        bytes = unpacked
      }
      values = type.numbers(bytes, isBigEndian: attributes["Endian"] == "BigEndian")
    case let encoding:
      throw invalid("has the encoding \(encoding ?? "none"): expected ASCII, Base64Binary or GZipBase64Binary")
    }
    guard values.count == size else {
      throw invalid("has \(values.count) numbers, but its extents \(shape.map(String.init).joined(separator: " × ")) need \(size)")
    }
    let isColumnMajor = attributes["ArrayIndexingOrder"] == "ColumnMajorOrder"
    return Array(
      intent: attributes["Intent"] ?? "NIFTI_INTENT_NONE", name: metadata(of: element).first { $0.name == "Name" }?.value ?? "",
      type: type, shape: shape, values: isColumnMajor && shape.count == 2 ? transposed(values, shape) : values)
  }

  private static func transposed(_ values: [Double], _ shape: [Int]) -> [Double] {
    (0..<shape[0]).flatMap { row in (0..<shape[1]).map { values[$0 * shape[0] + row] } }
  }
}

extension ArrayNumber {
  /// The type of that name in NIFTI's formats, such as "NIFTI_TYPE_FLOAT32".
  init?(niftiName: String) {
    guard niftiName.hasPrefix("NIFTI_TYPE_") else { return nil }
    let name = niftiName.dropFirst(11).lowercased()
    switch name {
    case "int64": self = .int64
    case "uint64": self = .uint64
    default:
      guard let type = MeshScalarType(rawValue: name) else { return nil }
      self = .scalar(type)
    }
  }
}
