// What the messages of a GRIB file are, and where they lie. The whole file is read once, message by message; values are
// decoded later, when somebody asks for them.

import Foundation

/// The messages of a GRIB file.
struct GRIBIndex: Sendable {
  /// A moment, in hours since 1900-01-01 00:00 of the standard calendar.
  typealias Hours = Double

  /// One message: a field of one variable.
  struct Entry: Sendable {
    var offset: Int
    /// From 1.
    var number: Int
    var variable: VariableKey
    var member: Int
    var reference: Hours
    var valid: Hours
    var level: Double
  }

  /// What makes fields one variable.
  struct VariableKey: Sendable, Hashable {
    var name: String
    var levelType: String
    var stepType: String
  }

  /// What the first message of a variable says of it.
  struct VariableDescription: Sendable {
    var attributes: [(name: String, text: String)]
    var units: String
  }

  let path: String
  let entries: [Entry]
  let grid: GRIBGrid
  /// The variables in the order of the file.
  let variables: [VariableKey]
  let descriptions: [VariableKey: VariableDescription]
  /// What GRIB says of the file: edition and centre.
  let edition: Int
  let centre: String?

  /// Reads the headers of all messages. Throws ``GRIBError``.
  init(_ path: String) throws {
    self.path = path
    let reader = try GRIBReader(path)
    var entries: [Entry] = []
    var (order, descriptions): ([VariableKey], [VariableKey: VariableDescription]) = ([], [:])
    var grids: [(key: String, text: String, names: [String])] = []
    var first: (grid: GRIBGrid, edition: Int, centre: String?)?
    while let message = try reader.next(entries.count + 1) {
      let entry = try Self.entry(message, path: path)
      if descriptions[entry.variable] == nil {
        order.append(entry.variable)
        descriptions[entry.variable] = Self.description(message)
      }
      let key = Self.gridKey(message)
      if let known = grids.firstIndex(where: { $0.key == key }) {
        if !grids[known].names.contains(entry.variable.name) { grids[known].names.append(entry.variable.name) }
      } else {
        grids.append((key, GRIBGrid.text(message), [entry.variable.name]))
        if first == nil {
          first = (try GRIBGrid(message, path: path), message.whole("edition") ?? 0, message.text("centre"))
        }
      }
      entries.append(entry)
    }
    guard let first else { throw GRIBError.unreadable(path: path, reason: "there are no GRIB messages in it") }
    guard grids.count == 1 else {
      throw GRIBError.mixedGrids(
        path: path, grids: grids.map { "\($0.text) (\(NetCDFError.abridged($0.names)))" })
    }
    self.entries = entries
    (grid, edition, centre) = first
    (variables, self.descriptions) = (order, descriptions)
  }

  private static func entry(_ message: GRIBMessage, path: String) throws -> Entry {
    func unsupported(_ reason: String) -> GRIBError {
      .unsupported(path: path, message: message.number, reason: reason)
    }
    if message.hasSeveralFields {
      throw unsupported("it contains several fields. Split them first, for example with \"grib_copy in.grib out.grib\".")
    }
    guard let offset = message.whole("offset"), let reference = hours(message, "dataDate", "dataTime") else {
      throw unsupported("its date cannot be read.")
    }
    let name =
      message.text("cfVarName") ?? message.text("shortName") ?? message.whole("paramId").map { "param\($0)" } ?? "field"
    return Entry(
      offset: offset, number: message.number,
      variable: VariableKey(
        name: name.first?.isNumber == true ? "var_\(name)" : name, levelType: message.text("typeOfLevel") ?? "level",
        stepType: message.text("stepType") ?? "instant"),
      member: message.whole("number") ?? 0, reference: reference,
      valid: hours(message, "validityDate", "validityTime") ?? reference, level: Double(message.whole("level") ?? 0))
  }

  /// A date such as 20170101 and a time such as 1200 as hours since 1900.
  private static func hours(_ message: GRIBMessage, _ date: String, _ time: String) -> Hours? {
    guard let day = message.whole(date), let clock = message.whole(time) else { return nil }
    let (year, month, dayOfMonth) = (day / 10000, day / 100 % 100, day % 100)
    guard (1...12).contains(month), (1...31).contains(dayOfMonth) else { return nil }
    let calendar = CFCalendar.standard
    let days =
      calendar.dayNumber(year: year, month: month, day: dayOfMonth) - calendar.dayNumber(year: 1900, month: 1, day: 1)
    return Double(days * 24 + clock / 100) + Double(clock % 100) / 60
  }

  private static func description(_ message: GRIBMessage) -> VariableDescription {
    var attributes: [(String, String)] = []
    func add(_ name: String, _ text: String?) { if let text { attributes.append((name, text)) } }
    add("standard_name", message.text("cfName"))
    add("long_name", message.text("name"))
    let methods = ["accum": "sum", "avg": "mean", "max": "maximum", "min": "minimum"]
    add("cell_methods", message.text("stepType").flatMap { methods[$0] }.map { "time: \($0)" })
    add("GRIB_shortName", message.text("shortName"))
    add("GRIB_typeOfLevel", message.text("typeOfLevel"))
    add("GRIB_gridType", message.text("gridType"))
    add("GRIB_stepType", message.text("stepType"))
    return VariableDescription(attributes: attributes, units: message.text("units") ?? "")
  }

  private static func gridKey(_ message: GRIBMessage) -> String {
    message.text("md5GridSection")
      ?? ["gridType", "numberOfPoints", "latitudeOfFirstGridPoint", "longitudeOfFirstGridPoint"]
      .map { message.text($0) ?? "" }.joined(separator: " ")
  }
}
