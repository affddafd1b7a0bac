// The grammar of designs: KIND or KIND:…, `+` between masks (missing wherever any of them is missing), and `|` between designs (the
// second measures what the first gives). `+` binds tighter than `|`. Here is also a design as a value that configurations hold:
// equal by its text, and Codable as that text, so that YAML and JSON read like the command line.

import SextantArrays

/// A design of any kind, read from its text.
public struct AnyMeasurementDesign: MeasurementDesign {
  private let design: any MeasurementDesign

  public init(_ design: any MeasurementDesign) { self.design = design }

  /// Reads a text such as "random:0.6", "random:0.3+land" or "file:coverage.nc:observed".
  ///
  /// - Parameter kinds: the kinds of designs that are known.
  /// - Throws: ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for any other text.
  public init(_ text: String, kinds: [MeasurementDesignKind] = .standard) throws {
    var rest = text.trimmed[...]
    var stages: [any MeasurementDesign] = []
    var members: [any MeasurementDesign] = []
    while true {
      let (design, separator) = try Self.first(of: &rest, whole: text.trimmed, kinds: kinds)
      members.append(design)
      if separator == "+" { continue }
      stages.append(members.count == 1 ? members[0] : try MaskCombination(members, text: text.trimmed))
      members = []
      if separator == nil { break }
    }
    design = stages.count == 1 ? stages[0] : DesignChain(stages)
  }

  /// Takes the first design off a text, with what parts it from the next.
  private static func first(
    of rest: inout Substring, whole: String, kinds: [MeasurementDesignKind]
  ) throws -> (design: any MeasurementDesign, separator: Character?) {
    let head = rest.prefix { !":+|".contains($0) }
    let name = head.trimmed
    guard let kind = kinds.first(where: { $0.name == name }) else {
      throw MeasurementError.invalidSpecification(
        text: whole,
        expected: "a mask that starts with one of \(kinds.map(\.name).joined(separator: ", "))",
        found: name.isEmpty ? "nothing" : "'\(name)'", example: "random:0.6")
    }
    rest = rest.dropFirst(head.count)
    var body: Substring?
    if rest.first == ":" {
      let text = rest.dropFirst().prefix { kind.takesWholeText || !"+|".contains($0) }
      rest = rest.dropFirst(1 + text.count)
      body = text
    }
    var specification = try DesignText(
      kind: kind, body: body.map(String.init), text: name + (body.map { ":\($0)" } ?? ""))
    let design = try kind.read(&specification)
    try specification.finish()
    return (design, rest.popFirst())
  }

  /// This design and then another, which measures what this one gives: `A|B`. After `none` it is the other alone, with the
  /// other's own random numbers.
  ///
  /// The text of the chain reads back unless this design ends with `file:PATH`: a path takes the rest of the text.
  public func followed(by next: AnyMeasurementDesign) -> AnyMeasurementDesign {
    description == CompleteMask().description ? next : AnyMeasurementDesign(DesignChain([design, next.design]))
  }

  public var mayHide: Bool { design.mayHide }
  public var description: String { design.description }

  public func draw(on ground: MeasurementGround, using random: inout RandomStream) throws -> any LinearOperator {
    try design.draw(on: ground, using: &random)
  }
}

extension AnyMeasurementDesign: Hashable {
  public static func == (a: AnyMeasurementDesign, b: AnyMeasurementDesign) -> Bool { a.description == b.description }
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension CodingUserInfoKey {
  /// The kinds of designs (an array of ``MeasurementDesignKind``) that a decoder knows; without it, the standard ones.
  public static let measurementDesignKinds = CodingUserInfoKey(rawValue: "org.sextant.measurement-design-kinds")
}

extension AnyMeasurementDesign: Codable {
  public init(from decoder: any Decoder) throws {
    let kinds = CodingUserInfoKey.measurementDesignKinds.flatMap { decoder.userInfo[$0] as? [MeasurementDesignKind] }
    try self.init(try decoder.singleValueContainer().decode(String.self), kinds: kinds ?? .standard)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
