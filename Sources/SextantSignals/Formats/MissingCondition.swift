// "confidence<0.2": a condition on numbers beside the fields, under which values are not to be trusted.

import Foundation

/// A condition on a number at each vertex, under which values there count as missing.
public struct MissingCondition: Sendable, Equatable, Codable, CustomStringConvertible {
  /// How the number is compared.
  public enum Comparison: String, Sendable, Codable, CaseIterable {
    case atMost = "<="
    case atLeast = ">="
    case below = "<"
    case above = ">"
    case equal = "="
  }

  /// The name of the numbers: a property of a mesh, a column of a table, a variable.
  public var name: String
  /// How they are compared.
  public var comparison: Comparison
  /// What they are compared with.
  public var bound: Double

  public init(name: String, comparison: Comparison, bound: Double) {
    (self.name, self.comparison, self.bound) = (name, comparison, bound)
  }

  /// Reads "confidence<0.2", "quality<=3", "depth>100" or "flag=0".
  ///
  /// Throws ``SignalFormatError/invalidCondition(text:)``.
  public init(_ text: String) throws {
    // The signs of two characters come before those of one: the list of cases has that order.
    for comparison in Comparison.allCases {
      guard let sign = text.range(of: comparison.rawValue) else { continue }
      let name = text[..<sign.lowerBound].trimmingCharacters(in: .whitespaces)
      guard !name.isEmpty, let bound = Double(text[sign.upperBound...].trimmingCharacters(in: .whitespaces)),
        bound.isFinite
      else { break }
      self.init(name: name, comparison: comparison, bound: bound)
      return
    }
    throw SignalFormatError.invalidCondition(text: text)
  }

  public var description: String { "\(name)\(comparison.rawValue)\(bound)" }

  /// Whether a value at a place with this number is missing; a number that is not there excludes nothing.
  public func holds(for number: Double) -> Bool {
    switch comparison {
    case .below: number < bound
    case .atMost: number <= bound
    case .above: number > bound
    case .atLeast: number >= bound
    case .equal: number == bound
    }
  }
}
