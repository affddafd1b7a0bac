// The bytes of a file as mapped memory, which the system reads on access. The mapping outlives the file descriptor, and
// files written by `WholeFile` are replaced rather than truncated, so the mapping stays valid.

import Foundation

/// A file mapped for reading.
final class MappedFile: @unchecked Sendable {
  // Sendable is sound, because the memory is never written.
  let bytes: UnsafeRawBufferPointer

  /// Maps the file at `path`. Throws ``FileError``.
  init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw FileError.missing(path: path) }
      throw FileError.system(action: "open the file", path: path, reason: WholeFile.lastSystemError)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError.system(action: "read the file", path: path, reason: WholeFile.lastSystemError)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError.system(action: "read the file", path: path, reason: "it is not a regular file")
    }
    guard status.st_size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw FileError.system(action: "map the file", path: path, reason: WholeFile.lastSystemError)
    }
    bytes = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}
