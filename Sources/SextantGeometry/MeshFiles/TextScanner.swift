// Reads words and numbers from the bytes of a text file; errors give the line.

/// A position in a text file.
struct TextScanner {
  private let bytes: [UInt8]
  private let path: String
  private(set) var offset: Int
  /// The number of the line, from 1.
  private(set) var line: Int

  init(_ bytes: [UInt8], path: String, from offset: Int = 0, line: Int = 1) {
    self.bytes = bytes
    self.path = path
    self.offset = offset
    self.line = line
  }

  private static let lineFeed = UInt8(ascii: "\n")
  private static let hash = UInt8(ascii: "#")

  /// The number of bytes from here to the end.
  var remainingCount: Int { bytes.count - offset }

  /// Skips spaces, line ends and comments (from # to the end of the line).
  private mutating func skipSpace() {
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == Self.hash {
        skipLine()
      } else if byte <= 32 {
        if byte == Self.lineFeed { line += 1 }
        offset += 1
      } else {
        return
      }
    }
  }

  /// Skips to the end of the line.
  private mutating func skipLine() {
    while offset < bytes.count, bytes[offset] != Self.lineFeed { offset += 1 }
  }

  /// The next word, or nil at the end of the file.
  mutating func nextWord() -> String? {
    skipSpace()
    let start = offset
    while offset < bytes.count, bytes[offset] > 32 { offset += 1 }
    return offset > start ? String(decoding: bytes[start..<offset], as: UTF8.self) : nil
  }

  /// The next word.
  mutating func word(called name: @autoclosure () -> String) throws -> String {
    guard let word = nextWord() else {
      throw GeometryError.invalidMesh(
        "\(path): the file ends in line \(line), where \(name()) is expected. It may be truncated.")
    }
    return word
  }

  /// The words up to the end of the line or a comment. A backslash at the end continues the line.
  mutating func restOfLine() -> [String] {
    var words: [String] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == Self.lineFeed { return words }
      if byte == Self.hash {
        skipLine()
      } else if byte <= 32 {
        offset += 1
      } else {
        let start = offset
        while offset < bytes.count, bytes[offset] > 32 { offset += 1 }
        if offset == start + 1, byte == UInt8(ascii: "\\") {
          skipLine()
          offset += 1
          line += 1
        } else {
          words.append(String(decoding: bytes[start..<offset], as: UTF8.self))
        }
      }
    }
    offset = min(offset, bytes.count)
    return words
  }

  /// The next word as a number, which may be NaN or infinite.
  mutating func number(called name: @autoclosure () -> String) throws -> Double {
    try number(word(called: name()), called: name())
  }

  /// A word of this line as a number, which may be NaN or infinite.
  func number(_ word: String, called name: @autoclosure () -> String) throws -> Double {
    guard let value = Double(word) else { throw misplaced(word, expected: "a number of \(name())") }
    return value
  }

  /// The next word as a non-negative integer.
  mutating func count(called name: @autoclosure () -> String) throws -> Int {
    try count(word(called: name()), called: name())
  }

  /// A word of this line as a non-negative integer.
  func count(_ word: String, called name: @autoclosure () -> String) throws -> Int {
    guard let value = Int(word), value >= 0 else { throw misplaced(word, expected: "an integer from 0 on (\(name()))") }
    return value
  }

  /// The error for an unexpected word in this line.
  func misplaced(_ word: String, expected: String) -> GeometryError {
    .invalidMesh("\(path), line \(line): expected \(expected), found \"\(word)\".")
  }
}
