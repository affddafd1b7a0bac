// Everything that `sextant inspect` tells of a NetCDF file, as values that also go into JSON. Streamed: memory
// does not grow with the file.

import SextantGeometry

/// What a NetCDF file holds, how Sextant understands it, and what is wrong with it.
public struct FileInspection: Sendable, Codable, Equatable {
  /// A dimension of the file.
  public struct Dimension: Sendable, Codable, Equatable {
    public let name: String
    public let length: Int
    public let isUnlimited: Bool
  }

  /// The fields that are read unless the user chooses others.
  public struct Fields: Sendable, Codable, Equatable {
    /// The variables that become channels.
    public let variables: [String]
    /// One line on the grid, or on the points.
    public let domain: String
    /// Whether the values lie at points and not on a grid.
    public let arePoints: Bool
    /// The number of fields.
    public let count: Int
    /// The first and the last time, as text, where times tell the fields apart.
    public let firstTime: String?
    public let lastTime: String?
    /// The names of the other coordinates that tell fields apart, with their different values (the first few).
    public let coordinates: [String: [String]]
  }

  public let path: String
  /// The kind of file, such as "netCDF-4".
  public let format: String
  public let dimensions: [Dimension]
  public let variables: [VariableInspection]
  /// nil if nothing lies on a grid or at points; the problems tell why.
  public let fields: Fields?
  /// What a user should know before using the file; empty if all is well.
  public let problems: [String]

  /// Inspects the file at `path`.
  ///
  /// Throws ``NetCDFError`` if it cannot be opened at all; everything else becomes a problem.
  public init(path: String) throws {
    let file = try NetCDFFile(path: path)
    let dataset = CFDataset(file)
    self.path = path
    format = file.format
    dimensions = file.dimensions.map { Dimension(name: $0.name, length: $0.length, isUnlimited: $0.isUnlimited) }
    variables = try file.variables.map { try VariableInspection($0, in: dataset) }
    var problems: [String] = []
    fields = Self.fields(path: path, dataset: dataset, problems: &problems)
    for variable in variables { problems += Self.problems(of: variable, usedAsField: fields?.variables ?? []) }
    self.problems = problems
  }

  private static func fields(path: String, dataset: CFDataset, problems: inout [String]) -> Fields? {
    do {
      return Fields(try GriddedFile(path: path), arePoints: false)
    } catch {
      problems.append("\(error)")
      let hasPoints = dataset.file.variables.contains { dataset.role(of: $0) == .points }
      guard hasPoints, let points = try? PointFile(path: path) else { return nil }
      return Fields(points, arePoints: true)
    }
  }

  private static func problems(of variable: VariableInspection, usedAsField names: [String]) -> [String] {
    var problems: [String] = []
    let name = variable.name
    if variable.infiniteCount > 0 {
      problems.append(
        "\(name): \(variable.infiniteCount) infinite values; declare them as _FillValue or missing_value."
      )
    }
    guard names.contains(name) else { return problems }
    if variable.missingShare == 1 { problems.append("\(name): every value is missing.") }
    if variable.units.isEmpty {
      problems.append("\(name): no units; results cannot be converted or compared with certainty.")
    } else if !Units.areKnown(variable.units) {
      problems.append("\(name): UDUNITS does not know the units \"\(variable.units)\".")
    }
    return problems
  }
}

extension FileInspection.Fields {
  init(_ source: some SignalSource, arePoints: Bool) {
    variables = source.variables.map(\.name)
    domain = source.domain.summary
    self.arePoints = arePoints
    count = source.count
    firstTime = source.labels.first?.time
    lastTime = source.labels.last?.time
    var values: [String: [String]] = [:]
    for label in source.labels {
      for (name, text) in label.coordinates where values[name, default: []].count < 12 {
        if !values[name, default: []].contains(text) { values[name, default: []].append(text) }
      }
    }
    coordinates = values
  }
}
