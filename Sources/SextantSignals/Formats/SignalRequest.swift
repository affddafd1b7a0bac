// Requests to open and to describe a file, which are the same for every format.

import SextantGeometry

/// A request to open a file of signals.
public struct SignalRequest: Sendable {
  /// The choice between measured values and estimates in a file that contains both.
  public enum Content: Sendable {
    /// The fields as they are.
    case fields
    /// The estimates, under whatever name the format gives to the estimate of a variable.
    case estimates
  }

  /// The file.
  public var path: String
  /// The file of the mesh that the values belong to, for formats that hold no geometry; nil for none.
  public var geometry: String?
  /// The variables, in this order; nil for the format's default.
  public var variables: [String]?
  /// Keeps fields whose coordinate has one of these values, such as ["level": ["500"]].
  public var select: [String: [String]]
  /// The variable with the months, if there is no time coordinate.
  public var monthVariable: String?
  /// Settings of a single format, by name, such as "drop_last" of image stacks.
  public var settings: [String: String]
  /// Whether fields or estimates are wanted.
  public var content: Content
  /// The variables that the fields are expected to have, such as those of a model: their names are the default for
  /// ``variables``, and their units hold where the format names none.
  public var expectedVariables: [Variable]?
  /// The domain that the fields are expected to be on, such as that of a model: values without a geometry are assumed
  /// to be on it, and it is used instead of an equal one.
  public var domain: (any Domain)?
  /// Values count as missing where one of these holds.
  public var missing: [MissingCondition]
  /// Whether values that look like undeclared fill values are taken for measurements.
  public var acceptsValues: Bool
  /// The first document of a series of files to which this one belongs: it has the same variables, and shares its
  /// domain if it can.
  public var series: (any SignalDocument)?
  /// Whether numbers at vertices that single precision would round too much are held relative to an offset, which is
  /// added again when an answer is written: where no model and no other file has a say in what the numbers mean.
  public var removesOffsets: Bool

  public init(
    path: String, geometry: String? = nil, variables: [String]? = nil, select: [String: [String]] = [:],
    monthVariable: String? = nil, settings: [String: String] = [:], content: Content = .fields,
    expectedVariables: [Variable]? = nil, domain: (any Domain)? = nil, missing: [MissingCondition] = [],
    acceptsValues: Bool = false, series: (any SignalDocument)? = nil, removesOffsets: Bool = false
  ) {
    self.path = path
    self.geometry = geometry
    self.variables = variables
    self.select = select
    self.monthVariable = monthVariable
    self.settings = settings
    self.content = content
    self.expectedVariables = expectedVariables
    self.domain = domain
    self.missing = missing
    self.acceptsValues = acceptsValues
    self.series = series
    self.removesOffsets = removesOffsets
  }

  /// The names of the requested variables, or else of those of the series or of the expected ones.
  var wantedNames: [String]? { variables ?? series?.variables.map(\.name) ?? expectedVariables?.map(\.name) }

  /// Throws ``SignalFormatError/refused(path:format:option:reason:)`` if a mesh was named for a format with its own
  /// geometry.
  func refuseGeometry(for format: some SignalFormat, because reason: String) throws {
    guard geometry != nil else { return }
    throw SignalFormatError.refused(path: path, format: format.name, option: "--mesh", reason: reason)
  }

  /// Throws ``SignalFormatError/refused(path:format:option:reason:)`` if a variable of months was named.
  func refuseMonthVariable(for format: some SignalFormat) throws {
    guard let monthVariable else { return }
    throw SignalFormatError.refused(
      path: path, format: format.name, option: "month_variable: \(monthVariable)",
      reason: "only NetCDF files have a variable of months beside the fields. Leave it out.")
  }

  /// Throws ``SignalFormatError/refused(path:format:option:reason:)`` for a setting that is not among `known`.
  func refuseSettings(except known: [String] = [], for format: some SignalFormat) throws {
    guard let name = settings.keys.sorted().first(where: { !known.contains($0) }) else { return }
    throw SignalFormatError.refused(
      path: path, format: format.name, option: name,
      reason: known.isEmpty
        ? "the format has no settings of its own. Leave it out."
        : "the format's own settings are \(known.joined(separator: ", ")).")
  }

  /// Throws ``SignalFormatError/repeatedVariable(path:name:)`` if a variable is named twice.
  func checkNames() throws {
    guard let variables,
      let name = variables.enumerated().first(where: { variables[..<$0.offset].contains($0.element) })
    else { return }
    throw SignalFormatError.repeatedVariable(path: path, name: name.element)
  }
}

/// A request to describe a file.
public struct InspectionRequest: Sendable {
  /// The file.
  public var path: String
  /// The mesh of a scene to describe; nil for all of them together.
  public var part: String?
  /// Settings of a single format, by name, as in ``SignalRequest/settings``.
  public var settings: [String: String]

  public init(path: String, part: String? = nil, settings: [String: String] = [:]) {
    self.path = path
    self.part = part
    self.settings = settings
  }

  /// Throws ``SignalFormatError/refused(path:format:option:reason:)`` for a setting that is not among `known`.
  func refuseSettings(except known: [String] = [], for format: some SignalFormat) throws {
    try SignalRequest(path: path, settings: settings).refuseSettings(except: known, for: format)
  }

  /// Throws ``SignalFormatError/refused(path:format:option:reason:)`` if a mesh of a scene was named.
  public func refusePart(for format: some SignalFormat) throws {
    guard part != nil else { return }
    throw SignalFormatError.refused(
      path: path, format: format.name, option: "--part", reason: "only meshes have parts. Leave it out.")
  }
}
