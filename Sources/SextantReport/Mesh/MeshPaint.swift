// The colour of a point on a surface before lighting, in linear light, in which it is mixed and shaded. Values are
// interpolated along the surface before they are mapped to colours, so every intermediate colour is on the colour bar.

import Foundation

/// The colours of points on triangles.
struct MeshPaint: Sendable {
  /// The neutral grey of missing values.
  static let missing = Colour(grey: 0.72)
  /// The clay colour of an unpainted shape.
  static let clay = OKLab(lightness: 0.83, chroma: 0.025, hue: 75).colour

  private let signal: MeshSignal
  private let range: ClosedRange<Double>
  private let table: [SIMD3<Float>]
  private let missing = Self.linear(Self.missing)

  init(_ signal: MeshSignal, scale: ColourScale?) {
    self.signal = signal
    range = scale?.range ?? 0...1
    table = (scale?.map.colours ?? [Self.clay]).map(Self.linear)
  }

  /// The linear light at a point of a triangle, with barycentric `weights` that sum to 1.
  ///
  /// The point is missing if its nearest corner is missing; other corners without a value are ignored.
  func light(_ t: SIMD3<Int32>, _ weights: SIMD3<Float>) -> SIMD3<Float> {
    switch signal {
    case .none: return table[0]
    case .values(let values):
      let corners = SIMD3(values[Int(t.x)], values[Int(t.y)], values[Int(t.z)])
      guard let kept = Self.kept(corners, weights) else { return missing }
      var sum: Float = 0
      for corner in 0..<3 where kept[corner] > 0 { sum += kept[corner] * corners[corner] }
      let position = (Double(sum) - range.lowerBound) / (range.upperBound - range.lowerBound)
      return table[Int((min(1, max(0, position)) * Double(table.count - 1)).rounded())]
    case .colours(let colours):
      let corners = (0..<3).map { colours[Int(t[$0])] }
      guard let kept = Self.kept(SIMD3(corners[0].sum(), corners[1].sum(), corners[2].sum()), weights)
      else { return missing }
      var sum = SIMD3<Float>()
      for corner in 0..<3 where kept[corner] > 0 { sum += kept[corner] * corners[corner] }
      return Self.linear(sum.clamped(lowerBound: SIMD3(), upperBound: SIMD3(repeating: 1)))
    }
  }

  /// The weights of the corners with a value, rescaled to sum to 1; nil if the nearest corner has none.
  private static func kept(_ corners: SIMD3<Float>, _ weights: SIMD3<Float>) -> SIMD3<Float>? {
    if corners.sum().isFinite { return weights }
    var kept = weights
    for corner in 0..<3 where !corners[corner].isFinite {
      if weights[corner] == weights.max() { return nil }
      kept[corner] = 0
    }
    let total = kept.sum()
    return total > 0 ? kept / total : nil
  }

  private static func linear(_ colour: Colour) -> SIMD3<Float> {
    linear(SIMD3(Float(colour.red), Float(colour.green), Float(colour.blue)))
  }

  private static func linear(_ encoded: SIMD3<Float>) -> SIMD3<Float> {
    var light = SIMD3<Float>()
    for part in 0..<3 {
      let value = encoded[part]
      light[part] = value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return light
  }
}
