// An axis of a plot: a label, a range and a linear or logarithmic scale.

import Foundation

/// One axis of a plot.
public struct Axis: Sendable, Equatable {
  /// The scale of the axis.
  public enum Kind: Sendable { case linear, logarithmic }

  /// The label beside the axis, with units, such as "error (K)".
  public var label: String
  /// Linear or logarithmic.
  public var kind: Kind
  /// The values at the two ends, or nil to fit the data.
  public var range: ClosedRange<Double>?
  /// Custom ticks, or nil for round numbers.
  public var ticks: Ticks?
  /// Whether the axis always includes 0.
  public var includesZero: Bool

  public init(
    _ label: String = "", kind: Kind = .linear, range: ClosedRange<Double>? = nil, ticks: Ticks? = nil,
    includesZero: Bool = false
  ) {
    self.label = label
    self.kind = kind
    self.range = range
    self.ticks = ticks
    self.includesZero = includesZero
  }

  /// Whether the axis can show `value`.
  func canShow(_ value: Double) -> Bool { value.isFinite && (kind == .linear || value > 0) }

  /// The range to draw: the given range, or one that encloses all values that can be shown, with a margin.
  func resolvedRange(for values: some Sequence<Double>) throws -> ClosedRange<Double> {
    if let range {
      guard canShow(range.lowerBound), canShow(range.upperBound), range.lowerBound < range.upperBound else {
        throw ReportError.unusable(
          "The axis “\(label)” cannot run from \(range.lowerBound) to \(range.upperBound): "
            + (kind == .linear ? "it needs two different finite ends." : "a logarithmic axis needs 0 < low < high."))
      }
      return range
    }
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where canShow(value) {
      low = min(low, value)
      high = max(high, value)
    }
    guard low <= high else { return kind == .linear ? 0...1 : 1...10 }
    if kind == .logarithmic {
      let room = low == high ? 2 : pow(high / low, 0.05)
      return low / room...high * room
    }
    if includesZero {
      low = min(low, 0)
      high = max(high, 0)
    }
    if low == high { return low - max(0.5, abs(low) * 0.05)...high + max(0.5, abs(high) * 0.05) }
    let room = 0.05 * (high - low)
    // Zero remains the end of the range unless values lie on both sides of it.
    return (includesZero && low == 0 ? 0 : low - room)...(includesZero && high == 0 ? 0 : high + room)
  }
}

/// An axis with its range and its position on the page.
struct PlacedAxis {
  let axis: Axis
  let range: ClosedRange<Double>
  /// The page coordinates of the ends of the range.
  let start: Double
  let end: Double

  /// The page coordinate of `value`; NaN if the axis cannot show it.
  func place(_ value: Double) -> Double {
    guard axis.canShow(value) else { return .nan }
    let part =
      switch axis.kind {
      case .linear: (value - range.lowerBound) / (range.upperBound - range.lowerBound)
      case .logarithmic: log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
      }
    return start + part * (end - start)
  }

  /// The ticks to draw; `spacing` is the distance in points that labels require.
  func ticks(spacing: Double) -> Ticks {
    if let ticks = axis.ticks { return ticks }
    return switch axis.kind {
    case .linear: Ticks.linear(in: range, count: max(2, min(8, Int(abs(end - start) / spacing))))
    case .logarithmic: Ticks.logarithmic(in: range)
    }
  }
}
