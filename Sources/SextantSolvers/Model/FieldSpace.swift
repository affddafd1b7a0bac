// The space of a problem: the domain, its variables, and their possible values. Solvers that need no archive are made
// from a space alone; a `Model` adds what was learned.

import SextantGeometry
import SextantPriors
import SextantSignals

/// The domain of fields (V vertices), their variables (C), and the values that these can have.
public struct FieldSpace: Sendable {
  /// The vertices and their geometry.
  public let domain: any Domain
  /// The variables (C), with their units.
  public let variables: [Variable]
  /// Whether each entry of the V×C array belongs to the field (V·C, channel fastest); false on land for a variable of
  /// the sea.
  public let isInside: [Bool]
  /// The share of land at each vertex (V), or nil where it is unknown.
  public let landShare: [Float]?
  /// Whether ``landShare`` describes a planet other than the Earth, so that maps draw its coastlines.
  public let hasOwnLand: Bool
  /// The transform of each variable (C) after which a Gaussian describes it; `MarginalTransform.none` for most.
  public let transforms: [MarginalTransform]
  /// The range of each variable (C), in its units; nil for a variable that may have any value.
  public let bounds: [ValueBounds?]
  /// The kind of transform of each variable (C) that is fitted to each field's own observations, for methods without an
  /// archive; `MarginalTransformKind.none` for most.
  public let ownTransforms: [MarginalTransformKind]
  /// What the values of each variable (C) are, for methods without an archive; `ValueEncoding.number` for most.
  public let encodings: [ValueEncoding]
  /// The map between entries and states.
  public let layout: StateLayout

  /// Makes a space from its parts.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - variables: the variables (C), at least one.
  ///   - isInside: whether each entry belongs to the field (V·C, channel fastest); nil for all.
  ///   - landShare: the share of land at each vertex (V), from 0 to 1; nil if it is unknown.
  ///   - hasOwnLand: whether the land is that of another planet.
  ///   - transforms: the transform of each variable (C); nil for none.
  ///   - bounds: the range of each variable (C); nil for none.
  ///   - ownTransforms: the kind of transform of each variable (C) that is fitted to each field's own observations; nil
  ///     for none.
  ///   - encodings: how the values of each variable (C) are represented; nil for numbers.
  /// - Throws: ``FieldSpaceError`` if there is no variable or a list has the wrong length.
  public init(
    domain: any Domain, variables: [Variable], isInside: [Bool]? = nil, landShare: [Float]? = nil,
    hasOwnLand: Bool = false, transforms: [MarginalTransform]? = nil, bounds: [ValueBounds?]? = nil,
    ownTransforms: [MarginalTransformKind]? = nil, encodings: [ValueEncoding]? = nil
  ) throws(FieldSpaceError) {
    let (vertices, channels) = (domain.vertexCount, variables.count)
    guard channels > 0 else { throw .noVariables }
    func check(_ what: String, _ found: Int?, _ expected: Int) throws(FieldSpaceError) {
      if let found, found != expected { throw .wrongCount(what: what, expected: expected, found: found) }
    }
    try check("isInside", isInside?.count, vertices * channels)
    try check("landShare", landShare?.count, vertices)
    try check("transforms", transforms?.count, channels)
    try check("bounds", bounds?.count, channels)
    try check("ownTransforms", ownTransforms?.count, channels)
    try check("encodings", encodings?.count, channels)
    let isInside = isInside ?? [Bool](repeating: true, count: vertices * channels)
    self.domain = domain
    self.variables = variables
    self.isInside = isInside
    self.landShare = landShare
    self.hasOwnLand = hasOwnLand
    self.transforms = transforms ?? [MarginalTransform](repeating: .none, count: channels)
    self.bounds = bounds ?? [ValueBounds?](repeating: nil, count: channels)
    self.ownTransforms = ownTransforms ?? [MarginalTransformKind](repeating: .none, count: channels)
    self.encodings = encodings ?? [ValueEncoding](repeating: .number, count: channels)
    layout = StateLayout(domain: domain, channelCount: channels, isInside: isInside)
  }

  /// The space of the fields of a source, with every entry inside.
  public init(_ fields: any SignalSource, landShare: [Float]? = nil) throws(FieldSpaceError) {
    try self.init(domain: fields.domain, variables: fields.variables, landShare: landShare)
  }

  /// The space of fields of `channelCount` variables without names or units.
  public init(domain: any Domain, channelCount: Int = 1) throws(FieldSpaceError) {
    try self.init(
      domain: domain, variables: (0..<max(0, channelCount)).map { Variable(name: "variable \($0 + 1)") })
  }

  /// Whether a Gaussian describes the variables in their own units, without a transform or a range.
  public var isGaussianInItsUnits: Bool {
    transforms.allSatisfy(\.isIdentity) && ownTransforms.allSatisfy { $0 == .none } && bounds.allSatisfy { $0 == nil }
      && encodings.allSatisfy { $0 == .number }
  }

  /// C, the number of variables.
  public var channelCount: Int { variables.count }

  /// Whether each vertex is land (V), if the land is that of another planet; nil on the Earth.
  public var ownLand: [Bool]? { hasOwnLand ? landShare?.map { $0 > 0.5 } : nil }
}

/// An error in the parts of a space.
public enum FieldSpaceError: Error, Equatable, CustomStringConvertible {
  /// There is no variable.
  case noVariables
  /// A list of the wrong length.
  case wrongCount(what: String, expected: Int, found: Int)
  /// A setting for a variable that is not there.
  case unknownVariable(String, setting: String, known: [String])
  /// A logit without both bounds.
  case boundsNeeded(variable: String)
  /// A setting that does not name its variable, where there are several.
  case variableUnclear(known: [String])
  /// A transform or a range for angles or labels.
  case noNumber(variable: String)

  public var description: String {
    switch self {
    case .noVariables: "A field needs at least one variable, and none was given."
    case .wrongCount(let what, let expected, let found):
      "'\(what)' has \(found) elements, but the domain and the variables need \(expected): one for each vertex, each variable, or each vertex and variable (variables fastest)."
    case .unknownVariable(let name, let setting, let known):
      "\(setting): there is no variable '\(name)'. Those of the file: \(known.joined(separator: ", "))."
    case .variableUnclear(let known):
      "--circular: there are several variables. Name the one that is an angle, such as --circular \(known.first ?? "NAME")=360. Those of the file: \(known.joined(separator: ", "))."
    case .noNumber(let variable):
      "'\(variable)' has angles or labels, for which there are no transforms and no bounds. Leave out --transform and --bounds for it, or --circular and --categories."
    case .boundsNeeded(let variable):
      "The transform logit of '\(variable)' needs both bounds, such as --bounds \(variable)=0..1. A transform of kind normal-score or censored needs none."
    }
  }
}
