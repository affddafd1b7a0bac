// Map projections in CF files, from the plane of the map to latitudes and longitudes, by the PROJ library. The grid
// mapping is read by its CF attributes (appendix F of the conventions), or else by the description of the coordinate
// reference system that it carries as well-known text. Latitudes are on the mapping's own ellipsoid.

import CPROJ
import Foundation

/// The map projection of a grid.
struct GridProjection {
  private let mapping: NetCDFVariable
  private let path: String
  /// What PROJ reads.
  private let definition: String
  /// What angular coordinates, in radians, are multiplied by: the height of a geostationary satellite.
  private let angularScale: Double?

  /// Throws ``NetCDFError/invalidCoordinate(path:variable:reason:)`` for a mapping that is not known.
  init(_ mapping: NetCDFVariable, path: String) throws {
    (self.mapping, self.path) = (mapping, path)
    let parameters = ProjectionParameters(mapping)
    angularScale = parameters.number("perspective_point_height")
    let texts = ["crs_wkt", "spatial_ref", "proj4", "proj4text", "proj4_string", "proj_string", "proj4_params"]
    if let definition = parameters.definition {
      self.definition = definition + " +type=crs"
    } else if let text = texts.lazy.compactMap({ mapping.text($0) }).first(where: { !$0.isEmpty }) {
      definition = text.hasPrefix("+") ? text + " +type=crs" : text
    } else {
      let name = mapping.text("grid_mapping_name") ?? ""
      throw NetCDFError.invalidCoordinate(
        path: path, variable: mapping.name,
        reason: "the grid mapping \"\(name)\" is not known. Expected one of \(ProjectionParameters.names.joined(separator: ", ")), or a description of the map projection in crs_wkt."
      )
    }
  }

  /// The latitudes and longitudes of the cells of a grid (rows · columns), not-a-number beyond the edge of the map.
  func places(of grid: HorizontalGrid, in file: NetCDFFile) throws -> (latitudes: [Double], longitudes: [Double]) {
    let (y, x) = (try lengths(grid.coordinates[0], in: file), try lengths(grid.coordinates[1], in: file))
    guard let context = proj_context_create() else { throw failure("the PROJ library does not start.") }
    defer { proj_context_destroy(context) }
    proj_log_level(context, PJ_LOG_NONE)
    guard let system = proj_create(context, definition) else {
      throw failure("PROJ does not know the map projection \"\(definition.prefix(200))\": \(reason(context)).")
    }
    defer { proj_destroy(system) }
    guard let geographic = proj_crs_get_geodetic_crs(context, system),
      let plain = proj_create_crs_to_crs_from_pj(context, system, geographic, nil, nil)
    else { throw failure("\"\(definition.prefix(200))\" is no map projection: \(reason(context)).") }
    defer {
      proj_destroy(geographic)
      proj_destroy(plain)
    }
    guard let transform = proj_normalize_for_visualization(context, plain) else {
      throw failure("PROJ cannot order the axes of \"\(definition.prefix(200))\": \(reason(context)).")
    }
    defer { proj_destroy(transform) }
    var (longitudes, latitudes) = (y.flatMap { _ in x }, y.flatMap { y in x.map { _ in y } })
    let stride = MemoryLayout<Double>.stride
    let count = longitudes.count
    _ = longitudes.withUnsafeMutableBufferPointer { x in
      latitudes.withUnsafeMutableBufferPointer { y in
        proj_trans_generic(
          transform, PJ_FWD, x.baseAddress, stride, count, y.baseAddress, stride, count, nil, 0, 0, nil, 0, 0)
      }
    }
    for i in 0..<count where !longitudes[i].isFinite || !latitudes[i].isFinite {
      (longitudes[i], latitudes[i]) = (.nan, .nan)
    }
    return (latitudes, longitudes)
  }

  /// A coordinate in metres; angles of a geostationary view are multiplied by the height.
  private func lengths(_ variable: NetCDFVariable, in file: NetCDFFile) throws -> [Double] {
    let values = try file.values(of: variable)
    guard values.allSatisfy(\.isFinite) else {
      throw NetCDFError.invalidCoordinate(
        path: path, variable: variable.name, reason: "some coordinates of the map are missing: expected a number for each.")
    }
    let units = variable.text("units") ?? ""
    if let angularScale, GridCoordinates.isInRadians(variable) || variable.text("standard_name")?.hasSuffix("angular_coordinate") == true {
      return values.map { $0 * angularScale }
    }
    guard !units.isEmpty else { return values }
    do {
      return try Units.convert(values, from: units, to: "m")
    } catch {
      throw NetCDFError.invalidCoordinate(
        path: path, variable: variable.name,
        reason: "the units \"\(units)\" of a coordinate of the map: expected a length, such as m or km.")
    }
  }

  private func failure(_ reason: String) -> NetCDFError {
    .invalidCoordinate(path: path, variable: mapping.name, reason: reason)
  }

  private func reason(_ context: OpaquePointer) -> String {
    let code = proj_context_errno(context)
    guard code != 0, let text = proj_context_errno_string(context, code) else { return "it cannot be read" }
    return String(cString: text)
  }
}
