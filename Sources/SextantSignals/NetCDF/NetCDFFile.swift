// A NetCDF file that is open for reading: a thin and safe wrapper around libnetcdf, which knows nothing of
// CF, grids or units. Groups are flattened: a variable of a group bears the group's name and a slash.

import CNetCDF
import Foundation

/// A NetCDF file, open for reading until the last reference goes.
public final class NetCDFFile: Sendable {
  /// Where the file is.
  public let path: String
  let id: Int32
  /// The kind of file, such as "netCDF-4" or "64-bit offset".
  public let format: String
  /// All dimensions, those of groups included.
  public let dimensions: [NetCDFDimension]
  /// All variables, those of groups included.
  public let variables: [NetCDFVariable]
  /// The attributes of the file.
  public let attributes: [NetCDFAttribute]

  /// Opens `path` for reading.
  ///
  /// Throws ``NetCDFError`` naming the file if it is absent, cut off, GRIB or anything else than NetCDF.
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

  /// The variable `name`, if there.
  public func variable(_ name: String) -> NetCDFVariable? { variables.first { $0.name == name } }

  /// The text of the global attribute `name`, if there.
  public func text(_ name: String) -> String? { attributes.first { $0.name == name }?.value.text }
}
