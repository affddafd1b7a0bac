// Observations at places, one after another, as any file of stations, buoys, soundings or floats gives them: the common
// form of tables and of the discrete sampling geometries of CF, before observations are put together to fields.

import SextantGeometry

/// Numbers that were observed at places and times.
struct PointObservations: Sendable {
  /// The file.
  let path: String
  /// The place of each observation (n), not-a-number where the file has none.
  var places: [GeographicPoint]
  /// The time of each observation (n), nil where one is missing; nil for a file without times.
  var times: [CFDateTime?]?
  /// The name of the level or depth, and its text for each observation (n); nil for a file without one.
  var level: (name: String, texts: [String])?
  /// The observed variables (C).
  var variables: [Variable]
  /// The values of each variable (C × n), not-a-number where one is missing.
  var values: [[Float]]
  /// Numbers beside the variables by name (n each), such as the noise of a variable or a flag.
  var companions: [String: [Float]] = [:]
  /// What an observation is called in messages: "line 7" of a table, "observation 7" of an array.
  var name: @Sendable (_ index: Int) -> String = { "observation \($0 + 1)" }

  /// The number of observations n.
  var count: Int { places.count }
}

/// Places that cannot be those of observations.
enum PointPlaces {
  /// Whether a place is known.
  static func isKnown(_ place: GeographicPoint) -> Bool { place.latitude.isFinite && place.longitude.isFinite }

  /// Throws ``SignalFormatError/unusablePlaces(path:reason:)`` where no place is known, and for the first known place
  /// with a latitude or longitude that does not exist.
  static func check(_ places: [GeographicPoint], path: String, name: (Int) -> String) throws {
    let known = places.indices.filter { isKnown(places[$0]) }
    guard !known.isEmpty else {
      throw SignalFormatError.unusablePlaces(
        path: path,
        reason: places.isEmpty
          ? "there are no observations."
          : "none of the \(places.count) places has both a latitude and a longitude. Look for fill values in the coordinates.")
    }
    guard let bad = known.first(where: { abs(places[$0].latitude) > 90 || abs(places[$0].longitude) > 360 }) else { return }
    let place = places[bad]
    // Latitudes beyond the poles beside longitudes that would all be latitudes.
    let areSwapped = known.allSatisfy { abs(places[$0].longitude) <= 90 } && abs(place.latitude) <= 360
    let advice =
      areSwapped
      ? "Latitudes and longitudes seem to be swapped: exchange their names in the file, or for a table give --columns latitude=NAME,longitude=NAME."
      : "Expected degrees, with latitudes in −90…90 and longitudes in −360…360. Look for undeclared fill values and other units."
    throw SignalFormatError.unusablePlaces(
      path: path, reason: "\(name(bad)) is at latitude \(place.latitude) and longitude \(place.longitude). \(advice)")
  }
}
