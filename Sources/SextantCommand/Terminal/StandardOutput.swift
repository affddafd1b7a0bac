// Where results go: text for people, JSON for programs, both to standard output.

import Foundation

/// Results on standard output.
enum StandardOutput {
  /// Prints a line.
  static func line(_ text: String = "") { print(text) }

  /// Prints `value` as JSON, its keys sorted so that two runs can be compared.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // JSON has no infinities; a score that is one should still be printed.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    line(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
