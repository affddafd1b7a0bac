// A single GRIB message through ecCodes, which decodes all editions, packings and grids. The library is called by one
// thread at a time, because it may have been built without locks of its own.

import CEcCodes
import Foundation

/// Serialises calls to ecCodes.
enum ECCodes {
  private static let lock = NSLock()

  /// Calls `body` while no other thread is inside the library.
  static func withLock<R>(_ body: () throws -> R) rethrows -> R {
    lock.lock()
    defer { lock.unlock() }
    // Errors are thrown with their reason, and not printed as well.
    codes_context_set_logging_proc(codes_context_get_default()) { _, _, _ in }
    return try body()
  }

  static func reason(_ status: Int32) -> String {
    codes_get_error_message(status).map { String(cString: $0) } ?? "status \(status)"
  }
}

/// An open GRIB file, from which messages are read one after another or by their place.
final class GRIBReader {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>

  init(_ path: String) throws {
    self.path = path
    guard let file = fopen(path, "rb") else {
      throw GRIBError.unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    self.file = file
  }

  deinit { fclose(file) }

  /// The next message, the `number`-th of the file; nil at its end.
  func next(_ number: Int) throws -> GRIBMessage? {
    var status: Int32 = 0
    let handle = ECCodes.withLock { codes_handle_new_from_file(nil, file, PRODUCT_GRIB, &status) }
    if let handle { return GRIBMessage(handle, path: path, number: number) }
    if status == CODES_SUCCESS || status == CODES_END_OF_FILE { return nil }
    throw GRIBError.truncated(path: path, message: number)
  }

  /// The message at an offset in bytes.
  func message(at offset: Int, number: Int) throws -> GRIBMessage {
    guard fseek(file, offset, SEEK_SET) == 0 else {
      throw GRIBError.unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    guard let message = try next(number) else { throw GRIBError.truncated(path: path, message: number) }
    return message
  }
}

/// A message.
final class GRIBMessage {
  private let handle: OpaquePointer
  private let path: String
  /// The number of the message in its file, from 1.
  let number: Int

  init(_ handle: OpaquePointer, path: String, number: Int) {
    (self.handle, self.path, self.number) = (handle, path, number)
  }

  deinit { ECCodes.withLock { _ = codes_handle_delete(handle) } }

  /// A whole number; nil if the message has none under this key.
  func whole(_ key: String) -> Int? {
    ECCodes.withLock {
      var (value, status) = (0, Int32(0))
      guard codes_is_defined(handle, key) != 0, codes_is_missing(handle, key, &status) == 0,
        codes_get_long(handle, key, &value) == CODES_SUCCESS
      else { return nil }
      return value
    }
  }

  /// A text; nil if the message has none under this key, or an unknown one.
  func text(_ key: String) -> String? {
    ECCodes.withLock {
      var length = 1024
      var bytes = [CChar](repeating: 0, count: length)
      guard codes_get_string(handle, key, &bytes, &length) == CODES_SUCCESS else { return nil }
      let text = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      return ["", "unknown", "~", "not_found"].contains(text) ? nil : text
    }
  }

  /// The numbers of an array.
  func numbers(_ key: String) throws -> [Double] {
    try ECCodes.withLock {
      var count = 0
      var status = codes_get_size(handle, key, &count)
      var numbers = [Double](repeating: 0, count: max(0, count))
      if status == CODES_SUCCESS, count > 0 { status = codes_get_double_array(handle, key, &numbers, &count) }
      guard status == CODES_SUCCESS else {
        throw GRIBError.library(path: path, message: number, key: key, reason: ECCodes.reason(status))
      }
      return Array(numbers.prefix(count))
    }
  }

  /// The values of the field, not-a-number where the bitmap says that one is missing.
  func values() throws -> [Float] {
    let gap = Double(Float.greatestFiniteMagnitude)
    ECCodes.withLock { _ = codes_set_double(handle, "missingValue", gap) }
    let hasGaps = whole("bitmapPresent") != 0
    return try numbers("values").map { hasGaps && $0 == gap ? .nan : Float($0) }
  }

  /// Whether the message contains several fields, of which ecCodes gives only the first.
  var hasSeveralFields: Bool {
    ECCodes.withLock {
      var (start, length): (UnsafeRawPointer?, Int) = (nil, 0)
      guard codes_get_message(handle, &start, &length) == CODES_SUCCESS, let start, length > 20 else { return false }
      let bytes = UnsafeRawBufferPointer(start: start, count: length)
      guard bytes[7] == 2 else { return false }
      // Edition 2: sections with a length of four bytes and a number; the data are in section 7.
      var (place, dataSections) = (16, 0)
      while place + 5 <= length, !bytes[place..<place + 4].elementsEqual(Array("7777".utf8)) {
        let size = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        if bytes[place + 4] == 7 { dataSections += 1 }
        guard size >= 5 else { return false }
        place += size
      }
      return dataSections > 1
    }
  }
}
