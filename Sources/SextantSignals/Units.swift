// Conversion of units by UDUNITS. Temperatures are always treated as absolute values, never as differences.

import CUDUnits
import Foundation
import SextantStorage

/// Units that cannot be converted.
public enum UnitsError: Error, Equatable, CustomStringConvertible {
  /// One of the units is empty or unknown to UDUNITS, so the conversion is uncertain.
  case uncertain(from: String, to: String, unknown: String)
  /// Both units are known, but they measure different quantities.
  case incompatible(from: String, to: String)

  public var description: String {
    switch self {
    case .uncertain(let from, let to, _) where from.isEmpty || to.isEmpty:
      (from.isEmpty ? "Values without units cannot be converted to \"\(to)\"." : "Values in \"\(from)\" cannot be converted to units that are not given.")
        + " Set the units attribute of the variable, for example with ncatted."
    case .uncertain(let from, let to, let unknown):
      "Cannot convert \"\(from)\" to \"\(to)\": "
        + "UDUNITS does not know \"\(unknown)\"\(UnitSynonyms.suggestion(for: unknown).map { "; did you mean \"\($0)\"?" } ?? ".") Set the units attribute, for example with \"ncatted -a units,NAME,o,c,K FILE\"."
    case .incompatible(let from, let to):
      "\"\(from)\" cannot be converted to \"\(to)\": they measure different quantities."
    }
  }
}

/// Conversion between units.
public enum Units {
  /// The values converted to other units.
  ///
  /// Throws ``UnitsError`` if the conversion is uncertain. Equal units need no conversion, even if they are unknown.
  public static func convert(_ values: [Double], from: String, to: String) throws -> [Double] {
    if trimmed(from) == trimmed(to) { return values }
    let (from, to) = normalized(from, to)
    if from == to { return values }
    return try system.withConverter(from: from, to: to) { converter in
      values.map { cv_convert_double(converter, $0) }
    }
  }

  /// Whether values in one unit can be converted to the other with certainty.
  public static func areConvertible(_ a: String, _ b: String) -> Bool { (try? convert([], from: a, to: b)) != nil }

  /// Whether UDUNITS knows the units.
  public static func areKnown(_ units: String) -> Bool {
    let units = UnitSynonyms.resolved(trimmed(units))
    return (try? system.withConverter(from: units, to: units) { _ in }) != nil
  }

  /// The factor and the offset of a linear conversion; all conversions between absolute units are linear, except for
  /// logarithmic units.
  ///
  /// Throws ``UnitsError`` if the conversion is uncertain.
  public static func line(from: String, to: String) throws -> (factor: Double, offset: Double) {
    let ends = try convert([0, 1], from: from, to: to)
    return (ends[1] - ends[0], ends[0])
  }

  /// The factor and the offset of a linear conversion of a variable. Depths of water per time, such as mm/day, are also
  /// converted to and from masses per area and time, where the variable's name says that it is an amount of water.
  ///
  /// Throws ``UnitsError`` if the conversion is uncertain.
  public static func line(from: String, to: String, of variable: Variable) throws -> (factor: Double, offset: Double) {
    do {
      return try line(from: from, to: to)
    } catch let error as UnitsError {
      guard UnitSynonyms.isWater(variable) else { throw error }
      let density = "1000 kg m-3"
      if let line = try? line(from: "(\(trimmed(from))) (\(density))", to: to) { return line }
      if let line = try? line(from: from, to: "(\(trimmed(to))) (\(density))") { return line }
      throw error
    }
  }

  private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces) }

  /// Both units in UDUNITS' own words. A bare "C" or "F" is a temperature if the other is.
  private static func normalized(_ from: String, _ to: String) -> (from: String, to: String) {
    let (from, to) = (UnitSynonyms.resolved(trimmed(from)), UnitSynonyms.resolved(trimmed(to)))
    let (fromDegrees, toDegrees) = (UnitSynonyms.bareTemperature[from], UnitSynonyms.bareTemperature[to])
    if let fromDegrees, isTemperature(toDegrees ?? to), to != from { return (fromDegrees, toDegrees ?? to) }
    if let toDegrees, isTemperature(from), to != from { return (from, toDegrees) }
    return (from, to)
  }

  private static func isTemperature(_ units: String) -> Bool {
    (try? system.withConverter(from: units, to: "K") { _ in }) != nil
  }

  private static let system = UnitSystem()
}

/// UDUNITS' database with a lock, because the library is not thread-safe.
private final class UnitSystem: @unchecked Sendable {
  private let lock = NSLock()
  private let system: OpaquePointer?

  init() {
    _ = ut_set_error_message_handler { _, _ in 0 }
    system = ut_read_xml(nil)
  }

  func withConverter<R>(from: String, to: String, _ body: (OpaquePointer?) -> R) throws -> R {
    lock.lock()
    defer { lock.unlock() }
    func parse(_ text: String) throws -> OpaquePointer {
      guard !text.isEmpty, let unit = ut_parse(system, text, UT_UTF8) else {
        throw UnitsError.uncertain(from: from, to: to, unknown: text)
      }
      return unit
    }
    let source = try parse(from)
    defer { ut_free(source) }
    let target = try parse(to)
    defer { ut_free(target) }
    guard ut_are_convertible(source, target) != 0, let converter = ut_get_converter(source, target) else {
      throw UnitsError.incompatible(from: from, to: to)
    }
    defer { cv_free(converter) }
    return body(converter)
  }
}
