// The bytes of a file that may be compressed by gzip: zlib passes other files on as they are.

import CZlib
import Foundation
import SextantStorage

/// Reads files, decompressed where they are gzipped.
enum UnpackedFile {
  /// All bytes of the file at `path`. Throws `FileError`.
  static func bytes(_ path: String) throws -> [UInt8] { try read(path, limit: .max) }

  /// At most the first `limit` bytes; nil where there is no file that can be read.
  static func head(_ path: String, limit: Int) -> Data? { (try? read(path, limit: limit)).map { Data($0) } }

  private static func read(_ path: String, limit: Int) throws -> [UInt8] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw FileError.missing(path: path) }
    guard !isFolder.boolValue, let file = gzopen(path, "rb") else {
      throw FileError.system(action: "read the file", path: path, reason: "it is a folder or not readable")
    }
    defer { gzclose(file) }
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: min(limit, 1 << 18))
    while result.count < limit {
      let length = gzread(file, &piece, UInt32(min(piece.count, limit - result.count)))
      guard length >= 0 else {
        var code: Int32 = 0
        throw FileError.system(action: "read the file", path: path, reason: String(cString: gzerror(file, &code)))
      }
      if length == 0 { break }
      result += piece.prefix(Int(length))
    }
    return result
  }
}
