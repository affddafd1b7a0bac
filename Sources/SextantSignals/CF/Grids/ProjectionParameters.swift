// The attributes of CF's grid mappings (appendix F) as parameters of PROJ. A table of names: each mapping has a name in
// PROJ, and each attribute a parameter.

/// The parameters of a grid mapping.
struct ProjectionParameters {
  private let mapping: NetCDFVariable

  init(_ mapping: NetCDFVariable) { self.mapping = mapping }

  /// The grid mappings that are known by their attributes.
  static var names: [String] { projections.keys.sorted() }

  private static let projections = [
    "albers_conical_equal_area": "aea", "azimuthal_equidistant": "aeqd", "geostationary": "geos",
    "lambert_azimuthal_equal_area": "laea", "lambert_conformal_conic": "lcc", "lambert_cylindrical_equal_area": "cea",
    "mercator": "merc", "orthographic": "ortho", "polar_stereographic": "stere", "sinusoidal": "sinu",
    "stereographic": "stere", "transverse_mercator": "tmerc",
  ]

  /// The mapping for PROJ, such as "+proj=laea +lat_0=90 +lon_0=0 +R=6371228"; nil for an unknown mapping.
  var definition: String? {
    guard let name = mapping.text("grid_mapping_name")?.lowercased(), let projection = Self.projections[name] else {
      return nil
    }
    var words = ["+proj=\(projection)"]
    func add(_ parameter: String, _ value: Double?) { if let value { words.append("+\(parameter)=\(value)") } }
    let parallels = mapping.attribute("standard_parallel")?.numbers ?? []
    let scale =
      number("scale_factor_at_projection_origin") ?? number("scale_factor_at_central_meridian")
    var origin = number("latitude_of_projection_origin")
    switch projection {
    case "lcc", "aea":
      add("lat_1", parallels.first)
      add("lat_2", parallels.count > 1 ? parallels[1] : parallels.first)
    case "stere" where name == "polar_stereographic":
      // The pole is that of the hemisphere of the standard parallel, where no attribute says it.
      origin = origin ?? parallels.first.map { $0 < 0 ? -90 : 90 } ?? 90
      add("lat_ts", parallels.first)
    case "cea", "merc": add("lat_ts", parallels.first)
    case "geos":
      add("h", number("perspective_point_height"))
      if let axis = mapping.text("sweep_angle_axis") {
        words.append("+sweep=\(axis)")
      } else if let fixed = mapping.text("fixed_angle_axis") {
        words.append("+sweep=\(fixed.lowercased() == "x" ? "y" : "x")")
      }
    default: break
    }
    if !["cea", "merc", "geos", "sinu"].contains(projection) { add("lat_0", origin) }
    add(
      "lon_0",
      number("straight_vertical_longitude_from_pole") ?? number("longitude_of_central_meridian")
        ?? number("longitude_of_projection_origin"))
    if parallels.isEmpty { add("k_0", scale) }
    add("x_0", number("false_easting"))
    add("y_0", number("false_northing"))
    return (words + ellipsoid).joined(separator: " ")
  }

  func number(_ name: String) -> Double? { mapping.attribute(name)?.numbers?.first }

  private var ellipsoid: [String] {
    if let radius = number("earth_radius") { return ["+R=\(radius)"] }
    guard let major = number("semi_major_axis") else { return ["+ellps=WGS84"] }
    if let minor = number("semi_minor_axis") { return ["+a=\(major)", "+b=\(minor)"] }
    if let inverse = number("inverse_flattening"), inverse > 0 { return ["+a=\(major)", "+rf=\(inverse)"] }
    return ["+R=\(major)"]
  }
}
