// Everything that `sextant inspect` reports about a NetCDF file, as values that are also written as JSON. The file is
// streamed, so memory does not grow with its size.

import SextantGeometry

/// The contents of a NetCDF file, Sextant's interpretation of it, and its problems.
public struct FileInspection: Sendable, Codable, Equatable {
  /// A dimension of the file.
  public struct Dimension: Sendable, Codable, Equatable {
    public let name: String
    public let length: Int
    public let isUnlimited: Bool
  }

  /// The fields that are read by default.
  public struct Fields: Sendable, Codable, Equatable {
    /// The variables that become channels.
    public let variables: [String]
    /// A one-line description of the grid or the points.
    public let domain: String
    /// Whether the values are at points rather than on a grid.
    public let arePoints: Bool
    /// The number of fields.
    public let count: Int
    /// The first and the last time as text, if times distinguish the fields.
    public let firstTime: String?
    public let lastTime: String?
    /// The calendar of the times, and the step between them, such as "1 month"; nil without times or steps.
    public let calendar: String?
    public let step: String?
    /// The names of the other coordinates that distinguish fields, with the first few of their distinct values.
    public let coordinates: [String: [String]]
  }

  public let path: String
  /// The kind of file, such as "netCDF-4".
  public let format: String
  public let dimensions: [Dimension]
  public let variables: [VariableInspection]
  /// Nil if no variable is on a grid or at points; the problems give the reason.
  public let fields: Fields?
  /// What a user should know before using the file; empty if there are no problems.
  public let problems: [String]
  /// Options that make use of what is in the file, each with its reason.
  public let proposals: [String]

  /// Inspects the file at `path`.
  ///
  /// Throws ``NetCDFError`` if the file cannot be opened at all; everything else is reported as a problem.
  public init(path: String) throws { try self.init(DatasetFile(path: path)) }

  /// Inspects a file that can be opened as a dataset.
  ///
  /// - Parameters:
  ///   - source: The file.
  ///   - remarks: What was found odd when the file was prepared; it is listed among the problems.
  ///   - open: For a file of observations, what gives their fields.
  init(
    _ source: DatasetFile, remarks: [Remark] = [], openingPoints open: (() throws -> any SignalDocument)? = nil
  ) throws {
    let file = try source.open()
    let dataset = CFDataset(file)
    path = source.path
    format = file.format
    dimensions = file.dimensions.map { Dimension(name: $0.name, length: $0.length, isUnlimited: $0.isUnlimited) }
    variables = try file.variables.map { try VariableInspection($0, in: dataset) }
    var problems = remarks.map(\.text)
    fields =
      if let open {
        Self.fields(atPoints: open, problems: &problems)
      } else {
        Self.fields(source, dataset: dataset, problems: &problems)
      }
    for variable in variables { problems += Self.problems(of: variable, usedAsField: fields?.variables ?? []) }
    for variable in file.variables where dataset.role(of: variable) == .data {
      problems += ValueDecoder.unreadableGaps(of: variable).map { Self.text(of: $0, of: variable.name) }
    }
    proposals = dataset.qualityVariables.map {
      "\($0.name) tells good values from bad ones (\($0.meanings.words.joined(separator: ", "))): --missing '\($0.proposal)'"
    }
    self.problems = problems
  }

  private static func fields(atPoints open: () throws -> any SignalDocument, problems: inout [String]) -> Fields? {
    do {
      let document = try open()
      problems += document.remarks.map(\.text)
      return Fields(document, arePoints: true)
    } catch {
      problems.append("\(error)")
      return nil
    }
  }

  private static func fields(_ source: DatasetFile, dataset: CFDataset, problems: inout [String]) -> Fields? {
    do {
      let file = try GriddedFile(
        source, variables: nil, selecting: [:], monthVariable: nil, acceptsPoints: false, sharing: nil)
      problems += [file.grid.remark, file.remarkOnLeftOut].compactMap { $0?.text }
      let calendar = file.coordinates.time?.times?.compactMap { $0 }.first?.calendar
      let series = SeriesCheck(file.labels, calendar: calendar ?? .standard)
      problems += series.remarks.map(\.text)
      return Fields(file, arePoints: false, calendar: calendar, step: series.step)
    } catch {
      problems.append("\(error)")
      let hasPoints = dataset.file.variables.contains { dataset.role(of: $0) == .points }
      guard hasPoints, let points = try? PointFile(path: source.path) else { return nil }
      return Fields(points, arePoints: true)
    }
  }

  /// A sentence on an attribute of missing values that holds no number.
  static func text(of attribute: (name: String, text: String), of variable: String) -> String {
    "\(variable): the attribute \(attribute.name) is \"\(attribute.text)\", which is no number, so it excludes no value. Correct it, for example with \"ncatted -a \(attribute.name),\(variable),o,f,-9999 FILE\", or give --missing."
  }

  private static func problems(of variable: VariableInspection, usedAsField names: [String]) -> [String] {
    var problems: [String] = []
    let name = variable.name
    if variable.infiniteCount > 0 {
      problems.append(
        "\(name): \(variable.infiniteCount) infinite values; declare them as _FillValue or missing_value."
      )
    }
    problems += variable.suspects.map { "\($0.text) \($0.advice)" }
    guard names.contains(name) else { return problems }
    if variable.missingShare == 1 { problems.append("\(name): every value is missing.") }
    if variable.units.isEmpty {
      problems.append("\(name): no units; results cannot be converted or compared with certainty.")
    } else if !Units.areKnown(variable.units) {
      problems.append("\(name): the units \"\(variable.units)\" are unknown to UDUNITS.")
    }
    return problems
  }
}

extension FileInspection.Fields {
  init(_ source: any SignalSource, arePoints: Bool, calendar: CFCalendar? = nil, step: String? = nil) {
    variables = source.variables.map(\.name)
    domain = source.domain.summary
    self.arePoints = arePoints
    count = source.count
    self.calendar = calendar?.rawValue
    self.step = step
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
