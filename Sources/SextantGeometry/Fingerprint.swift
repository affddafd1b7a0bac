// The hash that distinguishes geometries. Coordinates are rounded to about 27 m first, so that a grid written in single
// precision and the same grid in double precision are one grid; on surfaces without a scale of their own they are
// rounded to single precision. The hash is not cryptographic: it guards against mistakes, not against attacks.

/// Collects numbers into a 128-bit hash.
struct Fingerprint {
  private var first: UInt64 = 0x9E37_79B9_7F4A_7C15
  private var second: UInt64 = 0xD1B5_4A32_D192_ED03

  /// Starts a hash for one kind of geometry.
  init(kind: String) { for byte in kind.utf8 { add(Int(byte)) } }

  /// Adds an integer.
  mutating func add(_ value: Int) {
    first = Self.mix(first ^ UInt64(bitPattern: Int64(value)))
    second = Self.mix(second &+ first &+ 0x9E37_79B9_7F4A_7C15)
  }

  /// Adds degrees, rounded to 2⁻¹² of one: a power of two, so that the usual decimal and binary spacings
  /// never lie between two steps.
  mutating func add(degrees: [Double]) {
    add(degrees.count)
    for value in degrees { add(Int((value * 4096).rounded())) }
  }

  /// Adds positions, rounded to 2⁻²⁴ of the unit of length.
  mutating func add(positions: [SIMD3<Double>]) {
    add(positions.count)
    for position in positions {
      let scaled = (position * 0x1p24).rounded(.toNearestOrEven)
      for axis in 0..<3 { add(Int(scaled[axis])) }
    }
  }

  /// Adds positions in any unit of length, rounded to single precision, which both text and binary files preserve.
  mutating func add(singlePrecision positions: [SIMD3<Double>]) {
    add(positions.count)
    for position in positions {
      // Positive and negative zero are the same coordinate.
      for axis in 0..<3 { add(Int((Float(position[axis]) + 0).bitPattern)) }
    }
  }

  /// 32 hexadecimal digits.
  var text: String { Self.digits(first) + Self.digits(second) }

  private static func digits(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The finaliser of SplitMix64.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
