// The role of a coordinate: latitude, time, level and so on. As in CF 4, units, standard_name, axis and positive come
// first; names come last, and only for variables without any of these attributes.

import Foundation

/// The role of a coordinate.
enum CoordinateRole: String, Sendable, Codable {
  case latitude, longitude, time, vertical, realization

  /// The role that a variable declares by its attributes; nil if it declares none.
  init?(of variable: NetCDFVariable) {
    let units = (variable.text("units") ?? "").trimmingCharacters(in: .whitespaces)
    let standardName = (variable.text("standard_name") ?? "").lowercased()
    guard variable.type.isNumeric else { return nil }
    if Self.latitudeUnits.contains(units.lowercased()) || standardName == "latitude" {
      self = .latitude
    } else if Self.longitudeUnits.contains(units.lowercased()) || standardName == "longitude" {
      self = .longitude
    } else if TimeUnits.looksLikeTime(units) {
      self = .time
    } else if standardName == "realization" {
      self = .realization
    } else if let role = Self.vertical(variable, units: units, standardName: standardName) {
      self = role
    } else if let role = Self.byName(variable, units: units, standardName: standardName) {
      self = role
    } else {
      return nil
    }
  }

  static let latitudeUnits: Set = [
    "degrees_north", "degree_north", "degrees_n", "degree_n", "degreesn", "degreen",
  ]
  static let longitudeUnits: Set = [
    "degrees_east", "degree_east", "degrees_e", "degree_e", "degreese", "degreee",
  ]
  private static let latitudeNames: Set = [
    "lat", "lats", "latitude", "latitudes", "nav_lat", "xlat", "clat", "vlat", "elat", "latcell", "latvertex",
  ]
  private static let longitudeNames: Set = [
    "lon", "lons", "long", "longitude", "longitudes", "nav_lon", "xlong", "clon", "vlon", "elon", "loncell", "lonvertex",
  ]
  private static let verticalNames: Set = [
    "air_pressure", "height", "altitude", "depth", "model_level_number", "geopotential_height",
    "atmosphere_sigma_coordinate",
    "atmosphere_hybrid_sigma_pressure_coordinate", "atmosphere_hybrid_height_coordinate", "ocean_sigma_coordinate",
    "ocean_s_coordinate", "air_potential_temperature",
  ]

  // Only coordinate variables and scalars, because a field of pressure or height is not a level.
  private static func vertical(_ variable: NetCDFVariable, units: String, standardName: String) -> CoordinateRole? {
    guard variable.isCoordinateVariable || variable.dimensions.isEmpty else { return nil }
    let isVertical =
      variable.text("axis")?.uppercased() == "Z" || ["up", "down"].contains(variable.text("positive")?.lowercased())
      || verticalNames.contains(standardName) || variable.text("formula_terms") != nil
      || (!units.isEmpty && Units.areConvertible(units, "Pa"))
    return isVertical ? .vertical : nil
  }

  private static func byName(_ variable: NetCDFVariable, units: String, standardName: String) -> CoordinateRole? {
    guard standardName.isEmpty, ["", "degrees", "degree", "deg", "radian", "radians", "rad"].contains(units.lowercased())
    else { return nil }
    let names = [variable.baseName.lowercased(), (variable.text("long_name") ?? "").lowercased()]
    if names.contains(where: latitudeNames.contains) { return .latitude }
    if names.contains(where: longitudeNames.contains) {
      return .longitude
    }
    return nil
  }
}
