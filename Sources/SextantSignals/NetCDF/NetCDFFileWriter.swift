// A NetCDF file during writing: a thin, safe wrapper around libnetcdf's functions for defining and writing, independent
// of CF (CFFileWriter). The file is complete only after `close()`; see WholeFile for atomic writing.

import CNetCDF
import Foundation

/// A new NetCDF file, opened for writing.
public final class NetCDFFileWriter {
  /// The NetCDF formats.
  public enum Format: Sendable, CaseIterable {
    case netCDF4, netCDF4Classic, classic, offset64Bit, data64Bit

    var flags: Int32 {
      switch self {
      case .netCDF4: NC_NETCDF4
      case .netCDF4Classic: NC_NETCDF4 | NC_CLASSIC_MODEL
      case .classic: 0
      case .offset64Bit: NC_64BIT_OFFSET
      case .data64Bit: NC_64BIT_DATA
      }
    }
  }

  /// The path in error messages; the file itself may have a temporary name.
  let path: String
  private let place: String
  private var id: Int32 = -1

  /// Creates `path`, replacing an existing file; errors refer to `name`. Only netCDF-4 has strings, groups and chunks.
  public init(creating path: String, reportedAs name: String, format: Format = .netCDF4) throws {
    self.path = name
    place = path
    try check("create the file") { nc_create(path, format.flags | NC_CLOBBER, &id) }
  }

  /// Creates a netCDF-4 file in memory; errors refer to `name`. See ``closeInMemory()``.
  init(inMemoryFor name: String) throws {
    path = name
    place = name
    try check("describe the file") { nc_create_mem("header", NC_NETCDF4 | NC_CLOBBER, 1 << 16, &id) }
  }

  /// Closes a file in memory and returns its bytes.
  func closeInMemory() throws -> [UInt8] {
    let open = id
    id = -1
    var memory = NC_memio()
    try check("describe the file") { nc_close_memio(open, &memory) }
    defer { free(memory.memory) }
    return [UInt8](UnsafeRawBufferPointer(start: memory.memory, count: memory.size))
  }

  deinit { if id >= 0 { _ = NetCDFLibrary.withLock { nc_close(id) } } }

  /// Flushes and closes the file; a full disk may become apparent only here.
  public func close() throws {
    guard id >= 0 else { return }
    let open = id
    id = -1
    try check("finish the file") { nc_close(open) }
  }

  private func check(_ action: String, variable: String? = nil, _ body: () -> Int32) throws {
    let status = NetCDFLibrary.withLock(body)
    guard status != NC_NOERR else { return }
    // For a full disk, the library reports only "HDF error".
    let reason = DiskSpace.shortage(for: place) ?? NetCDFLibrary.reason(of: status)
    throw NetCDFError.library(action: action, path: path, variable: variable, reason: reason)
  }

  /// Defines a dimension and returns its identifier.
  public func defineDimension(_ name: String, length: Int, isUnlimited: Bool = false) throws -> Int32 {
    var dimension: Int32 = 0
    try check("define dimension \(name)") { nc_def_dim(id, name, isUnlimited ? 0 : length, &dimension) }
    return dimension
  }

  /// Defines a variable and returns its identifier; `chunk` (one extent for each dimension) also enables compression.
  public func defineVariable(
    _ name: String, type: NetCDFType, dimensions: [Int32], chunk: [Int]? = nil, compression: Int = 0
  ) throws -> Int32 {
    var variable: Int32 = 0
    try check("define", variable: name) {
      nc_def_var(id, name, type.code, Int32(dimensions.count), dimensions + [0], &variable)
    }
    if let chunk, !dimensions.isEmpty {
      try check("define the chunks", variable: name) {
        nc_def_var_chunking(id, variable, NC_CHUNKED, chunk.map { max(1, $0) })
      }
      if compression > 0 {
        try check("define the compression", variable: name) {
          nc_def_var_deflate(id, variable, 1, 1, Int32(min(9, compression)))
        }
      }
    }
    return variable
  }

  /// Sets an attribute of a variable, or of the file if `variable` is nil.
  public func setAttribute(_ name: String, _ value: NetCDFAttributeValue, of variable: Int32? = nil) throws {
    let target = variable ?? NC_GLOBAL
    let action = "set attribute \(name)"
    switch value {
    case .text(let text):
      try check(action) { nc_put_att_text(id, target, name, text.utf8.count, text) }
    case .strings(let strings):
      try withCStrings(strings) { pointers in
        var pointers = pointers
        try check(action) { nc_put_att_string(id, target, name, pointers.count, &pointers) }
      }
    case .numbers(let numbers, let type):
      try check(action) { nc_put_att_double(id, target, name, type.code, numbers.count, numbers) }
    case .unreadable: break
    }
  }

  /// Copies an attribute of a variable in another file exactly as it is stored.
  func copyAttribute(_ name: String, of source: NetCDFVariable, to variable: Int32) throws {
    try check("copy attribute \(name)", variable: source.name) {
      nc_copy_att(source.groupID, source.id, name, id, variable)
    }
  }

  /// Ends the definitions; values can be written from now on.
  public func endDefinitions() throws { try check("end the header") { nc_enddef(id) } }

  /// Writes numbers, converted to the variable's type.
  public func put(_ values: [Double], variable: Int32, name: String, start: [Int], count: [Int]) throws {
    requireFit(values.count, count)
    try check("write the values", variable: name) { nc_put_vara_double(id, variable, start + [0], count + [0], values) }
  }

  /// Writes single-precision numbers.
  public func put(_ values: [Float], variable: Int32, name: String, start: [Int], count: [Int]) throws {
    requireFit(values.count, count)
    try check("write the values", variable: name) { nc_put_vara_float(id, variable, start + [0], count + [0], values) }
  }

  /// Writes small integers.
  public func put(_ values: [Int8], variable: Int32, name: String, start: [Int], count: [Int]) throws {
    requireFit(values.count, count)
    try check("write the values", variable: name) { nc_put_vara_schar(id, variable, start + [0], count + [0], values) }
  }

  /// Writes the bytes of values as they are in memory, in the variable's own type.
  func putBytes(_ bytes: [UInt8], variable: Int32, name: String, count: [Int]) throws {
    guard !bytes.isEmpty else { return }
    try check("write the values", variable: name) {
      nc_put_vara(id, variable, count.map { _ in 0 } + [0], count + [0], bytes)
    }
  }

  /// Writes texts to a variable of strings.
  public func put(_ texts: [String], variable: Int32, name: String, count: [Int]) throws {
    requireFit(texts.count, count)
    guard !texts.isEmpty else { return }
    try withCStrings(texts) { pointers in
      var pointers = pointers
      try check("write the texts", variable: name) {
        nc_put_vara_string(id, variable, count.map { _ in 0 } + [0], count + [0], &pointers)
      }
    }
  }

  private func requireFit(_ values: Int, _ count: [Int]) {
    precondition(values == count.reduce(1, *), "\(values) values for a hyperslab of \(count)")
  }

  private func withCStrings(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) throws -> Void) rethrows {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    try body(copies.map { UnsafePointer($0) })
  }
}
