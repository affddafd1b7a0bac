// Parses the text of one design, such as "blocks:share=0.4,size=30", into its parts, with errors that show an example.
// The designs themselves interpret the parts.

import SextantArrays

/// The text of one design: values with and without names, separated by commas.
public struct DesignText {
  private let text: String
  /// A correct text of this kind, shown in errors.
  private let example: String
  private var whole: String?
  private var positional: [String] = []
  private var options: [String: String] = [:]
  private var knownOptions: [String] = []

  /// - Parameters:
  ///   - kind: the kind of the design.
  ///   - body: the text after the colon.
  ///   - text: the whole text, for errors.
  init(kind: MeasurementDesignKind, body: String?, text: String) throws {
    self.text = text
    example = kind.example
    if kind.takesWholeText {
      whole = body
      return
    }
    for part in (body ?? "").split(separator: ",") {
      let part = part.trimmed
      guard let equals = part.firstIndex(of: "=") else {
        positional.append(part)
        continue
      }
      let name = part[..<equals].trimmed
      guard options.updateValue(part[part.index(after: equals)...].trimmed, forKey: name) == nil else {
        throw failure(expected: "each option once", found: "'\(name)' twice")
      }
    }
  }

  /// An error about this text.
  public func failure(expected: String, found: String) -> MeasurementError {
    .invalidSpecification(text: text, expected: expected, found: found, example: example)
  }

  /// The text after the colon, for a kind that takes the whole text; nil if there is no colon.
  public mutating func takeWhole() -> String? {
    defer { whole = nil }
    return whole
  }

  /// The value of an option or, if it is absent and `orPositional` is true, the next value without a name.
  public mutating func takeText(_ name: String, orPositional: Bool = false) -> String? {
    knownOptions.append(name)
    if let value = options.removeValue(forKey: name) { return value }
    return orPositional && !positional.isEmpty ? positional.removeFirst() : nil
  }

  /// A number, optionally followed by `unit`; `fallback` if the option is absent.
  public mutating func takeNumber(
    _ name: String, unit: String = "", in range: ClosedRange<Double>, fallback: Double, orPositional: Bool = false
  ) throws -> Double {
    guard let value = takeText(name, orPositional: orPositional) else { return fallback }
    let number = value.hasSuffix(unit) ? String(value.dropLast(unit.count)).trimmed : value
    guard let result = Double(number), range.contains(result) else {
      let units = unit.isEmpty ? "" : " \(unit)"
      throw failure(
        expected: "\(name) as a number from \(range.lowerBound.short) to \(range.upperBound.short)\(units)",
        found: "'\(value)'")
    }
    return result
  }

  /// A share from 0 to below 1, or a range of such shares: "0.6", "60%", "0.3-0.6", "0.3..0.6".
  public mutating func takeShares(_ name: String) throws -> ClosedRange<Double>? {
    guard let value = takeText(name, orPositional: true) else { return nil }
    let parts = value.contains("..") ? value.components(between: "..") : value.components(between: "-")
    let shares = parts.compactMap { part in
      part.hasSuffix("%") ? Double(part.dropLast().trimmed).map { $0 / 100 } : Double(part)
    }
    guard shares.count == parts.count, let low = shares.first, let high = shares.last, shares.count <= 2,
      low >= 0, high < 1, low <= high
    else {
      throw failure(
        expected: "the share that is missing, at least 0 and below 1, or a range of shares", found: "'\(value)'")
    }
    return low...high
  }

  /// The shares of ``takeShares(_:)``, for a design that requires them.
  mutating func takeRequiredShares(_ name: String) throws -> ClosedRange<Double> {
    guard let shares = try takeShares(name) else {
      throw failure(expected: "the share that is missing", found: "nothing")
    }
    return shares
  }

  /// A range of numbers within `bounds`, such as "-20..20"; a single number is a range of length 0.
  public mutating func takeRange(
    _ name: String, in bounds: ClosedRange<Double>, fallback: ClosedRange<Double>? = nil, orPositional: Bool = false
  ) throws -> ClosedRange<Double> {
    let expected = "\(name) as FROM..TO within \(bounds.lowerBound.short)..\(bounds.upperBound.short)"
    guard let value = takeText(name, orPositional: orPositional) else {
      guard let fallback else { throw failure(expected: expected, found: "nothing") }
      return fallback
    }
    let numbers = value.components(between: "..").map(Double.init)
    guard numbers.count <= 2, let first = numbers.first, let last = numbers.last, let low = first, let high = last,
      low <= high, bounds.contains(low), bounds.contains(high)
    else { throw failure(expected: expected, found: "'\(value)'") }
    return low...high
  }

  /// Throws if a part of the text was not used.
  func finish() throws {
    if let name = options.keys.sorted().first {
      let known = knownOptions.isEmpty ? "no options" : "the options \(knownOptions.joined(separator: ", "))"
      throw failure(expected: known, found: "'\(name)'")
    }
    if let value = positional.first {
      throw failure(expected: "nothing more", found: "'\(value)'")
    }
  }
}

extension StringProtocol {
  /// This text without leading and trailing white space.
  var trimmed: String {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  /// The trimmed parts of this text between occurrences of `separator`.
  func components(between separator: String) -> [String] {
    var parts: [String] = []
    var rest = String(self)[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(rest[..<range.lowerBound].trimmed)
      rest = rest[range.upperBound...]
    }
    return parts + [rest.trimmed]
  }
}

extension ClosedRange<Double> {
  /// "low", or "low" and "high" with `separator` between them.
  func short(separator: String) -> String {
    lowerBound == upperBound ? lowerBound.short : lowerBound.short + separator + upperBound.short
  }
}
