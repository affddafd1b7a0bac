// Places where an answer is wanted, from any file that has some.

import SextantGeometry

extension [any SignalFormat] {
  /// The places of a file: the rows of a table with latitudes and longitudes, or the vertices of any file of fields on
  /// the Earth.
  ///
  /// Throws `FileError`, and ``SignalFormatError/unusablePlaces(path:reason:)`` for places that do not exist.
  public func places(of path: String) throws -> [GeographicPoint] {
    if PointTable.isTable(path) {
      let table = try PointTable(path, settings: [:])
      let places = try table.places()
      try PointPlaces.check(places, path: path, name: table.rowNames)
      if let unknown = places.firstIndex(where: { !PointPlaces.isKnown($0) }) {
        throw SignalFormatError.unusablePlaces(path: path, reason: "\(table.rowNames(unknown)) has no latitude or no longitude.")
      }
      return places
    }
    let format = try format(of: path)
    do {
      return try format.open(SignalRequest(path: path)).domain.requiredGeography(for: "A list of places").points
    } catch SignalFormatError.meshUnknown {
      throw SignalFormatError.unusablePlaces(
        path: path, reason: "no columns are recognised as latitude and longitude. Give the table titles: latitude,longitude.")
    }
  }
}
