// From a YAML file and the changes of the command line to a reader of the file's top section. Serves every kind of
// configuration: those of runs and those of studies.

import Foundation
import SextantConfiguration
import SextantStorage

extension ConfigurationReader {
  /// Opens a YAML file and applies overrides such as "prior.modes=80".
  ///
  /// - Returns: The reader, and the list in which each setting is recorded as it is read.
  /// - Throws: ``FileError`` and ``ConfigurationError``, which name file, line and column.
  public static func open(
    path: String, overrides: [String] = []
  ) throws -> (reader: ConfigurationReader, settings: ResolvedSettings) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    if isFolder.boolValue { throw FileError.system(action: "read the file", path: path, reason: "it is a folder") }
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
    let parsed = try parse(text, path: path, overrides: overrides)
    // An empty file is more often a mistake than a wish for all defaults.
    if parsed.reader.keys.isEmpty {
      throw ConfigurationError.wrongValue(
        origin: .file(path: path, line: 1, column: 1), key: "the configuration",
        expected: "a section of KEY: VALUE lines", found: data.isEmpty ? "an empty file (0 bytes)" : "no line")
    }
    return parsed
  }

  /// Reads YAML text; errors call it `path`.
  public static func parse(
    _ text: String, path: String, overrides: [String] = []
  ) throws -> (reader: ConfigurationReader, settings: ResolvedSettings) {
    var node = try ConfigurationNode(yaml: text) { .file(path: path, line: $0, column: $1) }
    for override in overrides {
      try node.override(with: override) { text, origin in try ConfigurationNode(yaml: text) { _, _ in origin } }
    }
    let settings = ResolvedSettings()
    return (try ConfigurationReader(node, resolved: settings), settings)
  }
}
