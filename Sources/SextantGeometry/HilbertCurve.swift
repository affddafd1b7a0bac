// The position of a place along a Hilbert curve through space (Skilling, "Programming the Hilbert curve", AIP 2004):
// places that follow each other along the curve are neighbours. The curve is three-dimensional, so that it serves the
// sphere and any other surface.

/// A Hilbert curve through the cube around some places.
struct HilbertCurve {
  private static let bits = 16
  private let lowest: SIMD3<Double>
  private let scale: Double

  /// The curve through the smallest cube with all of `places` in it.
  init(through places: [SIMD3<Double>]) {
    let first = places.first ?? SIMD3()
    let lowest = places.reduce(first) { pointwiseMin($0, $1) }
    let extent = places.reduce(first) { pointwiseMax($0, $1) } - lowest
    self.lowest = lowest
    scale = extent.max() > 0 ? Double((1 << Self.bits) - 1) / extent.max() : 0
  }

  /// How far along the curve a place lies, counted in cells.
  func position(of place: SIMD3<Double>) -> UInt64 {
    let cell = ((place - lowest) * scale).rounded(.toNearestOrAwayFromZero)
    var axes = (0..<3).map { UInt32(cell[$0]) }
    let top = UInt32(1) << UInt32(Self.bits - 1)
    var bit = top
    while bit > 1 {
      for axis in 0..<3 {
        if axes[axis] & bit != 0 {
          axes[0] ^= bit - 1
        } else {
          let swapped = (axes[0] ^ axes[axis]) & (bit - 1)
          axes[0] ^= swapped
          axes[axis] ^= swapped
        }
      }
      bit >>= 1
    }
    // Gray code.
    for axis in 1..<3 { axes[axis] ^= axes[axis - 1] }
    var flips: UInt32 = 0
    bit = top
    while bit > 1 {
      if axes[2] & bit != 0 { flips ^= bit - 1 }
      bit >>= 1
    }
    var result: UInt64 = 0
    for level in stride(from: Self.bits - 1, through: 0, by: -1) {
      for axis in 0..<3 { result = result << 1 | UInt64((axes[axis] ^ flips) >> UInt32(level) & 1) }
    }
    return result
  }
}
