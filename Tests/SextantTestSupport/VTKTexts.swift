// The texts that a VTK file holds about the whole mesh.

import Foundation

/// Reads the field data of .vtp files.
public enum VTKTexts {
  /// The lines of each text in the file at `path`, by its name.
  public static func read(_ path: String) throws -> [String: [String]] {
    let file = try String(contentsOfFile: path, encoding: .utf8)
    var texts: [String: [String]] = [:]
    let pattern = /<DataArray type="String" Name="([^"]*)" NumberOfTuples="(\d+)" format="binary">([^<]*)</
    for match in file.matches(of: pattern) {
      // The length of the array as a number of eight bytes, and then each line with a zero byte at its end.
      let bytes = [UInt8](Data(base64Encoded: String(match.3)) ?? Data())
      let lines = bytes.dropFirst(8).split(separator: 0, omittingEmptySubsequences: false).dropLast()
      guard bytes.prefix(8).reversed().reduce(0, { $0 << 8 | Int($1) }) == bytes.count - 8, lines.count == Int(match.2)
      else { continue }
      texts[String(match.1)] = lines.map { String(decoding: $0, as: UTF8.self) }
    }
    return texts
  }
}
