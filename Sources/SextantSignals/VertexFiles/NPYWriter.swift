// A NumPy array that is written piece by piece, in any order, so that it may be larger than memory.

import Foundation
import SextantArrays
import SextantStorage

/// A new array file in single or double precision, rows first.
final class NPYWriter {
  private let handle: FileHandle
  /// The name that errors give; the file itself may have a temporary one.
  private let path: String
  private let bodyStart: Int
  private let count: Int
  private let isDouble: Bool
  /// The numbers that are written so far, as ranges that do not overlap.
  private var written: [Range<Int>] = []

  /// Creates the file at `place`, replacing what is there; errors name it `path`. Throws `FileError`.
  init(creating place: String, reportedAs path: String, shape: [Int], isDouble: Bool = false) throws {
    self.path = path
    self.isDouble = isDouble
    count = shape.reduce(1, *)
    let header = NPYFile.header(shape: shape, isDouble: isDouble)
    bodyStart = header.count
    guard FileManager.default.createFile(atPath: place, contents: Data(header)),
      let handle = FileHandle(forWritingAtPath: place)
    else { throw FileError.system(action: "create the file", path: path, reason: String(cString: strerror(errno))) }
    self.handle = handle
  }

  deinit { try? handle.close() }

  /// Writes numbers from the number `start` of the array on, rounded to the precision of the file.
  func write<Scalar: TensorScalar>(_ values: [Scalar], at start: Int) throws {
    precondition(start >= 0 && start + values.count <= count, "\(values.count) numbers at \(start) of \(count)")
    let width = isDouble ? 8 : 4
    var bytes = Data(capacity: width * values.count)
    for value in values {
      if isDouble {
        withUnsafeBytes(of: Double(value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      } else {
        withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
    try perform("write the file") {
      try handle.seek(toOffset: UInt64(bodyStart + width * start))
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
