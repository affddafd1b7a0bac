// A scanner for the subset of JSON in safetensors headers: objects of known depth, strings and natural numbers.
//
// It is deliberately not a general JSON parser: it has no recursion that a hostile file could drive deep, it detects
// duplicate keys, and it rejects numbers that are out of range. Foundation's decoders guarantee neither of the last
// two.

/// A position in the text of a header.
struct HeaderScanner {
  let path: String
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// An error at the current position.
  func error(_ reason: String) -> SafetensorsError {
    .invalidFile(path: path, reason: "\(reason) (byte \(position + 8))")
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  /// Consumes `character` if it is next.
  mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  /// Consumes `character`, which must be next.
  mutating func expect(_ character: Character, in place: String) throws {
    guard take(character) else { throw error("expected '\(character)' in \(place)") }
  }

  /// Checks that only spaces follow.
  mutating func expectEnd() throws {
    skipSpace()
    guard position == bytes.count else { throw error("expected the end of the header") }
  }

  /// A quoted string.
  mutating func string() throws -> String {
    guard take("\"") else { throw error("expected a quoted string") }
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw error("a string is not valid UTF-8") }
        return string
      case UInt8(ascii: "\\"):
        text += try escaped()
      case 0..<0x20:
        throw error("a string contains a control character")
      default:
        text.append(byte)
      }
    }
    throw error("a string is not terminated")
  }

  private mutating func escaped() throws -> [UInt8] {
    guard position < bytes.count else { throw error("a string is not terminated") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      // The second half of a surrogate pair follows as another escape.
      if UTF16.isLeadSurrogate(units[0]), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        units.append(try codeUnit())
      }
      guard let string = String(validating: units, as: UTF16.self) else { throw error("a \\u escape is invalid") }
      return Array(string.utf8)
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func codeUnit() throws -> UInt16 {
    guard position + 4 <= bytes.count else { throw error("a string is not terminated") }
    let digits = bytes[position..<position + 4]
    guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw error("a \\u escape without four hexadecimal digits") }
    position += 4
    return unit
  }

  /// A bracketed list of integers that are not negative.
  mutating func naturalNumbers() throws -> [Int] {
    var numbers: [Int] = []
    try expect("[", in: "a list of numbers")
    if take("]") { return numbers }
    repeat { numbers.append(try naturalNumber()) } while take(",")
    try expect("]", in: "a list of numbers")
    return numbers
  }

  private mutating func naturalNumber() throws -> Int {
    skipSpace()
    let start = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
    guard let number = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw error("expected an integer from 0 to \(Int.max)")
    }
    return number
  }
}
