// Colour maps defined by formulas in OKLab rather than by tables. Lightness is linear (sequential maps) or linear on
// both sides of the middle (diverging maps). Hue and chroma vary smoothly through a few control points inside the sRGB
// gamut, so the map shows no edges that are not in the data. No map contains the colour of missing values; see
// MissingHatch.

import Foundation

/// A perceptually uniform map from numbers in 0…1 to colours.
public struct ColourMap: Sendable, Equatable {
  /// The name of the map.
  public let name: String
  /// Whether the middle represents zero and the two ends opposite signs.
  public let isDiverging: Bool
  /// The colours at evenly spaced positions from 0 to 1 (256 entries).
  public let colours: [Colour]
  /// The same colours as pixels.
  let pixels: [UInt32]

  private static let count = 256

  init(name: String, isDiverging: Bool, _ shade: (_ position: Double) -> OKLab) {
    self.name = name
    self.isDiverging = isDiverging
    colours = (0..<Self.count).map { shade(Double($0) / Double(Self.count - 1)).colour }
    pixels = colours.map(\.packed)
  }

  /// Greys of the screen's own numbers, for images: not perceptually uniform, because the numbers of an image are meant so.
  public static let grey = ColourMap(greyFrom: 0, to: 1)

  private init(greyFrom start: Double, to end: Double) {
    (name, isDiverging) = ("grey", false)
    colours = (0..<Self.count).map { Colour(grey: start + (end - start) * Double($0) / Double(Self.count - 1)) }
    pixels = colours.map(\.packed)
  }

  /// The colour at `position`, which is clamped to 0…1.
  public func colour(at position: Double) -> Colour { colours[Self.entry(at: position)] }

  /// The pixel at `position`, which is clamped to 0…1.
  func pixel(at position: Double) -> UInt32 { pixels[Self.entry(at: position)] }

  private static func entry(at position: Double) -> Int {
    Int((min(1, max(0, position)) * Double(count - 1)).rounded())
  }

  // MARK: The maps

  /// Dark violet through teal to yellow, for fields.
  public static let lagoon = sequential(
    "lagoon", lightness: (0.27, 0.93),
    points: [
      (305, 0.115), (290, 0.125), (268, 0.118), (238, 0.088), (200, 0.087), (168, 0.108), (144, 0.148), (122, 0.178),
      (106, 0.183),
    ])

  /// Near-white to deep violet, for spreads: zero is pale, large values are dark.
  public static let heather = sequential(
    "heather", lightness: (0.97, 0.30),
    points: [
      (95, 0.012), (70, 0.04), (40, 0.075), (15, 0.105), (355, 0.13), (338, 0.15), (324, 0.155), (314, 0.15),
      (306, 0.13),
    ])

  /// Blue through white to red, with equal lightness and chroma on both sides, for errors and differences.
  public static let balance = ColourMap(name: "balance", isDiverging: true) { position in
    let distance = abs(2 * position - 1)
    // Just inside the sRGB gamut for either hue at the ends, where blue is the limiting one.
    return OKLab(
      lightness: 0.975 - 0.555 * distance, chroma: 0.153 * sin(distance * .pi / 2), hue: position < 0.5 ? 258 : 28)
  }

  /// A map whose lightness is linear from start to end and whose hue (degrees) and chroma interpolate `points`.
  private static func sequential(
    _ name: String, lightness: (start: Double, end: Double), points: [(hue: Double, chroma: Double)]
  ) -> ColourMap {
    // Each hue is shifted to within half a circle of the previous one, so the interpolation takes the short way round.
    var hues = points.map(\.hue)
    for index in 1..<hues.count {
      hues[index] = hues[index - 1] + remainder(hues[index] - hues[index - 1], 360)
    }
    let chromas = points.map(\.chroma)
    return ColourMap(name: name, isDiverging: false) { position in
      OKLab.displayable(
        lightness: lightness.start + (lightness.end - lightness.start) * position,
        chroma: smooth(chromas, at: position), hue: smooth(hues, at: position))
    }
  }

  /// Catmull–Rom interpolation of evenly spaced `values`; `position` is in 0…1.
  private static func smooth(_ values: [Double], at position: Double) -> Double {
    let place = position * Double(values.count - 1)
    let index = min(values.count - 2, Int(place))
    let t = place - Double(index)
    let (p1, p2) = (values[index], values[index + 1])
    let p0 = index > 0 ? values[index - 1] : 2 * p1 - p2
    let p3 = index + 2 < values.count ? values[index + 2] : 2 * p2 - p1
    return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
  }
}
