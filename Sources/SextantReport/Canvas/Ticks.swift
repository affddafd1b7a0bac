// The positions and labels of ticks on an axis or a colour bar: multiples of 1, 2, 2.5 or 5 times a power of ten, or
// powers of ten on a logarithmic axis.

import Foundation

/// The ticks of an axis.
public struct Ticks: Sendable, Equatable {
  /// The labelled values, ascending.
  public var values: [Double]
  /// The label of each value.
  public var labels: [String]
  /// The values with a short tick and no label (logarithmic axes).
  public var minorValues: [Double] = []
  /// The power of ten by which labels are to be multiplied; usually 0.
  public var exponent = 0

  /// Evenly spaced ticks inside `range`, about `count` of them.
  public static func linear(in range: ClosedRange<Double>, count: Int = 6) -> Ticks {
    let (low, high) = (range.lowerBound, range.upperBound)
    guard low.isFinite, high.isFinite, high > low, (high - low).isFinite else { return Ticks(values: [], labels: []) }
    var step = niceStep((high - low) / Double(max(1, count)))
    // At least three ticks should show that the axis is linear: use a finer step if the round one gives fewer.
    if (high / step + 1e-9).rounded(.down) - (low / step - 1e-9).rounded(.up) < 2 {
      step = niceStep(step / 2.01)
    }
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    // More than 2⁵³ steps from zero, neighbouring ticks could not be distinguished.
    guard step > 0, step.isFinite, abs(first) < 1e15, abs(last) < 1e15, last >= first else {
      return Ticks(values: [], labels: [])
    }
    let values = (0...Int(last - first)).map { (first + Double($0)) * step }
    let largest = max(abs(low), abs(high))
    let magnitude = Int(log10(largest).rounded(.down))
    let exponent = magnitude >= 5 || magnitude <= -4 ? magnitude : 0
    // The decimals of the step suffice to distinguish neighbouring ticks.
    let decimals = decimals(of: step / pow(10, Double(exponent)))
    let labels = values.map { number($0 / pow(10, Double(exponent)), decimals: decimals) }
    return Ticks(values: values, labels: labels, exponent: exponent)
  }

  /// Ticks at powers of ten inside `range`, which must be positive; at 1, 2 and 5 if it is narrow.
  public static func logarithmic(in range: ClosedRange<Double>) -> Ticks {
    let (low, high) = (range.lowerBound, range.upperBound)
    guard low > 0, high.isFinite, high > low else { return Ticks(values: [], labels: []) }
    let decades = Int((log10(low) - 1e-9).rounded(.down))...Int((log10(high) + 1e-9).rounded(.up))
    func inside(_ value: Double) -> Bool { value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9) }
    var (major, minor): ([Double], [Double]) = ([], [])
    let multiples: [Double] = log10(high / low) < 2.2 ? [1, 2, 5] : [1]
    let stride = max(1, decades.count / 8)
    for decade in decades {
      for multiple in 1...9 {
        let value = Double(multiple) * pow(10, Double(decade))
        guard inside(value) else { continue }
        if multiples.contains(Double(multiple)) && decade % stride == 0 {
          major.append(value)
        } else {
          minor.append(value)
        }
      }
    }
    return Ticks(values: major, labels: logarithmicLabels(major), minorValues: minor)
  }

  /// The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is at least `rough`.
  static func niceStep(_ rough: Double) -> Double {
    let power = pow(10, log10(rough).rounded(.down))
    let factor = [1, 2, 2.5, 5].first { $0 * power >= rough * (1 - 1e-9) } ?? 10
    return factor * power
  }

  /// The number of decimals that represent a round step exactly.
  private static func decimals(of step: Double) -> Int {
    (0...12).first {
      abs((step * pow(10, Double($0))).rounded() - step * pow(10, Double($0))) < 1e-6 * step * pow(10, Double($0))
    } ?? 12
  }

  /// A number with a typographic minus sign; never a negative zero.
  public static func number(_ value: Double, decimals: Int) -> String {
    let text = String(format: "%.\(decimals)f", abs(value))
    let isZero = !text.contains { $0 != "0" && $0 != "." }
    return value < 0 && !isZero ? "−" + text : text
  }

  /// The labels of ticks on a logarithmic axis: ordinary digits if all are short, otherwise powers of ten.
  private static func logarithmicLabels(_ values: [Double]) -> [String] {
    let isShort = values.allSatisfy { $0 > 0.00099 && $0 < 20_000 }
    return values.map { value in
      let power = Int((log10(value) + 1e-9).rounded(.down))
      if isShort || power == 0 || power == 1 { return number(value, decimals: max(0, -power)) }
      let factor = Int((value / pow(10, Double(power))).rounded())
      return (factor == 1 ? "" : "\(factor)·") + "10" + superscript(power)
    }
  }

  /// An integer in superscript digits.
  public static func superscript(_ integer: Int) -> String {
    let raised: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    ]
    return String(String(integer).map { raised[$0] ?? $0 })
  }

  /// The suffix of a quantity's name: its units and the power of ten of the labels, such as " (10⁻⁵ K)".
  func suffix(units: String) -> String {
    let power = exponent == 0 ? "" : "10" + Self.superscript(exponent)
    return [power, units].filter { !$0.isEmpty }.joined(separator: " ")
  }
}
