// How the value of a coordinate is compared with what a user writes: one rule for options, for configurations, and for
// what a model knows of its archive.

import Foundation

/// The comparison of a coordinate's text with a wanted text.
public enum CoordinateText {
  /// Whether a wanted text names the value that a coordinate shows as `own`.
  ///
  /// Equal words match. A number matches by its value, so "500.0" matches "500 hPa"; with units it is converted first, so
  /// "50000 Pa" does, too. A time matches by its beginning: "2012-12" matches "2012-12-01T14:00:00".
  public static func matches(_ wanted: String, _ own: String) -> Bool {
    let wanted = wanted.trimmingCharacters(in: .whitespaces)
    if wanted == own { return true }
    if isTime(own) { return !wanted.isEmpty && own.hasPrefix(wanted) }
    guard let (number, units) = quantity(own) else { return false }
    return matches(wanted, number: number, units: units)
  }

  /// Whether a wanted text is the number of a coordinate in the coordinate's units, or in the units that the text names.
  static func matches(_ wanted: String, number: Double, units: String) -> Bool {
    guard let (first, own) = quantity(wanted) else { return false }
    guard !own.isEmpty else { return isNear(first, number) }
    guard let converted = try? Units.convert([first], from: own, to: units).first else { return false }
    return isNear(converted, number)
  }

  /// The number with which a text begins and the units behind it, such as 500 and "hPa"; nil for words.
  public static func quantity(_ text: String) -> (number: Double, units: String)? {
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    guard let first = parts.first, let number = Double(first) else { return nil }
    return (number, parts.count == 2 ? parts[1] : "")
  }

  private static func isTime(_ text: String) -> Bool { text.prefixMatch(of: /-?\d{4,}-\d{2}-\d{2}T/) != nil }

  private static func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-6 * max(abs(a), abs(b)) }
}
