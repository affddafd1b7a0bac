// The bytes of files, unpacked where they are gzipped, and zlib streams inside of files. This is the one place that
// decompresses: a format that reads the bytes of a file takes them from here, and reads `name.csv.gz` like `name.csv`.
// Other kinds of compression are named with the way out (see FileSignature). Not here: NetCDF, whose library reads and
// decompresses its files itself.

import CZlib
import Foundation

/// Reads files that may be gzipped.
public enum FileContents {
  /// The bytes of the file at `path`, unpacked if it is gzipped.
  ///
  /// Throws ``FileError/missing(path:)`` where there is no file, and ``FileError/system(action:path:reason:)`` for a
  /// folder, a file that may not be read, and a gzip file that is cut off or damaged.
  public static func data(of path: String) throws -> Data {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    guard !isFolder.boolValue else {
      throw FileError.system(action: "read the file", path: path, reason: "it is a folder")
    }
    guard isCompressed(path) else {
      do {
        return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
      } catch {
        throw FileError.system(action: "read the file", path: path, reason: error.localizedDescription)
      }
    }
    return try unpacked(path, limit: .max)
  }

  /// The first bytes of a file, at most `count` of them, unpacked if it is gzipped; nil where it cannot be read.
  public static func head(of path: String, count: Int) -> Data? {
    if isCompressed(path) { return try? unpacked(path, limit: count) }
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: count)) ?? Data()
  }

  /// The number of bytes of a file after unpacking; nil where it cannot be read. A gzip file states it in its last four
  /// bytes, up to 4 GiB.
  public static func size(of path: String) -> Int? {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let size = (attributes[.size] as? NSNumber)?.intValue
    else { return nil }
    guard isCompressed(path) else { return size }
    guard size >= 18, let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    guard (try? handle.seek(toOffset: UInt64(size - 4))) != nil, let end = try? handle.read(upToCount: 4), end.count == 4
    else { return nil }
    return end.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Whether the file at `path` is gzipped, by its first two bytes.
  public static func isCompressed(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    return [UInt8]((try? handle.read(upToCount: 2)) ?? Data()) == [0x1F, 0x8B]
  }

  /// The ending of a name in lower case and without the dot, leaving out that of gzip: "ply" of "scan.PLY.gz".
  public static func ending(of path: String) -> String {
    let url = URL(fileURLWithPath: path)
    let own = url.pathExtension.lowercased()
    return own == "gz" ? url.deletingPathExtension().pathExtension.lowercased() : own
  }

  /// The bytes of a zlib or gzip stream; nil where it is damaged.
  ///
  /// - Parameters:
  ///   - bytes: The compressed stream.
  ///   - expectedCount: The number of bytes that it should give; nil where it is not known.
  public static func inflated(_ bytes: some Collection<UInt8>, expectedCount: Int? = nil) -> [UInt8]? {
    var input = Array(bytes)
    var stream = z_stream()
    // 32 more than the largest window: the kind of header is detected.
    guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    // What a file says of its own size is believed as far as the data can hold: zlib packs 1032 bytes into one at most.
    if let expectedCount { output.reserveCapacity(min(expectedCount, 1032 * input.count + 64)) }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let isWhole = input.withUnsafeMutableBufferPointer { source -> Bool in
      guard let start = source.baseAddress, source.count <= Int(UInt32.max) else { return false }
      stream.next_in = start
      stream.avail_in = UInt32(source.count)
      while true {
        let status = piece.withUnsafeMutableBufferPointer { target -> Int32 in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          return inflate(&stream, Z_NO_FLUSH)
        }
        output += piece.prefix(piece.count - Int(stream.avail_out))
        if status == Z_STREAM_END { return true }
        guard status == Z_OK, expectedCount.map({ output.count <= $0 }) ?? true else { return false }
      }
    }
    guard isWhole, expectedCount.map({ output.count == $0 }) ?? true else { return nil }
    return output
  }

  /// The bytes as a zlib stream; nil where zlib fails.
  public static func deflated(_ bytes: [UInt8]) -> [UInt8]? {
    var length = compressBound(UInt(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(length))
    guard compress2(&output, &length, bytes, UInt(bytes.count), Z_DEFAULT_COMPRESSION) == Z_OK else { return nil }
    return Array(output.prefix(Int(length)))
  }

  private static func unpacked(_ path: String, limit: Int) throws -> Data {
    guard let file = gzopen(path, "rb") else {
      throw FileError.system(action: "read the file", path: path, reason: String(cString: strerror(errno)))
    }
    defer { gzclose(file) }
    var result = Data()
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while result.count < limit {
      let length = gzread(file, &piece, UInt32(min(piece.count, limit - result.count)))
      var code: Int32 = 0
      let reason = String(cString: gzerror(file, &code))
      guard length >= 0, code == Z_OK || code == Z_STREAM_END else {
        throw FileError.system(
          action: "unpack the file", path: path, reason: code == Z_BUF_ERROR ? "it is cut off" : reason)
      }
      if length == 0 { break }
      result.append(contentsOf: piece.prefix(Int(length)))
    }
    return result
  }
}
