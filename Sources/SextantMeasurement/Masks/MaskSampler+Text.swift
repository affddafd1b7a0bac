// The texts of masks: parsing, printing, and Codable as the text itself, so that YAML and JSON read like the
// command line.

extension MaskSampler: CustomStringConvertible {
  /// Reads a text such as "random:0.6" or "file:coverage.nc:observed".
  ///
  /// Throws ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for any other text.
  public init(_ text: String) throws {
    let whole = text.trimmed
    let (kind, body) = Self.split(whole)
    // A path may hold any character: a file is never split further.
    if kind != "file", let plus = whole.firstIndex(of: "+") {
      let rest = try MaskSampler(String(whole[whole.index(after: plus)...]))
      let first = try MaskSampler(String(whole[..<plus]))
      if case .combination(let members) = rest {
        self = .combination([first] + members)
      } else {
        self = .combination([first, rest])
      }
      return
    }
    func read<Pattern>(
      _ example: String, _ make: (inout MaskSpecification) throws -> Pattern
    ) throws -> Pattern {
      var specification = try MaskSpecification(whole, kind: kind, body: body ?? "", example: example)
      let pattern = try make(&specification)
      try specification.finish()
      return pattern
    }
    switch kind {
    case "none": self = try read("none") { _ in .complete }
    case "land": self = try read("land") { _ in .land }
    case "sea": self = try read("sea") { _ in .sea }
    case "random": self = .random(try read(RandomMissing.example, RandomMissing.init))
    case "stations": self = .stations(try read(RandomStations.example, RandomStations.init))
    case "band": self = .band(try read(LatitudeBand.example, LatitudeBand.init))
    case "swath": self = .swath(try read(SatelliteSwath.example, SatelliteSwath.init))
    case "blocks": self = .blocks(try read(BlockHoles.example, BlockHoles.init))
    case "cells": self = .cells(try read(MissingCells.example, MissingCells.init))
    case "file": self = try Self.file(whole, body: body ?? "")
    default:
      throw MeasurementError.invalidSpecification(
        text: whole, expected: "a mask that starts with one of \(Self.kinds.joined(separator: ", "))",
        found: kind.isEmpty ? "nothing" : "'\(kind)'", example: RandomMissing.example)
    }
  }

  /// The words that a mask's text can start with.
  public static let kinds = [
    "none", "random", "stations", "band", "swath", "blocks", "cells", "land", "sea", "file",
  ]

  private static func split(_ text: String) -> (kind: String, body: String?) {
    guard let colon = text.firstIndex(of: ":") else { return (text, nil) }
    return (text[..<colon].trimmed, String(text[text.index(after: colon)...]))
  }

  private static func file(_ text: String, body: String) throws -> MaskSampler {
    var (path, variable) = (body, String?.none)
    // The last colon parts the variable off, unless what follows looks like more of the path.
    if let colon = body.lastIndex(of: ":"), !body[colon...].contains("/"), !body[colon...].contains(".") {
      variable = String(body[body.index(after: colon)...])
      path = String(body[..<colon])
    }
    guard !path.isEmpty, variable?.isEmpty != true else {
      throw MeasurementError.invalidSpecification(
        text: text, expected: "a path, and a variable's name after a colon if the file has several",
        found: path.isEmpty ? "no path" : "no name after the last colon", example: "file:coverage.nc:observed")
    }
    return .file(path: path, variable: variable)
  }

  public var description: String {
    switch self {
    case .complete: "none"
    case .land: "land"
    case .sea: "sea"
    case .random(let pattern): pattern.description
    case .stations(let pattern): pattern.description
    case .band(let pattern): pattern.description
    case .swath(let pattern): pattern.description
    case .blocks(let pattern): pattern.description
    case .cells(let pattern): pattern.description
    case .file(let path, let variable): "file:\(path)\(variable.map { ":\($0)" } ?? "")"
    case .combination(let members): members.map(\.description).joined(separator: "+")
    }
  }
}

extension MaskSampler: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
