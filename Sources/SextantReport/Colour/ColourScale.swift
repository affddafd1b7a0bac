// A scale from values to colours: a range, a colour map, and whether values lie beyond either end.

/// The choice of the range of a colour scale.
public enum FieldScale: Sendable, Equatable {
  /// From the minimum to the maximum valid value.
  case automatic
  /// The given range; values beyond it have the colour of the end, and the colour bar shows an arrow there.
  case fixed(ClosedRange<Double>)
  /// Symmetric about 0, up to the largest valid magnitude, with a diverging map.
  case diverging
  /// Symmetric about 0, up to `limit`, with a diverging map.
  case divergingWithin(limit: Double)
}

/// A range of values and the corresponding colours.
public struct ColourScale: Sendable, Equatable {
  /// The values at the two ends of the colour map; never empty.
  public var range: ClosedRange<Double>
  /// The colours.
  public var map: ColourMap
  /// Whether a valid value lies below the range.
  public var hasLower: Bool
  /// Whether a valid value lies above the range.
  public var hasHigher: Bool

  /// The colour of a finite `value`.
  public func colour(of value: Double) -> Colour { map.colour(at: position(of: value)) }

  /// The pixel of a finite `value`.
  func pixel(of value: Double) -> UInt32 { map.pixel(at: position(of: value)) }

  private func position(of value: Double) -> Double {
    (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  /// The scale for `values` according to `choice`; only finite values count.
  ///
  /// By default a suitable sequential or diverging map is chosen. Throws ``ReportError/unusable(_:)`` for a fixed range
  /// that is empty or not finite.
  public init(
    _ choice: FieldScale, for values: some Sequence<Float>, map: ColourMap? = nil
  ) throws {
    var (least, greatest) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite {
      least = min(least, Double(value))
      greatest = max(greatest, Double(value))
    }
    let range: ClosedRange<Double>
    switch choice {
    case .automatic:
      range = least <= greatest ? Self.widened(least...greatest) : 0...1
    case .fixed(let given):
      range = given
    case .diverging:
      let limit = max(abs(least), abs(greatest))
      range = limit.isFinite && limit > 0 ? -limit...limit : -1...1
    case .divergingWithin(let limit):
      guard limit > 0 else {
        throw ReportError.unusable("The limit of a diverging colour scale must be above 0; it is \(limit).")
      }
      range = -limit...limit
    }
    guard range.lowerBound.isFinite, range.upperBound.isFinite, range.lowerBound < range.upperBound else {
      throw ReportError.unusable(
        "A colour scale needs two different finite ends; \(range.lowerBound) and \(range.upperBound) were given.")
    }
    self.range = range
    self.map = map ?? (choice.isDiverging ? .balance : .lagoon)
    // Values beyond the range by a rounding error do not count as outside.
    let tolerance = 1e-6 * (range.upperBound - range.lowerBound)
    hasLower = least < range.lowerBound - tolerance
    hasHigher = greatest > range.upperBound + tolerance
  }

  /// A range of non-zero width: a constant field is given a small margin on both sides.
  private static func widened(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    let middle = (range.lowerBound + range.upperBound) / 2
    let least = max(abs(middle) * 1e-6, Double(Float.leastNormalMagnitude))
    if range.upperBound - range.lowerBound > least { return range }
    let room = middle == 0 ? 1 : abs(middle) * 0.05
    return middle - room...middle + room
  }
}

extension FieldScale {
  var isDiverging: Bool {
    switch self {
    case .automatic, .fixed: false
    case .diverging, .divergingWithin: true
    }
  }
}
