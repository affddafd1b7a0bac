// The columns of a table of observations: which holds the latitudes, the longitudes, the times, the noise. They are named
// by the request or recognised by their titles. What is in brackets behind a title are its units.

import Foundation

/// The columns of a table of observations.
struct PointColumns: Sendable {
  /// A column.
  struct Column: Sendable {
    /// The title without units.
    var name: String
    /// The units behind the title; empty if there are none.
    var units: String
    /// Its place in each row.
    var place: Int
  }

  /// The settings by which a request names columns.
  static let settingNames = ["latitude", "longitude", "time", "noise", "level"]

  /// All columns, in the order of the table.
  let all: [Column]
  let latitude: Column
  let longitude: Column
  let time: Column?
  let level: Column?
  /// The column with the noise of the only variable, if the request or the title says so.
  let noise: Column?

  /// Recognises the columns of a table.
  ///
  /// - Parameters:
  ///   - titles: the first row of the table.
  ///   - settings: the names of columns that a request gives, by role.
  ///   - path: the file, for messages.
  /// - Throws: ``SignalFormatError`` for a named column that does not exist, and where there is no latitude or no
  ///   longitude.
  init(titles: [String], settings: [String: String], path: String) throws {
    let columns = titles.enumerated().map { Self.column($1, place: $0) }
    func find(_ role: String, _ known: Set<String>) throws -> Column? {
      if let wanted = settings[role] {
        guard let column = columns.first(where: { $0.name == wanted || titles[$0.place] == wanted }) else {
          throw VertexFileError.absentColumn(path: path, name: wanted, available: titles)
        }
        return column
      }
      return columns.first { known.contains($0.name.lowercased()) }
    }
    func required(_ role: String, _ known: Set<String>) throws -> Column {
      if let column = try find(role, known) { return column }
      throw SignalFormatError.unusablePlaces(
        path: path,
        reason: "no column is recognised as \(role). The columns are \(NetCDFError.abridged(titles)). Name it: --columns \(role)=NAME.")
    }
    all = columns
    latitude = try required("latitude", Self.latitudeNames)
    longitude = try required("longitude", Self.longitudeNames)
    time = try find("time", Self.timeNames)
    level = try find("level", Self.levelNames)
    noise = try find("noise", Self.noiseNames)
  }

  /// Whether the titles name places without any help.
  static func areRecognised(_ titles: [String]) -> (latitude: Int, longitude: Int)? {
    let names = titles.enumerated().map { Self.column($1, place: $0).name.lowercased() }
    guard let latitude = names.firstIndex(where: latitudeNames.contains),
      let longitude = names.firstIndex(where: longitudeNames.contains)
    else { return nil }
    return (latitude, longitude)
  }

  /// The columns that may hold variables, noise or flags: those that have no other role and do not name the observation.
  var others: [Column] {
    let taken = Set([latitude, longitude, time, level, noise].compactMap { $0?.place })
    return all.filter { !taken.contains($0.place) && !Self.identityNames.contains($0.name.lowercased()) }
  }

  /// The name of the variable whose noise a column called `name` holds; nil for any other column.
  static func noisyVariable(_ name: String, among names: [String]) -> String? {
    for suffix in ["_noise", "_error", "_uncertainty", "_sigma", "_std", "_stddev", "_stderr"] where name.hasSuffix(suffix) {
      let owner = String(name.dropLast(suffix.count))
      if names.contains(owner) { return owner }
    }
    return nil
  }

  static let latitudeNames: Set = ["lat", "lats", "latitude", "latitudes", "latitude_deg", "lat_deg", "nav_lat"]
  static let longitudeNames: Set = [
    "lon", "lons", "long", "lng", "longitude", "longitudes", "longitude_deg", "lon_deg", "nav_lon",
  ]
  static let timeNames: Set = ["time", "times", "date", "datetime", "date_time", "timestamp", "time_utc", "valid_time", "date_utc"]
  /// The last three are what tells apart fields of our own without times.
  static let levelNames: Set = ["level", "depth", "field", "sample", "realization"]
  static let noiseNames: Set = ["noise", "sigma", "error", "uncertainty", "std", "stddev", "standard_deviation"]
  /// Numbers that name a station or say where it stands, and are no measurements.
  static let identityNames: Set = [
    "id", "station", "station_id", "stationid", "wmo", "wmo_id", "name", "site", "platform", "cruise", "cast", "profile", "index",
    "elevation", "elev", "altitude", "alt",
  ]

  /// "t2m (K)", "t2m [K]" and "t2m" as name and units.
  private static func column(_ title: String, place: Int) -> Column {
    guard let match = title.wholeMatch(of: /(.*\S)\s*[\[(]([^\[\]()]*)[\])]/) else {
      return Column(name: title, units: "", place: place)
    }
    return Column(name: String(match.1), units: match.2.trimmingCharacters(in: .whitespaces), place: place)
  }
}
