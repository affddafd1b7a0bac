// A width as people state it: in km or degrees on the sphere, without a unit elsewhere.

import Foundation
import SextantArrays
import SextantGeometry

/// A positive width with its unit.
struct StatedWidth: Sendable, Equatable {
  /// The mean radius of the Earth in km.
  static let earthRadius = 6371.0

  let number: Double
  /// "km" or "deg" on the sphere, empty elsewhere.
  let unit: String

  /// Nil for text that is no positive number with such a unit.
  init?(_ text: String) {
    unit = ["km", "deg"].first { text.hasSuffix($0) } ?? ""
    guard let number = Double(text.dropLast(unit.count).trimmed), number > 0, number.isFinite else { return nil }
    self.number = number
  }

  /// The width on a domain: an angle in radians on the sphere, else a length in the units of the positions.
  ///
  /// - Parameters:
  ///   - name: what the width is called in an error.
  ///   - text: the specification of the design.
  ///   - examples: designs with a width that suits the sphere, and other domains.
  /// - Throws: ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for a unit that does not suit the domain.
  func size(
    on domain: any Domain, name: String, text: String, examples: (sphere: String, elsewhere: String)
  ) throws -> Double {
    let isSphere = domain.geography != nil
    switch (unit, isSphere) {
    case ("km", true): return number / Self.earthRadius
    case ("deg", true): return number * .pi / 180
    case ("", false): return number
    default:
      throw MeasurementError.invalidSpecification(
        text: text,
        expected: isSphere
          ? "\(name) in km or deg on the sphere" : "\(name) without a unit, in the units of the positions of the \(domain.summary)",
        found: unit.isEmpty ? "no unit" : "'\(unit)'", example: isSphere ? examples.sphere : examples.elsewhere)
    }
  }
}

extension StatedWidth: CustomStringConvertible {
  var description: String { "\(number.short)\(unit)" }
}
