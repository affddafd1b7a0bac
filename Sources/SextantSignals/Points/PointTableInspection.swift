// The description of a table of observations: what its columns were recognised as, how many places and times there are,
// and what speaks against reading it as it stands.

import Foundation
import SextantGeometry

/// What is in a table of observations.
struct PointTableInspection: SignalInspection {
  static var kind: String { "observations" }

  let path: String
  let observationCount: Int
  /// Distinct places.
  let placeCount: Int
  /// Distinct times; nil for a table without times.
  let timeCount: Int?
  let firstTime: String?
  let lastTime: String?
  let latitudes: ClosedRange<Double>?
  let longitudes: ClosedRange<Double>?
  /// The column of each recognised role.
  let roles: [String: String]
  /// The column with the noise of each variable that has one, by the variable's name: what `impute` uses.
  let noiseColumns: [String: String]
  /// The variables without a column of noise.
  let variablesWithoutNoise: [String]
  /// The columns of numbers.
  let columns: [NumbersInspection.Column]
  /// The columns of text, which are not read.
  let textColumns: [String]
  let problems: [String]

  /// Throws `FileError`, ``VertexFileError`` and ``SignalFormatError``.
  ///
  /// `settings` names columns by their role.
  init(_ path: String, settings: [String: String] = [:]) throws {
    let table = try PointTable(path, settings: settings)
    self.path = path
    observationCount = table.count
    let places = try table.places()
    let known = places.filter(PointPlaces.isKnown)
    placeCount = Set(known).count
    func range(_ numbers: [Double]) -> ClosedRange<Double>? {
      numbers.min().flatMap { low in numbers.max().map { low...$0 } }
    }
    (latitudes, longitudes) = (range(known.map(\.latitude)), range(known.map(\.longitude)))
    let (times, columns) = (try table.times(), table.columns)
    let texts = times.map { Set($0.compactMap { $0?.text }).sorted() }
    (timeCount, firstTime, lastTime) = (texts?.count, texts?.first, texts?.last)
    roles = Dictionary(
      uniqueKeysWithValues: [
        ("latitude", columns.latitude), ("longitude", columns.longitude), ("time", columns.time), ("level", columns.level),
        ("noise", columns.noise),
      ].compactMap { role, column in column.map { (role, $0.name) } })
    let variables = table.valueNames
    noiseColumns = table.noiseColumns(of: variables).mapValues(\.name)
    variablesWithoutNoise = variables.filter { [noiseColumns] in noiseColumns[$0] == nil }
    self.columns = try table.numericColumns.map { column in
      NumbersInspection.Column(
        name: column.name + (column.units.isEmpty ? "" : " [\(column.units)]"), try table.numbers(column).lazy.map { Float($0) })
    }
    textColumns = table.textColumns.map(\.name)
    var problems: [String] = []
    if known.count < places.count { problems.append("\(places.count - known.count) observations have no place and are left out.") }
    do {
      try PointPlaces.check(places, path: path, name: table.rowNames)
      let observations = PointObservations(
        path: path, places: places, times: times, level: table.levels, variables: [], values: [], name: table.rowNames)
      _ = try PointFields(observations, window: .sameTime, sharing: nil)
    } catch {
      problems.append("\(error)")
    }
    self.problems = problems
  }

  var description: String {
    func degrees(_ range: ClosedRange<Double>?) -> String {
      range.map { String(format: "%.6g to %.6g", $0.lowerBound, $0.upperBound) } ?? "none"
    }
    var lines = [
      "\(path): a table of \(observationCount) observations at \(placeCount) places",
      "  \(roles["latitude"] ?? "latitude")  \(degrees(latitudes)), the latitude",
      "  \(roles["longitude"] ?? "longitude")  \(degrees(longitudes)), the longitude",
    ]
    if let name = roles["time"], let timeCount {
      let ends = (timeCount == 1 ? [firstTime] : [firstTime, lastTime]).compactMap { $0 }.joined(separator: " to ")
      lines.append("  \(name)  \(timeCount == 1 ? "one time" : "\(timeCount) different times")\(ends.isEmpty ? "" : ", \(ends)")")
    }
    if let name = roles["level"] { lines.append("  \(name)  the level") }
    lines += noiseColumns.sorted { $0.key < $1.key }.map { "  \($0.value)  the noise of \($0.key)" }
    // A column of noise without the name of a variable serves a table with a single one.
    if let name = roles["noise"], !noiseColumns.values.contains(name) { lines.append("  \(name)  a noise, of which variable is not known") }
    lines += columns.map { column in
      let range = column.minimum.flatMap { low in column.maximum.map { String(format: "%.6g to %.6g", low, $0) } }
      return "  \(column.name)  \(range ?? "no number"), \(column.missingCount) missing"
    }
    let absent = PointColumns.settingNames.filter { roles[$0] == nil && !($0 == "noise" && !noiseColumns.isEmpty) }
    if !noiseColumns.isEmpty, !variablesWithoutNoise.isEmpty {
      lines.append("  no column is the noise of \(variablesWithoutNoise.joined(separator: " or of "))")
    }
    if !absent.isEmpty { lines.append("  no column is the \(absent.joined(separator: " or the "))") }
    lines.append("  another column is named by --columns \(absent.first ?? "latitude")=NAME, the variables by --variables NAME,NAME")
    if !textColumns.isEmpty { lines.append("  not read, because they hold text: \(textColumns.joined(separator: ", "))") }
    return (lines + problems.map { "problem: \($0)" } + columns.flatMap(\.suspects).problemLines).joined(separator: "\n")
  }
}
