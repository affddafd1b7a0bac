// A NumPy array that is written piece by piece, in any order, so that it may be larger than memory.

import Foundation
import SextantStorage

/// A new array file in single precision, rows first.
final class NPYWriter {
  private let handle: FileHandle
  /// The name that errors give; the file itself may have a temporary one.
  private let path: String
  private let bodyStart: Int
  private let count: Int
  /// The numbers that are written so far, as ranges that do not overlap.
  private var written: [Range<Int>] = []

  /// Creates the file at `place`, replacing what is there; errors name it `path`. Throws `FileError`.
  init(creating place: String, reportedAs path: String, shape: [Int]) throws {
    self.path = path
    count = shape.reduce(1, *)
    let header = NPYFile.header(shape: shape)
    bodyStart = header.count
    guard FileManager.default.createFile(atPath: place, contents: Data(header)),
      let handle = FileHandle(forWritingAtPath: place)
    else { throw FileError.system(action: "create the file", path: path, reason: String(cString: strerror(errno))) }
    self.handle = handle
  }

  deinit { try? handle.close() }

  /// Writes numbers from the number `start` of the array on.
  func write(_ values: [Float], at start: Int) throws {
    precondition(start >= 0 && start + values.count <= count, "\(values.count) numbers at \(start) of \(count)")
    var bytes = Data(capacity: 4 * values.count)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    try perform("write the file") {
      try handle.seek(toOffset: UInt64(bodyStart + 4 * start))
      try handle.write(contentsOf: bytes)
    }
    written.append(start..<start + values.count)
  }

  /// Finishes the file: numbers that were never written are not-a-number.
  func close() throws {
    var end = 0
    for range in written.sorted(by: { $0.lowerBound < $1.lowerBound }) + [count..<count] {
      if range.lowerBound > end { try write([Float](repeating: .nan, count: range.lowerBound - end), at: end) }
      end = max(end, range.upperBound)
    }
    try perform("finish the file") { try handle.close() }
  }

  private func perform(_ action: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      throw FileError.system(action: action, path: path, reason: error.localizedDescription)
    }
  }
}
