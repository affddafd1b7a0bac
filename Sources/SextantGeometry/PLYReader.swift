// The PLY format (Turk, 1994): a text header that declares elements and their properties, then their values as
// text or as bytes of either order. Positions and faces are taken, all other properties are passed over.

import Foundation

/// A PLY file whose header has been read.
struct PLYReader {
  private enum Encoding { case text, littleEndian, bigEndian }

  private enum Scalar: String {
    case int8 = "char"
    case uint8 = "uchar"
    case int16 = "short"
    case uint16 = "ushort"
    case int32 = "int"
    case uint32 = "uint"
    case float32 = "float"
    case float64 = "double"

    /// Both families of names are in use.
    init?(name: String) {
      let other = [
        "int8": "char", "uint8": "uchar", "int16": "short", "uint16": "ushort", "int32": "int", "uint32": "uint",
        "float32": "float", "float64": "double",
      ]
      self.init(rawValue: other[name] ?? name)
    }

    var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .int16, .uint16: 2
      case .int32, .uint32, .float32: 4
      case .float64: 8
      }
    }
  }

  private struct Property {
    var name: String
    /// The type of a list's length; nil for a single value.
    var countType: Scalar?
    var type: Scalar
  }

  private struct Element {
    var name: String
    var count: Int
    var properties: [Property] = []
  }

  private let data: Data
  private let path: String
  private var encoding = Encoding.text
  private var elements: [Element] = []
  private var bodyStart = 0

  /// How many vertices and faces the header declares.
  var declaredCounts: (vertices: Int, faces: Int) {
    func count(_ name: String) -> Int { elements.first { $0.name == name }?.count ?? 0 }
    return (count("vertex"), count("face"))
  }

  /// Reads the header. Throws ``GeometryError/invalidMesh(_:)``.
  init(_ data: Data, path: String) throws {
    self.data = data
    self.path = path
    var offset = data.startIndex
    var number = 0
    while true {
      guard number < 10_000, let end = data[offset...].firstIndex(of: UInt8(ascii: "\n")) else {
        throw GeometryError.invalidMesh("\(path): the PLY header has no end_header line. The file may be cut off.")
      }
      number += 1
      let words = String(decoding: data[offset..<end], as: UTF8.self).split(whereSeparator: \.isWhitespace).map(
        String.init)
      offset = end + 1
      if words.first == "end_header" { break }
      guard try take(words) else {
        throw GeometryError.invalidMesh(
          "\(path), line \(number): not understood in a PLY header: \(words.joined(separator: " "))")
      }
    }
    bodyStart = offset - data.startIndex
  }

  /// Takes a line of the header; false if it cannot be understood.
  private mutating func take(_ words: [String]) throws -> Bool {
    switch (words.first, words.count) {
    case ("ply", 1), ("comment", _), ("obj_info", _), (nil, _): return true
    case ("format", 2...):
      switch words[1] {
      case "ascii": encoding = .text
      case "binary_little_endian": encoding = .littleEndian
      case "binary_big_endian": encoding = .bigEndian
      default: return false
      }
      return true
    case ("element", 3):
      guard let count = Int(words[2]), count >= 0 else { return false }
      elements.append(Element(name: words[1], count: count))
      return true
    case ("property", 3):
      guard !elements.isEmpty, let type = Scalar(name: words[1]) else { return false }
      elements[elements.count - 1].properties.append(Property(name: words[2], countType: nil, type: type))
      return true
    case ("property", 5) where words[1] == "list":
      guard !elements.isEmpty, let countType = Scalar(name: words[2]), let type = Scalar(name: words[3]) else {
        return false
      }
      elements[elements.count - 1].properties.append(Property(name: words[4], countType: countType, type: type))
      return true
    default: return false
    }
  }

  /// The positions and triangles. Throws ``GeometryError/invalidMesh(_:)``.
  func mesh() throws -> TriangleMesh {
    var text = TextScanner(data, path: path, from: bodyStart)
    var offset = data.startIndex + bodyStart
    var mesh = TriangleMesh(positions: [], triangles: [])
    func value(_ type: Scalar, _ name: String) throws -> Double {
      if encoding == .text { return try text.number(called: name) }
      guard offset + type.byteCount <= data.endIndex else {
        throw GeometryError.invalidMesh("\(path): the file ends within \(name). It may be cut off.")
      }
      defer { offset += type.byteCount }
      return decode(type, at: offset)
    }
    for element in elements {
      for index in 0..<element.count {
        let name = "\(element.name) number \(index + 1)"
        var position = SIMD3<Double>()
        for property in element.properties {
          if let countType = property.countType {
            let count = try value(countType, name)
            guard count >= 0, count <= 1e6 else {
              throw GeometryError.invalidMesh("\(path): \(name) has a list of \(count) entries.")
            }
            let list = try (0..<Int(count)).map { _ in try value(property.type, name) }
            if element.name == "face", property.name.hasPrefix("vertex_ind") {
              mesh.appendPolygon(list.map { Int(exactly: $0) ?? -1 })
            }
          } else {
            let number = try value(property.type, name)
            if let axis = ["x", "y", "z"].firstIndex(of: property.name) { position[axis] = number }
          }
        }
        guard element.name == "vertex" else { continue }
        guard position.isFinite else {
          throw GeometryError.invalidMesh("\(path): \(name) lies at \(position): expected finite coordinates.")
        }
        mesh.positions.append(position)
      }
    }
    return mesh
  }

  private func decode(_ type: Scalar, at offset: Int) -> Double {
    var bits: UInt64 = 0
    for k in 0..<type.byteCount {
      let byte = UInt64(data[offset + (encoding == .littleEndian ? type.byteCount - 1 - k : k)])
      bits = bits << 8 | byte
    }
    return switch type {
    case .int8: Double(Int8(truncatingIfNeeded: bits))
    case .uint8, .uint16, .uint32: Double(bits)
    case .int16: Double(Int16(truncatingIfNeeded: bits))
    case .int32: Double(Int32(truncatingIfNeeded: bits))
    case .float32: Double(Float(bitPattern: UInt32(bits)))
    case .float64: Double(bitPattern: bits)
    }
  }
}
