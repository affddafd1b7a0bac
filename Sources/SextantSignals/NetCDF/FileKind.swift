// Identifies a file by its first bytes, so that GRIB, text, empty and truncated files are reported as such rather than
// with a library's status.

import Foundation
import SextantStorage

enum FileKind {
  /// Throws unless `path` is a complete file that libnetcdf can be expected to open.
  static func requireNetCDF(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    if isFolder.boolValue { throw NetCDFError.notNetCDF(path: path, found: "a folder") }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileError.system(action: "open the file", path: path, reason: String(cString: strerror(errno)))
    }
    defer { try? handle.close() }
    let head = [UInt8]((try? handle.read(upToCount: 1024)) ?? Data())
    if head.isEmpty { throw NetCDFError.notNetCDF(path: path, found: "an empty file (0 bytes)") }
    if head.starts(with: Array("CDF".utf8)), head.count > 3, [1, 2, 5].contains(head[3]) {
      try ClassicHeader.requireWhole(path)
      return
    }
    if isHDF5(head) { return }
    if containsGRIB(head) { throw NetCDFError.grib(path: path) }
    throw NetCDFError.notNetCDF(path: path, found: FileSignature.description(of: head))
  }

  /// Whether the file at `path` begins like a NetCDF file; false if it cannot be read.
  static func isNetCDF(at path: String) -> Bool {
    let head = head(of: path)
    return head.starts(with: Array("CDF".utf8)) || isHDF5(head)
  }

  /// Whether the file at `path` begins as GRIB files do; false where it cannot be read.
  static func isGRIB(at path: String) -> Bool { containsGRIB(head(of: path)) }

  private static func head(of path: String) -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: path) else { return [] }
    defer { try? handle.close() }
    return [UInt8]((try? handle.read(upToCount: 1024)) ?? Data())
  }

  private static func isHDF5(_ head: [UInt8]) -> Bool {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    return [0, 512].contains { head.count >= $0 + 8 && head[$0..<$0 + 8].elementsEqual(signature) }
  }

  // A GRIB message may follow the header of a bulletin.
  private static func containsGRIB(_ head: [UInt8]) -> Bool {
    let word = Array("GRIB".utf8)
    guard head.count >= 8 else { return false }
    return (0...min(head.count - 8, 100)).contains {
      head[$0..<$0 + 4].elementsEqual(word) && [1, 2].contains(head[$0 + 7])
    }
  }
}
