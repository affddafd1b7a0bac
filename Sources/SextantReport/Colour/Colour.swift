// Colours: sRGB for drawing, OKLab for perceived differences (B. Ottosson, "A perceptual color space for image
// processing", 2020, whose matrices are in the public domain).

import Foundation

/// A colour in sRGB with opacity, each component in 0…1.
public struct Colour: Sendable, Equatable {
  /// The red component.
  public var red: Double
  /// The green component.
  public var green: Double
  /// The blue component.
  public var blue: Double
  /// The opacity; 1 is opaque.
  public var alpha: Double

  public init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }

  /// A grey between black (0) and white (1).
  public init(grey: Double) { self.init(red: grey, green: grey, blue: grey) }

  /// An opaque colour such as 0xE69F00.
  public init(hexadecimal: UInt32) { self.init(packed: hexadecimal | 0xFF00_0000) }

  /// A colour from an opaque packed pixel: alpha, red, green, blue from the highest byte.
  init(packed: UInt32) {
    func part(_ shift: UInt32) -> Double { Double((packed >> shift) & 0xFF) / 255 }
    self.init(red: part(16), green: part(8), blue: part(0), alpha: part(24))
  }

  /// The nearest opaque packed pixel.
  var packed: UInt32 {
    func byte(_ part: Double) -> UInt32 { UInt32((min(1, max(0, part)) * 255).rounded()) }
    return 0xFF00_0000 | byte(red) << 16 | byte(green) << 8 | byte(blue)
  }

  /// The same colour with another opacity.
  public func withAlpha(_ alpha: Double) -> Colour {
    Colour(red: red, green: green, blue: blue, alpha: alpha)
  }

  /// White.
  public static let white = Colour(grey: 1)
  /// The near-black of text and outlines.
  public static let ink = Colour(grey: 0.13)
  /// The grey of secondary text.
  public static let softInk = Colour(grey: 0.38)
  /// The grey of grid lines.
  public static let faint = Colour(grey: 0.87)

  /// Line colours on white that remain distinct with common forms of colour blindness, most distinct first.
  ///
  /// The palette of Okabe and Ito (2008) without its yellow, which is too pale on white.
  public static let lines: [Colour] = [
    Colour(hexadecimal: 0x0072B2), Colour(hexadecimal: 0xD55E00), Colour(hexadecimal: 0x009E73),
    Colour(hexadecimal: 0xCC79A7), Colour(hexadecimal: 0xE69F00), Colour(hexadecimal: 0x56B4E9),
    Colour(hexadecimal: 0x444444),
  ]
}

/// A colour in OKLab: lightness in 0…1, and the green–red and blue–yellow components.
public struct OKLab: Sendable, Equatable {
  /// Perceived lightness: 0 black, 1 white.
  public var lightness: Double
  /// Green (negative) to red (positive).
  public var greenRed: Double
  /// Blue (negative) to yellow (positive).
  public var blueYellow: Double

  public init(lightness: Double, greenRed: Double, blueYellow: Double) {
    self.lightness = lightness
    self.greenRed = greenRed
    self.blueYellow = blueYellow
  }

  /// A colour with a lightness, a chroma (distance from grey) and a hue in degrees.
  public init(lightness: Double, chroma: Double, hue: Double) {
    self.init(
      lightness: lightness, greenRed: chroma * cos(hue * .pi / 180), blueYellow: chroma * sin(hue * .pi / 180))
  }
}

extension OKLab {
  /// The OKLab coordinates of `colour`, without its opacity.
  public init(_ colour: Colour) {
    func linear(_ part: Double) -> Double {
      part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }
    let (r, g, b) = (linear(colour.red), linear(colour.green), linear(colour.blue))
    let l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    let m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    let s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    self.init(
      lightness: 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
      greenRed: 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
      blueYellow: 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)
  }

  /// The linear light of the three primaries; outside 0…1 for colours outside the sRGB gamut.
  private var linearLight: (red: Double, green: Double, blue: Double) {
    func cube(_ value: Double) -> Double { value * value * value }
    let l = cube(lightness + 0.3963377774 * greenRed + 0.2158037573 * blueYellow)
    let m = cube(lightness - 0.1055613458 * greenRed - 0.0638541728 * blueYellow)
    let s = cube(lightness - 0.0894841775 * greenRed - 1.2914855480 * blueYellow)
    return (
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s
    )
  }

  /// Whether the colour is in the sRGB gamut.
  public var isDisplayable: Bool {
    let light = linearLight
    return [light.red, light.green, light.blue].allSatisfy { $0 >= -1e-6 && $0 <= 1 + 1e-6 }
  }

  /// The colour with the given lightness and hue, and the given chroma or the largest in the sRGB gamut.
  public static func displayable(lightness: Double, chroma: Double, hue: Double) -> OKLab {
    let wanted = OKLab(lightness: lightness, chroma: chroma, hue: hue)
    if wanted.isDisplayable { return wanted }
    var (low, high) = (0.0, chroma)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if OKLab(lightness: lightness, chroma: middle, hue: hue).isDisplayable { low = middle } else { high = middle }
    }
    return OKLab(lightness: lightness, chroma: low, hue: hue)
  }

  /// The sRGB colour, with components clamped to the gamut.
  public var colour: Colour {
    func encoded(_ light: Double) -> Double {
      let light = min(1, max(0, light))
      return light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055
    }
    let light = linearLight
    return Colour(red: encoded(light.red), green: encoded(light.green), blue: encoded(light.blue))
  }
}
