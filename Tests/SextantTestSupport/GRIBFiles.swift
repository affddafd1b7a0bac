// Small GRIB files for tests, made by ecCodes from its own samples.

import CEcCodes
import Foundation

/// A GRIB message to be written.
public struct GRIBSample: Sendable {
  /// The sample of ecCodes that it starts from.
  public var sample: String
  /// Whole numbers by their keys.
  public var numbers: KeyValuePairs<String, Int>
  /// Texts by their keys.
  public var texts: KeyValuePairs<String, String>
  /// The number of places along each latitude, for a reduced Gaussian grid; nil for the grid of the sample.
  public var pointsOfRows: [Int]?
  /// The value at a latitude and a longitude in degrees; not-a-number is missing.
  public var value: @Sendable (_ latitude: Double, _ longitude: Double) -> Double

  public init(
    _ sample: String = "regular_ll_sfc_grib1", numbers: KeyValuePairs<String, Int> = [:],
    texts: KeyValuePairs<String, String> = [:], pointsOfRows: [Int]? = nil,
    value: @escaping @Sendable (_ latitude: Double, _ longitude: Double) -> Double
  ) {
    (self.sample, self.numbers, self.texts, self.pointsOfRows, self.value) = (sample, numbers, texts, pointsOfRows, value)
  }

  /// A failure of ecCodes in a test.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Writes messages to a file, one after another, and returns its path.
  public static func write(_ samples: [GRIBSample], to path: String) throws -> String {
    var data = Data()
    for sample in samples { data += try sample.message() }
    try data.write(to: URL(fileURLWithPath: path))
    return path
  }

  /// The bytes of the message.
  public func message() throws -> Data {
    func check(_ status: Int32, _ key: String) throws {
      if status != CODES_SUCCESS { throw Failure(description: "\(key): \(String(cString: codes_get_error_message(status)))") }
    }
    guard let handle = codes_grib_handle_new_from_samples(nil, sample) else {
      throw Failure(description: "ecCodes has no sample \(sample)")
    }
    defer { codes_handle_delete(handle) }
    if let rows = pointsOfRows {
      let total = rows.reduce(0, +)
      try check(codes_set_long(handle, "N", rows.count / 2), "N")
      try check(codes_set_long(handle, "Nj", rows.count), "Nj")
      try check(codes_set_long_array(handle, "pl", rows, rows.count), "pl")
      try check(codes_set_long(handle, "numberOfDataPoints", total), "numberOfDataPoints")
      try check(codes_set_long(handle, "numberOfValues", total), "numberOfValues")
      try check(codes_set_double_array(handle, "values", [Double](repeating: 0, count: total), total), "values")
    }
    for (key, text) in texts {
      var length = text.utf8.count
      try check(codes_set_string(handle, key, text, &length), key)
    }
    for (key, number) in numbers { try check(codes_set_long(handle, key, number), key) }
    func array(_ key: String) throws -> [Double] {
      var count = 0
      try check(codes_get_size(handle, key, &count), key)
      var numbers = [Double](repeating: 0, count: count)
      try check(codes_get_double_array(handle, key, &numbers, &count), key)
      return numbers
    }
    let values = zip(try array("latitudes"), try array("longitudes")).map(value)
    if values.contains(where: \.isNaN) {
      try check(codes_set_long(handle, "bitmapPresent", 1), "bitmapPresent")
      try check(codes_set_double(handle, "missingValue", 9999), "missingValue")
    }
    try check(codes_set_long(handle, "bitsPerValue", 24), "bitsPerValue")
    try check(
      codes_set_double_array(handle, "values", values.map { $0.isNaN ? 9999 : $0 }, values.count), "values")
    var (start, length): (UnsafeRawPointer?, Int) = (nil, 0)
    try check(codes_get_message(handle, &start, &length), "message")
    return Data(bytes: start ?? UnsafeRawPointer(handle), count: start == nil ? 0 : length)
  }
}
