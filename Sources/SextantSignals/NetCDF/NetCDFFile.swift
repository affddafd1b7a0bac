// A NetCDF file opened for reading: a thin, safe wrapper around libnetcdf, independent of CF, grids and units. Groups
// are flattened: the name of a variable in a group is prefixed by the group's name and a slash.

import CNetCDF
import Foundation

/// The values of variables that a file declares and another file holds.
protocol ExternalValues: Sendable {
  /// The stored numbers of a hyperslab, not-a-number where one is missing; nil for a variable that is not external.
  func values(of variable: String, start: [Int], count: [Int]) throws -> [Float]?
}

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
  /// Where the values of variables lie that the file itself does not hold.
  let external: (any ExternalValues)?
  /// The bytes of a file in memory, which the library reads until the file is closed.
  private nonisolated(unsafe) let memory: UnsafeMutableRawBufferPointer?

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

  /// Opens a NetCDF file in memory that describes the contents of another file, whose values are read elsewhere.
  ///
  /// - Parameters:
  ///   - header: the bytes of the file.
  ///   - path: the path of the other file, for messages.
  ///   - format: what the other file is.
  ///   - values: the values of the variables that the header only declares.
  convenience init(header: [UInt8], of path: String, format: String, values: any ExternalValues) throws {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: header.count, alignment: 16)
    memory.copyBytes(from: header)
    var id: Int32 = -1
    do {
      try NetCDFLibrary.check("describe the file", path: path) {
        nc_open_mem("header", NC_NOWRITE, memory.count, memory.baseAddress, &id)
      }
      try self.init(path: path, openID: id, format: format, external: values, memory: memory)
    } catch {
      if id >= 0 { _ = NetCDFLibrary.withLock { nc_close(id) } }
      memory.deallocate()
      throw error
    }
  }

  private init(
    path: String, openID id: Int32, format: String? = nil, external: (any ExternalValues)? = nil,
    memory: UnsafeMutableRawBufferPointer? = nil
  ) throws {
    self.path = path
    self.id = id
    self.external = external
    self.memory = memory
    let reader = NetCDFInventoryReader(path: path)
    self.format = try format ?? reader.format(of: id)
    let inventory = try reader.inventory(of: id)
    dimensions = inventory.dimensions
    variables = inventory.variables
    attributes = try reader.attributes(group: id, variable: NC_GLOBAL, name: nil)
  }

  deinit {
    _ = NetCDFLibrary.withLock { nc_close(id) }
    memory?.deallocate()
  }

  /// The variable `name`, if it exists.
  public func variable(_ name: String) -> NetCDFVariable? { variables.first { $0.name == name } }

  /// The text of the global attribute `name`, if it exists.
  public func text(_ name: String) -> String? { attributes.first { $0.name == name }?.value.text }
}
