// A condition such as "confidence<0.2", "quality_level<acceptable_quality" or "l2p_flags&ice" on numbers beside the
// fields, which marks values that are not to be trusted.

import Foundation

/// A condition on a number at each vertex. Where it holds, values count as missing.
public struct MissingCondition: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The comparison of the number with the bound.
  public enum Comparison: String, Sendable, Codable, CaseIterable {
    case atMost = "<="
    case atLeast = ">="
    case unequal = "!="
    case below = "<"
    case above = ">"
    case equal = "="
    /// Any of the bound's bits is set.
    case hasBits = "&"
  }

  /// What a number is compared with.
  public enum Bound: Sendable, Equatable, Codable {
    case number(Double)
    /// A word of the flags, whose number or bits the file states.
    case word(String)
  }

  /// The name of the numbers: a property of a mesh, a column of a table, a variable.
  public var name: String
  /// The comparison.
  public var comparison: Comparison
  /// What they are compared with.
  public var bound: Bound

  public init(name: String, comparison: Comparison, bound: Double) {
    (self.name, self.comparison, self.bound) = (name, comparison, .number(bound))
  }

  public init(name: String, comparison: Comparison, word: String) {
    (self.name, self.comparison, self.bound) = (name, comparison, .word(word))
  }

  /// Reads "confidence<0.2", "quality<=3", "depth>100", "flag=0", "flag!=1", "flags&6" or "quality_level<good".
  ///
  /// Throws ``SignalFormatError/invalidCondition(text:)``.
  public init(_ text: String) throws {
    // Cases with two characters come first, so that "<=" is not read as "<".
    for comparison in Comparison.allCases {
      guard let sign = text.range(of: comparison.rawValue) else { continue }
      let name = text[..<sign.lowerBound].trimmingCharacters(in: .whitespaces)
      let bound = text[sign.upperBound...].trimmingCharacters(in: .whitespaces)
      if !name.isEmpty, let number = Double(bound) {
        guard number.isFinite, comparison != .hasBits || FlagMeanings.bits(of: number) != 0 else { break }
        self.init(name: name, comparison: comparison, bound: number)
        return
      }
      guard !name.isEmpty, let first = bound.first, first.isLetter || first == "_",
        bound.allSatisfy({ $0.isLetter || $0.isNumber || "_-.+@".contains($0) })
      else { break }
      self.init(name: name, comparison: comparison, word: bound)
      return
    }
    throw SignalFormatError.invalidCondition(text: text)
  }

  public var description: String {
    switch bound {
    case .number(let number): "\(name)\(comparison.rawValue)\(FieldCoordinate.text(of: number))"
    case .word(let word): "\(name)\(comparison.rawValue)\(word)"
    }
  }

  /// Whether a value with this number beside it counts as missing; a missing number excludes nothing. A word holds for
  /// no number.
  public func holds(for number: Double) -> Bool {
    guard case .number(let bound) = bound else { return false }
    return Self.holds(number, comparison, bound)
  }

  /// The condition as a function of a number.
  ///
  /// - Parameters:
  ///   - flags: what the words of the numbers mean; nil where the file does not say.
  ///   - path: the file, for the error.
  /// - Throws: ``SignalFormatError/unknownFlag(path:name:word:known:)`` for a word that is not among them, and
  ///   ``SignalFormatError/unorderedFlag(path:condition:)`` for a comparison of bits by size.
  func predicate(flags: FlagMeanings?, path: String) throws -> @Sendable (Double) -> Bool {
    let comparison = comparison
    guard case .word(let word) = bound else {
      guard case .number(let bound) = bound else { return { _ in false } }
      return { Self.holds($0, comparison, bound) }
    }
    guard let flag = flags?.flag(word) else {
      throw SignalFormatError.unknownFlag(path: path, name: name, word: word, known: flags?.words ?? [])
    }
    switch comparison {
    case .equal, .hasBits: return { !$0.isNaN && flag.holds(for: $0) }
    case .unequal: return { !$0.isNaN && !flag.holds(for: $0) }
    default:
      guard flag.mask == nil, let value = flag.value else {
        throw SignalFormatError.unorderedFlag(path: path, condition: description)
      }
      return { Self.holds($0, comparison, value) }
    }
  }

  private static func holds(_ number: Double, _ comparison: Comparison, _ bound: Double) -> Bool {
    // Most numbers are in single precision, where -99.9 is another number than in double precision.
    let bound = Double(Float(number)) == number ? Double(Float(bound)) : bound
    return switch comparison {
    case .below: number < bound
    case .atMost: number <= bound
    case .above: number > bound
    case .atLeast: number >= bound
    case .equal: number == bound
    case .unequal: !number.isNaN && number != bound
    case .hasBits: FlagMeanings.bits(of: number) & FlagMeanings.bits(of: bound) != 0
    }
  }
}
