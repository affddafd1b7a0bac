// Reproducible permutations: those of NumPy's `RandomState(seed).permutation(count)`, which the published vector
// RealNVP seeds with the index of each step. They use the Mersenne Twister (Matsumoto and Nishimura 1998), seeded with
// one word, and NumPy's legacy shuffle from the last position down, with indices by masking and rejection. Do not use
// this as a source of random numbers for anything else; use `RandomStream`.

/// A permutation defined by its length and a seed.
public struct PinnedPermutation: Sendable, Equatable {
  /// Position i of the result is the element at position `order[i]`.
  public let order: [Int]

  /// The permutation of 0..<`count` returned by NumPy's `RandomState(seed).permutation(count)`.
  public init(count: Int, seed: UInt32) {
    precondition(count >= 0 && count <= Int(UInt32.max), "No permutation of \(count) places")
    var generator = MersenneTwister(seed: seed)
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(generator.next(upTo: UInt32(last))))
    }
    self.order = order
  }

  /// The inverse permutation: `inverse[order[i]] == i`.
  public var inverse: [Int] {
    var result = [Int](repeating: 0, count: order.count)
    for (place, source) in order.enumerated() { result[source] = place }
    return result
  }
}

/// MT19937.
private struct MersenneTwister {
  private static let count = 624
  private static let middle = 397
  private var words: [UInt32]
  private var position = count

  init(seed: UInt32) {
    words = [seed]
    for i in 1..<Self.count {
      let previous = words[i - 1]
      words.append(1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(i))
    }
  }

  private mutating func refill() {
    for i in 0..<Self.count {
      let joined = (words[i] & 0x8000_0000) | (words[(i + 1) % Self.count] & 0x7FFF_FFFF)
      words[i] = words[(i + Self.middle) % Self.count] ^ (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    position = 0
  }

  mutating func next() -> UInt32 {
    if position == Self.count { refill() }
    var word = words[position]
    position += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C_5680
    word ^= (word << 15) & 0xEFC6_0000
    return word ^ (word >> 18)
  }

  /// A random integer from 0 to `bound`, inclusive.
  mutating func next(upTo bound: UInt32) -> UInt32 {
    let mask = bound == 0 ? 0 : UInt32.max >> UInt32(bound.leadingZeroBitCount)
    while true {
      let candidate = next() & mask
      if candidate <= bound { return candidate }
    }
  }
}
