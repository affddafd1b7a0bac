// From a file of YAML, and what the command line changes in it, to a reader of its top section. Serves every kind of
// configuration: those of runs and those of studies.

import Foundation
import SextantStorage

extension ConfigurationReader {
  /// Opens a YAML file and puts overrides such as "prior.modes=80" in.
  ///
  /// - Returns: the reader, and the list that each setting is noted in as it is read.
  /// - Throws: ``FileError`` and ``ConfigurationError``, which name file, line and column.
  public static func open(
    path: String, overrides: [String] = []
  ) throws -> (reader: ConfigurationReader, settings: ResolvedSettings) {
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw FileError.system(action: "read the file", path: path, reason: error.localizedDescription)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw ConfigurationError.syntax(
        origin: .file(path: path, line: 1, column: 1), problem: "the file is not text in UTF-8")
    }
    return try parse(text, path: path, overrides: overrides)
  }

  /// Reads YAML text; `path` is what errors call it.
  public static func parse(
    _ text: String, path: String, overrides: [String] = []
  ) throws -> (reader: ConfigurationReader, settings: ResolvedSettings) {
    var node = try ConfigurationNode(yaml: text) { .file(path: path, line: $0, column: $1) }
    for override in overrides { try node.override(with: override) }
    let settings = ResolvedSettings()
    return (try ConfigurationReader(node, resolved: settings), settings)
  }
}
