// The size of the noise in a form for people: "5.9K", "0.5 K", "5%", "0.3", "poisson:2+3" (a law: NoiseLawText), "variable:obs_error" or "auto". It is
// converted to standard deviations in the variables' own units. "5/255" is a percentage, too. A percentage refers to a scale that the caller states: the peak of an
// evaluation, or the standard deviation of a file's values. 0 states that values are exact.

import SextantArrays
import SextantSignals

/// The standard deviation of the measurement noise.
public enum NoiseLevel: Sendable, Equatable {
  /// A number with units; empty units stand for the units of each variable.
  case constant(Double, units: String)
  /// A percentage of a scale of each variable, which the caller states.
  case percent(Double)
  /// A variable of the measured file, in the units of the file; the caller reads it.
  case variable(String)
  /// A value for every vertex (V) or every entry (V·C), in the variables' units.
  case values([Float])
  /// To be estimated from the observations, by whoever can; see `NoiseEstimate`.
  case automatic
  /// That of a law, such as counts, in the units of each variable. It depends on the clean values; see ``Detector``.
  case law(NoiseLaw)

  private static let expectation =
    "a number of 0 or more, optionally followed by units or % (0 where values are exact), a share such as 5/255, \(NoiseLawKind.standard.map(\.form).joined(separator: ", ")), variable:NAME, or auto"

  /// Reads "5.9K", "0.5 K", "0.5" (the variable's own units), "5%", "0", "gamma:4", "variable:obs_error" or "auto".
  ///
  /// Throws ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for any other text.
  public init(_ text: String) throws {
    let whole = text.trimmed
    func failure(_ found: String) -> MeasurementError {
      .invalidSpecification(text: whole, expected: Self.expectation, found: found, example: "0.5 K")
    }
    if whole.hasPrefix("variable:") {
      let name = whole.dropFirst("variable:".count).trimmed
      guard !name.isEmpty else { throw failure("no name after 'variable:'") }
      self = .variable(name)
      return
    }
    if let law = try NoiseLaw(whole) {
      self = .law(law)
      return
    }
    if whole == "auto" {
      self = .automatic
      return
    }
    if let slash = whole.firstIndex(of: "/"), let part = Double(whole[..<slash].trimmed),
      let scale = Double(whole[whole.index(after: slash)...].trimmed)
    {
      guard part >= 0, scale > 0, part.isFinite, scale.isFinite else { throw failure("\(whole)") }
      self = .percent(100 * part / scale)
      return
    }
    // The longest prefix that parses as a number: "1e-3K" is a thousandth of a kelvin, not 1 in units of "e-3K".
    let cut = whole.indices.reversed().first { Double(whole[...$0]) != nil }
    guard let cut, let number = Double(whole[...cut]) else {
      throw failure(whole.isEmpty ? "nothing" : "'\(whole)'")
    }
    guard number >= 0, number.isFinite else { throw failure("\(number.short)") }
    let units = whole[whole.index(after: cut)...].trimmed
    self = units == "%" ? .percent(number) : .constant(number, units: units)
  }

  /// Gives the factor by which a difference in the first units is multiplied to convert it to the second.
  public typealias ConversionFactor = (_ from: String, _ to: String) throws -> Double

  /// The standard deviation of every entry (V·C, channel fastest), in the variables' units.
  ///
  /// - Parameters:
  ///   - vertexCount: the number of vertices V.
  ///   - variables: the variables of the field (C).
  ///   - peaks: the size of each variable's scale (C), for ``percent(_:)``; nil if none is stated.
  ///   - conversionFactor: gives conversion factors between units; nil to accept only equal units.
  ///   - read: gives the values of a named variable (V or V·C entries), for ``variable(_:)``; values at entries that
  ///     are not observed have no effect.
  public func standardDeviations(
    vertexCount: Int, variables: [Variable], peaks: [Double]? = nil, conversionFactor: ConversionFactor? = nil,
    read: ((String) throws -> [Float])? = nil
  ) throws -> [Float] {
    switch self {
    case .constant(let number, let units):
      let each = try variables.map { variable in
        guard !units.isEmpty, units != variable.units else { return Float(number) }
        guard let conversionFactor else {
          throw MeasurementError.unitsDiffer(
            what: "The noise of '\(variable.name)'", expected: variable.units, found: units)
        }
        return Float(number * (try conversionFactor(units, variable.units)))
      }
      return Self.tiled(each, vertexCount: vertexCount)
    case .percent(let percent):
      guard let peaks else {
        throw MeasurementError.missingInput(
          specification: description, needs: "the peak that it is a share of",
          hint: "State the peak of each variable, or give the noise in the variable's units.")
      }
      guard peaks.count == variables.count else {
        throw MeasurementError.sizeMismatch(
          what: "The peaks of the variables", expected: variables.count, found: peaks.count)
      }
      return Self.tiled(peaks.map { Float(percent / 100 * $0) }, vertexCount: vertexCount)
    case .variable(let name):
      guard let read else {
        throw MeasurementError.missingInput(
          specification: description, needs: "the values of the variable '\(name)'",
          hint: "Pass a function that reads them.")
      }
      return try Self.expanded(
        try read(name), what: "The noise variable '\(name)'", vertexCount: vertexCount, channelCount: variables.count)
    case .automatic:
      throw MeasurementError.missingInput(
        specification: description, needs: "observations to estimate it from",
        hint: "It is estimated by `sextant impute` alone. Give a number here.")
    case .law:
      throw MeasurementError.missingInput(
        specification: description, needs: "the values that it is the noise of",
        hint: "It is taken by `sextant degrade`, `sextant impute` and evaluate.noise. Give the noise as a number here.")
    case .values(let values):
      return try Self.expanded(
        values, what: "The noise values", vertexCount: vertexCount, channelCount: variables.count)
    }
  }

  private static func tiled(_ each: [Float], vertexCount: Int) -> [Float] {
    (0..<vertexCount).flatMap { _ in each }
  }

  private static func expanded(
    _ values: [Float], what: String, vertexCount: Int, channelCount: Int
  ) throws -> [Float] {
    if values.count == vertexCount * channelCount { return values }
    guard values.count == vertexCount else {
      throw MeasurementError.sizeMismatch(what: what, expected: vertexCount, found: values.count)
    }
    return values.flatMap { repeatElement($0, count: channelCount) }
  }
}

extension NoiseLevel: CustomStringConvertible {
  /// The text that ``init(_:)`` parses; for ``values(_:)`` a summary, which it does not parse.
  public var description: String {
    switch self {
    case .constant(let number, let units): units.isEmpty ? number.short : "\(number.short) \(units)"
    case .percent(let number): "\(number.short)%"
    case .automatic: "auto"
    case .law(let law): "\(law)"
    case .variable(let name): "variable:\(name)"
    case .values(let values): "\(values.count) given values"
    }
  }
}

extension NoiseLevel: Codable {
  /// Decodes a number, a text as on the command line, or a list of numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let values = try? container.decode([Float].self) {
      self = .values(values)
    } else if let number = try? container.decode(Double.self) {
      try self.init("\(number)")
    } else {
      try self.init(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if case .values(let values) = self {
      try container.encode(values)
    } else {
      try container.encode(description)
    }
  }
}
