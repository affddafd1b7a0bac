// The space of fields that are filled without an archive, with the transforms, ranges and kinds of values that a person gives by name.

import SextantGeometry
import SextantPriors
import SextantSignals

extension FieldSpace {
  /// The space of the fields of a source, with every entry inside.
  ///
  /// - Parameters:
  ///   - fields: the fields.
  ///   - domain: where fields are solved, if not on the domain of `fields`.
  ///   - landShare: the share of land at each vertex (V); nil if it is unknown.
  ///   - transforms: the kinds of transforms by the name of the variable, which are fitted to each field's own
  ///     observations.
  ///   - bounds: the ranges by the name of the variable, in its units. A transformed variable without one has the range
  ///     of its nature, if its name or its units say it.
  ///   - encodings: what the values are, by the name of the variable; numbers if it is not named. Under the empty name,
  ///     that of the only variable.
  /// - Throws: ``FieldSpaceError`` for a name that the fields do not have, and for a logit without both bounds.
  public init(
    _ fields: any SignalSource, on domain: (any Domain)? = nil, landShare: [Float]? = nil,
    transforms: [String: MarginalTransformKind], bounds: [String: ValueBounds], encodings: [String: ValueEncoding] = [:]
  ) throws(FieldSpaceError) {
    let variables = fields.variables
    var encodings = encodings
    if let only = encodings.removeValue(forKey: "") {
      guard variables.count == 1 else { throw .variableUnclear(known: variables.map(\.name)) }
      encodings[variables[0].name] = only
    }
    for (setting, names) in [
      ("--transform", transforms.keys.sorted()), ("--bounds", bounds.keys.sorted()),
      ("--categories", encodings.keys.filter { encodings[$0] == .labels }.sorted()),
      ("--circular", encodings.keys.filter { encodings[$0] != .labels }.sorted()),
    ] {
      for name in names where !variables.contains(where: { $0.name == name }) {
        throw .unknownVariable(name, setting: setting, known: variables.map(\.name))
      }
    }
    var ranges: [ValueBounds?] = []
    for variable in variables {
      let kind = transforms[variable.name] ?? .none
      if let encoding = encodings[variable.name], encoding != .number, kind != .none || bounds[variable.name] != nil {
        throw .noNumber(variable: variable.name)
      }
      var range = bounds[variable.name]
      if range == nil, kind != .none { range = VariableNature(variable).bounds.map { ValueBounds(minimum: $0.minimum, maximum: $0.maximum) } }
      if kind == .logit, range?.minimum == nil || range?.maximum == nil { throw .boundsNeeded(variable: variable.name) }
      ranges.append(range)
    }
    try self.init(
      domain: domain ?? fields.domain, variables: variables, landShare: landShare, bounds: ranges,
      ownTransforms: variables.map { transforms[$0.name] ?? .none },
      encodings: variables.map { encodings[$0.name] ?? .number })
  }
}
