// Reads words and numbers from the bytes of a text file, with errors that name the line.

import Foundation

/// A place in a text file.
struct TextScanner {
  private let bytes: Data
  private let path: String
  private(set) var offset: Int
  private var line = 1

  init(_ bytes: Data, path: String, from offset: Int = 0) {
    self.bytes = bytes
    self.path = path
    self.offset = bytes.startIndex + offset
  }

  private static let lineFeed = UInt8(ascii: "\n")

  /// Moves past spaces, line ends and comments (from # to the end of the line).
  private mutating func skipSpace() {
    while offset < bytes.endIndex {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "#") {
        while offset < bytes.endIndex, bytes[offset] != Self.lineFeed { offset += 1 }
      } else if byte <= 32 {
        if byte == Self.lineFeed { line += 1 }
        offset += 1
      } else {
        return
      }
    }
  }

  /// Moves past the end of the line.
  mutating func skipLine() {
    while offset < bytes.endIndex, bytes[offset] != Self.lineFeed { offset += 1 }
  }

  /// The next word.
  mutating func word(called name: String) throws -> String {
    skipSpace()
    let start = offset
    while offset < bytes.endIndex, bytes[offset] > 32 { offset += 1 }
    guard offset > start else {
      throw GeometryError.invalidMesh(
        "\(path): the file ends in line \(line) where \(name) should stand. It may be cut off.")
    }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// The next word as a finite number.
  mutating func number(called name: String) throws -> Double {
    let text = try word(called: name)
    guard let value = Double(text), value.isFinite else {
      throw GeometryError.invalidMesh("\(path), line \(line): \"\(text)\" where a number of \(name) should stand.")
    }
    return value
  }

  /// The next word as a whole number from 0 on.
  mutating func count(called name: String) throws -> Int {
    let text = try word(called: name)
    guard let value = Int(text), value >= 0 else {
      throw GeometryError.invalidMesh("\(path), line \(line): \"\(text)\" where a whole number (\(name)) should stand.")
    }
    return value
  }
}
