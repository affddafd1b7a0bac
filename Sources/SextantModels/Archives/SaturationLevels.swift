// The levels above which an instrument cut off values, as users give them for a file: one for all variables, or one for each by name.

import Foundation
import SextantMeasurement
import SextantSignals

/// The levels of saturation of the variables of a file: "255", or "red=255,green=250".
public struct SaturationLevels: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The level of each variable by name; that of all others under "".
  private var named: [String: Float]

  /// Reads one number, or NAME=NUMBER pairs by commas.
  ///
  /// Throws ``RunError/invalid(_:)`` for any other text.
  public init(text: String) throws {
    named = [:]
    for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { String($0).trimmingCharacters(in: .whitespaces) }
      let name = parts.count == 2 ? parts[0] : ""
      guard let last = parts.last, let number = Float(last), number.isFinite, parts.count == 1 || !name.isEmpty, named[name] == nil else {
        throw RunError.invalid(
          "'\(text)' is no level of saturation: expected the largest value that the instrument gives, such as 255, or NAME=LEVEL pairs by commas, such as red=255,green=250."
        )
      }
      named[name] = number
    }
  }

  public init(from decoder: any Decoder) throws { try self.init(text: try decoder.singleValueContainer().decode(String.self)) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String {
    named.sorted { $0.key < $1.key }.map { ($0.key.isEmpty ? "" : "\($0.key)=") + ($0.value == $0.value.rounded() && abs($0.value) < 1e9 ? "\(Int($0.value))" : "\($0.value)") }
      .joined(separator: ",")
  }

  /// The level of each variable (C), in its units; nil where it has none.
  ///
  /// Throws ``RunError/invalid(_:)`` for a name that no variable has, and where variables of different units share a level.
  package func levels(of variables: [Variable]) throws -> [Float?] {
    if let unknown = named.keys.sorted().first(where: { name in !name.isEmpty && !variables.contains { $0.name == name } }) {
      throw RunError.invalid(
        "saturation \(description): there is no variable '\(unknown)'. The variables are \(variables.map(\.name).joined(separator: ", ")).")
    }
    let shared = variables.filter { named[$0.name] == nil }
    if named[""] != nil, Set(shared.map(\.units)).count > 1 {
      throw RunError.invalid(
        "saturation \(description): one level cannot be that of variables in different units (\(shared.map { "\($0.name) in '\($0.units)'" }.joined(separator: ", "))). Give each its own: NAME=LEVEL,…")
    }
    return variables.map { named[$0.name] ?? named[""] }
  }
}
