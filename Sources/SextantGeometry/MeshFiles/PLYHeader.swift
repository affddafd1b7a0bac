// The header of a PLY file (Turk, "The PLY Polygon File Format", 1994): the elements, their numbers and their
// properties. Counts are not trusted: the length of the body is checked before anything is allocated.

/// The declarations of a PLY file.
struct PLYHeader {
  /// A property of an element.
  struct Property {
    var name: String
    /// The type of the length of a list; nil for a single value.
    var countType: MeshScalarType?
    var type: MeshScalarType
  }

  /// A kind of element, such as "vertex".
  struct Element {
    var name: String
    var count: Int
    var properties: [Property] = []

    /// The index of the single-valued property with this name.
    func place(of name: String) -> Int? { properties.firstIndex { $0.name == name && $0.countType == nil } }

    /// The smallest number of bytes of the elements: lists may be empty, and a number in text needs a digit and a
    /// space.
    func leastByteCount(_ encoding: MeshEncoding) -> Int {
      let each = properties.reduce(0) { $0 + (encoding == .text ? 2 : ($1.countType ?? $1.type).byteCount) }
      let (bytes, isTooMany) = count.multipliedReportingOverflow(by: each)
      return isTooMany ? Int.max : bytes
    }
  }

  private(set) var encoding = MeshEncoding.text
  private(set) var elements: [Element] = []
  private(set) var comments: [String] = []
  private(set) var objectInformation: [String] = []
  /// The offset at which the body begins.
  private(set) var bodyStart = 0
  /// The number of lines in the header.
  private(set) var lineCount = 0

  /// Reads the header. Throws ``GeometryError/invalidMesh(_:)``, and
  /// ``GeometryError/meshTooShort(path:declared:neededBytes:foundBytes:)`` if it declares more than the file can
  /// contain.
  init(_ bytes: [UInt8], path: String) throws {
    var isFormatKnown = false
    // Old files end their lines with only a carriage return.
    let lineEnd = UInt8(ascii: bytes.count > 4 && bytes[3] == 13 && bytes[4] != 10 ? "\r" : "\n")
    while true {
      guard lineCount < 10_000, let end = bytes[bodyStart...].firstIndex(of: lineEnd) else {
        throw GeometryError.invalidMesh("\(path): the PLY header has no end_header line. The file may be truncated.")
      }
      lineCount += 1
      let line = String(decoding: bytes[bodyStart..<end], as: UTF8.self)
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      bodyStart = end + 1
      if words.first == "end_header" { break }
      if words.first == "format" { isFormatKnown = true }
      guard take(words, line) else {
        throw GeometryError.invalidMesh(
          "\(path), line \(lineCount): invalid line in a PLY header: \(line.prefix(120))")
      }
    }
    guard isFormatKnown else {
      throw GeometryError.invalidMesh("\(path): the PLY header has no format line.")
    }
    try checkLength(bytes.count - bodyStart, path: path)
  }

  /// Parses a line of the header; false if it is invalid.
  private mutating func take(_ words: [String], _ line: String) -> Bool {
    switch (words.first, words.count) {
    case ("ply", 1), (nil, _): return true
    case ("comment", _): comments.append(Self.text(of: line, after: "comment"))
    case ("obj_info", _): objectInformation.append(Self.text(of: line, after: "obj_info"))
    case ("format", 3) where words[2] == "1.0":
      switch words[1] {
      case "ascii": encoding = .text
      case "binary_little_endian": encoding = .littleEndian
      case "binary_big_endian": encoding = .bigEndian
      default: return false
      }
    case ("element", 3):
      guard let count = Int(words[2]), count >= 0 else { return false }
      elements.append(Element(name: words[1], count: count))
    case ("property", 3):
      return append(Property(name: words[2], type: .float32), type: words[1])
    case ("property", 5) where words[1] == "list":
      guard let countType = MeshScalarType(plyName: words[2]), countType.isInteger else { return false }
      return append(Property(name: words[4], countType: countType, type: .float32), type: words[3])
    default: return false
    }
    return true
  }

  private mutating func append(_ property: Property, type: String) -> Bool {
    guard let type = MeshScalarType(plyName: type), let last = elements.indices.last,
      !elements[last].properties.contains(where: { $0.name == property.name })
    else { return false }
    var property = property
    property.type = type
    elements[last].properties.append(property)
    return true
  }

  private static func text(of line: String, after keyword: String) -> String {
    let rest = line.drop { $0.isWhitespace }.dropFirst(keyword.count)
    let text = rest.first == " " ? rest.dropFirst() : rest
    return text.last?.isNewline == true ? String(text.dropLast()) : String(text)
  }

  private func checkLength(_ found: Int, path: String) throws {
    var needed = 0
    for element in elements {
      let (sum, isTooLong) = needed.addingReportingOverflow(element.leastByteCount(encoding))
      needed = isTooLong ? Int.max : sum
      // The last number in a text file needs no space after it.
      guard needed <= found + (encoding == .text ? 1 : 0) else {
        throw GeometryError.meshTooShort(
          path: path, declared: "\(element.count) elements \"\(element.name)\"", neededBytes: needed,
          foundBytes: found)
      }
    }
  }
}

extension MeshScalarType {
  /// The type of that name in PLY headers, where two families of names are in use.
  init?(plyName: String) {
    if let type = MeshScalarType(rawValue: plyName) {
      self = type
    } else if let type = Self.allCases.first(where: { $0.plyName == plyName }) {
      self = type
    } else {
      return nil
    }
  }

  /// The older of the two names, which all programs support.
  var plyName: String {
    switch self {
    case .int8: "char"
    case .uint8: "uchar"
    case .int16: "short"
    case .uint16: "ushort"
    case .int32: "int"
    case .uint32: "uint"
    case .float32: "float"
    case .float64: "double"
    }
  }
}
