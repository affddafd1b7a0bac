// A condition such as "confidence<0.2" on numbers beside the fields, which marks values that are not to be trusted.

import Foundation

/// A condition on a number at each vertex. Where it holds, values count as missing.
public struct MissingCondition: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The comparison of the number with the bound.
  public enum Comparison: String, Sendable, Codable, CaseIterable {
    case atMost = "<="
    case atLeast = ">="
    case below = "<"
    case above = ">"
    case equal = "="
  }

  /// The name of the numbers: a property of a mesh, a column of a table, a variable.
  public var name: String
  /// The comparison.
  public var comparison: Comparison
  /// The number with which they are compared.
  public var bound: Double

  public init(name: String, comparison: Comparison, bound: Double) {
    (self.name, self.comparison, self.bound) = (name, comparison, bound)
  }

  /// Reads "confidence<0.2", "quality<=3", "depth>100" or "flag=0".
  ///
  /// Throws ``SignalFormatError/invalidCondition(text:)``.
  public init(_ text: String) throws {
    // Cases with two characters come first, so that "<=" is not read as "<".
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

  /// Whether a value with this number beside it counts as missing; a missing number excludes nothing.
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
