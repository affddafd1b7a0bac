// Bytes of arrays inside of text files: base 64, of which each piece may end with padding of its own, or the bytes
// themselves; and the numbers that they stand for.

/// Bytes that are taken one piece after another.
struct ArrayBytes {
  private let bytes: [UInt8]
  private let isBase64: Bool
  private var offset: Int
  /// Bytes that were decoded and not yet taken.
  private var waiting: ArraySlice<UInt8> = []

  /// Bytes as they are, from `offset` on.
  init(raw bytes: [UInt8], from offset: Int = 0) { (self.bytes, isBase64, self.offset) = (bytes, false, offset) }

  /// Bytes in base 64, from the character `offset` on. White space is skipped.
  init(base64 text: [UInt8], from offset: Int = 0) { (bytes, isBase64, self.offset) = (text, true, offset) }

  /// The next `count` bytes; nil if there are fewer, or if a character is not of base 64.
  mutating func next(_ count: Int) -> [UInt8]? {
    guard count >= 0 else { return nil }
    guard isBase64 else {
      guard offset >= 0, count <= bytes.count - offset else { return nil }
      defer { offset += count }
      return Array(bytes[offset..<offset + count])
    }
    // Four characters give three bytes, so that a count beyond the text is not worth decoding.
    guard count <= waiting.count + (bytes.count - offset + 3) / 4 * 3 else { return nil }
    var result = Array(waiting.prefix(count))
    waiting = waiting.dropFirst(result.count)
    result.reserveCapacity(count)
    while result.count < count {
      guard let group = nextGroup() else { return nil }
      let taken = min(count - result.count, group.count)
      result += group.prefix(taken)
      waiting = group.dropFirst(taken)
    }
    return result
  }

  /// All bytes that are left; nil if a character is not of base 64.
  mutating func rest() -> [UInt8]? {
    guard isBase64 else { return next(bytes.count - offset) }
    var result = Array(waiting)
    result.reserveCapacity(result.count + (bytes.count - offset) / 4 * 3)
    while skipSpace() {
      guard let group = nextGroup() else { return nil }
      result += group
    }
    return result
  }

  /// Skips white space; false at the end.
  private mutating func skipSpace() -> Bool {
    while offset < bytes.count, bytes[offset] <= 32 { offset += 1 }
    return offset < bytes.count
  }

  /// The bytes of four characters, of which the last may be padding.
  private mutating func nextGroup() -> ArraySlice<UInt8>? {
    var (word, digits, padding) = (UInt32(0), 0, 0)
    while digits + padding < 4 {
      guard skipSpace() else { return nil }
      let character = bytes[offset]
      offset += 1
      if character == UInt8(ascii: "=") {
        guard digits >= 2 else { return nil }
        padding += 1
        word <<= 6
      } else {
        guard padding == 0, let digit = Self.digit(character) else { return nil }
        word = word << 6 | digit
        digits += 1
      }
    }
    let all: [UInt8] = [UInt8(truncatingIfNeeded: word >> 16), UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)]
    return all.prefix(3 - padding)
  }

  private static func digit(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  /// Bytes as text of base 64.
  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = (0..<3).map { start + $0 < bytes.count ? UInt32(bytes[start + $0]) : 0 }
      let word = group[0] << 16 | group[1] << 8 | group[2]
      for place in 0..<4 {
        text.append(
          start + place <= bytes.count ? digits[Int(word >> (18 - 6 * UInt32(place)) & 63)] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The types of numbers in arrays of other formats: those of meshes, and whole numbers of eight bytes.
enum ArrayNumber: Sendable, Equatable {
  case scalar(MeshScalarType)
  case int64
  case uint64

  var byteCount: Int {
    switch self {
    case .scalar(let type): type.byteCount
    case .int64, .uint64: 8
    }
  }

  /// The number whose bytes begin at `offset`; those of eight bytes are rounded to doubles.
  func decode(_ bytes: [UInt8], at offset: Int, isBigEndian: Bool) -> Double {
    func word() -> UInt64 {
      bytes.withUnsafeBytes {
        let word = $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        return isBigEndian ? UInt64(bigEndian: word) : UInt64(littleEndian: word)
      }
    }
    return switch self {
    case .scalar(let type): type.decode(bytes, at: offset, isBigEndian: isBigEndian)
    case .int64: Double(Int64(bitPattern: word()))
    case .uint64: Double(word())
    }
  }

  /// All numbers of bytes.
  func numbers(_ bytes: [UInt8], isBigEndian: Bool) -> [Double] {
    (0..<bytes.count / byteCount).map { decode(bytes, at: $0 * byteCount, isBigEndian: isBigEndian) }
  }

  /// The type that a mesh holds these numbers in: whole numbers of eight bytes have four if they fit.
  func meshType(of values: [Double]) -> MeshScalarType {
    switch self {
    case .scalar(let type): type
    case .int64, .uint64: values.allSatisfy { MeshScalarType.int32.stored($0) != nil } ? .int32 : .float64
    }
  }
}
