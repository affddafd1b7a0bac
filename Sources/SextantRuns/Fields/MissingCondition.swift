// "confidence<0.2": what a mesh's own numbers say of which values are not to be believed.

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

  /// The name of the property, or of the column of a table.
  public var property: String
  /// How it is compared.
  public var comparison: Comparison
  /// What it is compared with.
  public var bound: Double

  public init(property: String, comparison: Comparison, bound: Double) {
    (self.property, self.comparison, self.bound) = (property, comparison, bound)
  }

  /// Reads "confidence<0.2", "quality<=3", "depth>100" or "flag=0". Throws ``RunError/invalid(_:)``.
  public init(_ text: String) throws {
    // Two signs before one: the list of cases is in that order.
    for comparison in Comparison.allCases {
      guard let sign = text.range(of: comparison.rawValue) else { continue }
      let name = text[..<sign.lowerBound].trimmingCharacters(in: .whitespaces)
      guard !name.isEmpty, let bound = Double(text[sign.upperBound...].trimmingCharacters(in: .whitespaces)),
        bound.isFinite
      else { break }
      self.init(property: name, comparison: comparison, bound: bound)
      return
    }
    throw RunError.invalid(
      "'\(text)' is no condition: expected PROPERTY, one of < <= > >= =, and a number, such as confidence<0.2.")
  }

  public var description: String { "\(property)\(comparison.rawValue)\(bound)" }

  /// Whether a value at a place with this number is missing; a number that is not there says nothing.
  func holds(for number: Double) -> Bool {
    switch comparison {
    case .below: number < bound
    case .atMost: number <= bound
    case .above: number > bound
    case .atLeast: number >= bound
    case .equal: number == bound
    }
  }
}
