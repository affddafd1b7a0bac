// The members of a zip archive, read whole, by libzip. NumPy's .npz files are such archives.

import CZip
import SextantStorage

/// Reads members of a zip archive.
enum ZipArchive {
  /// The bytes of each member, by its name. Throws `FileError`.
  static func members(of path: String) throws -> [String: [UInt8]] {
    func failure(_ reason: String) -> FileError { .system(action: "read the archive", path: path, reason: reason) }
    var status: Int32 = 0
    guard let archive = zip_open(path, ZIP_RDONLY, &status) else {
      throw failure("it is not a zip archive, or is damaged (libzip's status \(status))")
    }
    defer { zip_discard(archive) }
    var result: [String: [UInt8]] = [:]
    for index in 0..<zip_uint64_t(max(0, zip_get_num_entries(archive, 0))) {
      var entry = zip_stat_t()
      zip_stat_init(&entry)
      guard zip_stat_index(archive, index, 0, &entry) == 0, let name = entry.name,
        let file = zip_fopen_index(archive, index, 0)
      else { throw failure("member \(index + 1) cannot be opened") }
      defer { zip_fclose(file) }
      // A size that a damaged directory states is believed only as far as the data go.
      var bytes: [UInt8] = []
      var block = [UInt8](repeating: 0, count: 1 << 20)
      while true {
        let count = zip_fread(file, &block, zip_uint64_t(block.count))
        guard count >= 0 else { throw failure("the member '\(String(cString: name))' is damaged") }
        if count == 0 { break }
        bytes += block[..<Int(count)]
      }
      guard bytes.count == Int(clamping: entry.size) else {
        throw failure("the member '\(String(cString: name))' is cut off")
      }
      result[String(cString: name)] = bytes
    }
    return result
  }
}
