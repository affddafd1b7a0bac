// A NetCDF file opened for reading: a thin, safe wrapper around libnetcdf, independent of CF, grids and units. Groups
// are flattened: the name of a variable in a group is prefixed by the group's name and a slash.

import CNetCDF
import Foundation

/// A NetCDF file, open for reading until its last reference is released.
public final class NetCDFFile: Sendable {
  /// The path of the file.
  public let path: String
  let id: Int32
  /// The kind of file, such as "netCDF-4" or "64-bit offset".
  public let format: String
  /// All dimensions, including those of groups.
  public let dimensions: [NetCDFDimension]
  /// All variables, including those of groups.
  public let variables: [NetCDFVariable]
  /// The attributes of the file.
  public let attributes: [NetCDFAttribute]

  /// Opens `path` for reading.
  ///
  /// Throws ``NetCDFError`` if the file does not exist, is truncated, or is GRIB or anything else than NetCDF.
  public convenience init(path: String) throws {
    try FileKind.requireNetCDF(path)
    var id: Int32 = -1
    try NetCDFLibrary.check("open the file", path: path) { nc_open(path, NC_NOWRITE, &id) }
    do {
      try self.init(path: path, openID: id)
    } catch {
      _ = NetCDFLibrary.withLock { nc_close(id) }
      throw error
    }
  }

  private init(path: String, openID id: Int32) throws {
    self.path = path
    self.id = id
    let reader = NetCDFInventoryReader(path: path)
    format = try reader.format(of: id)
    let inventory = try reader.inventory(of: id)
    dimensions = inventory.dimensions
    variables = inventory.variables
    attributes = try reader.attributes(group: id, variable: NC_GLOBAL, name: nil)
  }

  deinit { _ = NetCDFLibrary.withLock { nc_close(id) } }

  /// The variable `name`, if it exists.
  public func variable(_ name: String) -> NetCDFVariable? { variables.first { $0.name == name } }

  /// The text of the global attribute `name`, if it exists.
  public func text(_ name: String) -> String? { attributes.first { $0.name == name }?.value.text }
}
