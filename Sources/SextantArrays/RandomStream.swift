// Counter-based random numbers (Philox 4×32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A number is a function of (seed, stream, position) alone, so the same seed gives the same result with any number of
// threads, and a stream can be split without correlation.

import Foundation

/// A reproducible sequence of random numbers.
///
/// `RandomStream(seed: 7)` is the same sequence on every machine. `split` derives an independent stream for a
/// part of the work (a field, a sample, a method), so that adding a part never changes the numbers of another.
public struct RandomStream: Sendable, Equatable, Codable, RandomNumberGenerator {
  /// The 64-bit key.
  public private(set) var key: UInt64
  /// The number of blocks of four 32-bit words used so far.
  public private(set) var position: UInt64
  private var spare: UInt64?

  /// The sequence for `seed`.
  public init(seed: UInt64) {
    key = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
    position = 0
  }

  private init(key: UInt64) {
    self.key = key
    position = 0
  }

  /// An independent stream for part `index` of the work; does not advance this stream.
  public func split(_ index: Int) -> RandomStream {
    RandomStream(key: Self.mix(key ^ Self.mix(UInt64(bitPattern: Int64(index)) &+ 0xD1B5_4A32_D192_ED03)))
  }

  /// An independent stream for the part of the work named `label`; does not advance this stream.
  public func split(_ label: String) -> RandomStream {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return RandomStream(key: Self.mix(key ^ hash))
  }

  /// The finaliser of SplitMix64: every input bit changes about half of the output bits.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The block of four 32-bit words at `counter`.
  @usableFromInline
  static func block(counter: UInt64, key: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
    philox((UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), 0, 0), key: key)
  }

  /// Philox 4×32 with ten rounds: four 32-bit words for a counter of four words, lowest first, and a key of two words.
  static func philox(
    _ counter: (UInt32, UInt32, UInt32, UInt32), key: UInt64
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (c0, c1, c2, c3) = counter
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key >> 32)
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) * UInt64(c0)
      let p1 = UInt64(0xCD9E_8D57) * UInt64(c2)
      let n0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
      let n2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
      c1 = UInt32(truncatingIfNeeded: p1)
      c3 = UInt32(truncatingIfNeeded: p0)
      c0 = n0
      c2 = n2
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }

  public mutating func next() -> UInt64 {
    if let word = spare {
      spare = nil
      return word
    }
    let (a, b, c, d) = Self.block(counter: position, key: key)
    position &+= 1
    spare = UInt64(d) << 32 | UInt64(c)
    return UInt64(b) << 32 | UInt64(a)
  }

  /// A number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in [range.lowerBound, range.upperBound).
  public mutating func uniform(in range: Range<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A standard normal number (Box–Muller, using one of the pair).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// Reserves `count` unused blocks, discarding the rest of the current one.
  @usableFromInline
  mutating func takeBlocks(_ count: Int) -> (start: UInt64, key: UInt64) {
    spare = nil
    defer { position &+= UInt64(count) }
    return (position, key)
  }

  /// A tensor of independent standard normal numbers, filled in parallel; the result depends on this stream alone.
  @inlinable
  public mutating func normals<Scalar: TensorScalar>(
    _ shape: [Int], as type: Scalar.Type = Scalar.self
  ) -> Tensor<Scalar> {
    let count = shape.reduce(1, *)
    // A block of four words gives two 53-bit uniform numbers, and these give two normal numbers.
    let (start, key) = takeBlocks((count + 1) / 2)
    return Tensor(shape: shape) { buffer in
      guard let base = buffer.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEachRange(of: (count + 1) / 2, grain: 8192) { range in
        for pair in range {
          let (a, b, c, d) = Self.block(counter: start &+ UInt64(pair), key: key)
          let u = Double((UInt64(b) << 32 | UInt64(a)) >> 11) * 0x1p-53
          let v = Double((UInt64(d) << 32 | UInt64(c)) >> 11) * 0x1p-53
          let radius = (-2 * log(1 - u)).squareRoot()
          out[2 * pair] = Scalar(radius * cos(2 * .pi * v))
          if 2 * pair + 1 < count { out[2 * pair + 1] = Scalar(radius * sin(2 * .pi * v)) }
        }
      }
    }
  }
}
