// A coordinate that distinguishes fields. It is small and read completely, as numbers, times or words.

import Foundation

/// A coordinate along field dimensions, or a scalar coordinate of all fields.
struct FieldCoordinate: Sendable {
  let name: String
  let role: CoordinateRole?
  let standardName: String?
  /// The field dimensions of the coordinate; empty for a scalar.
  let dimensions: [NetCDFDimension]
  /// The values as texts for labels, row-major over `dimensions`.
  let texts: [String]
  /// The values as numbers, NaN if missing; nil for words.
  let numbers: [Double]?
  let units: String
  /// The values as times, if they are times.
  let times: [CFDateTime?]?

  init(_ variable: NetCDFVariable, role: CoordinateRole?, in file: NetCDFFile) throws {
    name = variable.name
    self.role = role
    standardName = variable.text("standard_name")
    units = variable.text("units") ?? ""
    dimensions = variable.type == .character ? variable.dimensions.dropLast() : variable.dimensions
    guard variable.type.isNumeric else {
      (texts, numbers, times) = (try file.texts(of: variable), nil, nil)
      return
    }
    let values = try file.values(of: variable)
    numbers = values
    if role == .time {
      let decoded = try Self.times(values, of: variable, in: file)
      times = decoded
      texts = decoded.map { $0?.text ?? "missing" }
    } else {
      times = nil
      let meanings = FlagMeanings(of: variable)?.wordsOfValues ?? [:]
      let suffix = ["", "1"].contains(units) ? "" : " \(units)"
      texts = values.map { meanings[$0] ?? ($0.isNaN ? "missing" : Self.text(of: $0) + suffix) }
    }
  }

  /// The index of the value for a field at `places` along `fieldDimensions`.
  func index(at places: [Int], along fieldDimensions: [FieldDimension]) -> Int {
    dimensions.reduce(0) { flat, dimension in
      let place = fieldDimensions.firstIndex { $0.dimension == dimension }.map { places[$0] } ?? 0
      return flat * dimension.length + place
    }
  }

  /// A number without unnecessary decimals.
  static func text(of number: Double) -> String {
    if number == number.rounded(), abs(number) < 1e15 { return String(Int(number)) }
    // Coordinates are often in single precision: 0.1 should not be shown as 0.10000000149011612.
    return Double(Float(number)) == number ? "\(Float(number))" : "\(number)"
  }

  private static func times(
    _ values: [Double], of variable: NetCDFVariable, in file: NetCDFFile
  ) throws -> [CFDateTime?] {
    let (unitsText, calendarName) = (variable.text("units") ?? "", variable.text("calendar") ?? "standard")
    guard let calendar = CFCalendar(cfName: calendarName) else {
      let known = CFCalendar.allCases.map(\.rawValue).joined(separator: ", ")
      throw NetCDFError.invalidCoordinate(
        path: file.path, variable: variable.name,
        reason: "unknown calendar \"\(calendarName)\"; expected one of \(known).")
    }
    guard let units = TimeUnits(unitsText, calendar: calendar) else {
      throw NetCDFError.invalidCoordinate(
        path: file.path, variable: variable.name,
        reason: "cannot read the time units \"\(unitsText)\" (calendar \(calendarName)); "
          + "expected a form such as \"hours since 1900-01-01 00:00:00\".")
    }
    return values.map { units.dateTime(of: $0) }
  }
}
