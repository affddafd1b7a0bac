// The grammar of designs: KIND or KIND:…, `+` between masks (a value is missing if any of them omits it) or between
// operators (their sum), and `|` between designs (the second measures the result of the first). `+` binds more tightly than `|`. Two designs are equal
// if their texts are, and a design is encoded as its text, so that YAML and JSON use the syntax of the command line.

import SextantArrays
import SextantGeometry

/// A design of any kind, read from its text.
public struct AnyMeasurementDesign: MeasurementDesign {
  private let design: any MeasurementDesign

  /// Wraps a design.
  public init(_ design: any MeasurementDesign) { self.design = design }

  /// Reads a text such as "random:0.6", "random:0.3+land" or "file:coverage.nc:observed".
  ///
  /// - Parameters:
  ///   - text: the text of the design.
  ///   - kinds: the kinds of designs that are recognised.
  /// - Throws: ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for any other text.
  public init(_ text: String, kinds: [MeasurementDesignKind] = .standard) throws {
    var rest = text.trimmed[...]
    var stages: [any MeasurementDesign] = []
    var members: [any MeasurementDesign] = []
    while true {
      let (design, separator) = try Self.first(of: &rest, whole: text.trimmed, kinds: kinds)
      members.append(design)
      if separator == "+" { continue }
      stages.append(try DesignSum.combining(members, text: text.trimmed))
      members = []
      if separator == nil { break }
    }
    design = stages.count == 1 ? stages[0] : DesignChain(stages)
  }

  /// Removes the first design from a text, with the separator that follows it.
  private static func first(
    of rest: inout Substring, whole: String, kinds: [MeasurementDesignKind]
  ) throws -> (design: any MeasurementDesign, separator: Character?) {
    let head = rest.prefix { !":+|".contains($0) }
    let name = head.trimmed
    guard let kind = kinds.first(where: { $0.name == name }) else {
      throw MeasurementError.invalidSpecification(
        text: whole,
        expected: "a mask or an operator that starts with one of \(kinds.map(\.name).joined(separator: ", "))",
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

  /// This design followed by another, which measures the result of this one: `A|B`. After `none` it is the other design
  /// alone, with the same random numbers.
  ///
  /// The text of the chain can be parsed unless this design ends with `file:PATH`, because a path extends to the end of
  /// the text.
  public func followed(by next: AnyMeasurementDesign) -> AnyMeasurementDesign {
    description == CompleteMask().description ? next : AnyMeasurementDesign(DesignChain([design, next.design]))
  }

  public var mayHide: Bool { design.mayHide }
  public var files: [String] { design.files }
  /// Whether the design only says which values are there: a mask, or several.
  public var isMask: Bool { (design as? DesignChain)?.isMask ?? (design is any MaskDesign) }
  public var description: String { design.description }

  public func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    try design.draw(in: context, using: &random)
  }

  public func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)? {
    try design.valueDomain(for: domain, inputs: inputs)
  }

  public func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField {
    try design.measuredField(of: values, inputs: inputs)
  }
}

extension AnyMeasurementDesign: Hashable {
  public static func == (a: AnyMeasurementDesign, b: AnyMeasurementDesign) -> Bool { a.description == b.description }
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension CodingUserInfoKey {
  /// The kinds of designs (an array of ``MeasurementDesignKind``) that a decoder recognises; by default the standard
  /// ones.
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
