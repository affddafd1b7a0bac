// Paths as configurations write them: with environment variables, and with the shell's wildcards.

import Foundation

/// Turns written paths into those of files.
package enum FilePatterns {
  /// The text with each `${NAME}` replaced by the environment variable NAME.
  ///
  /// Throws ``RunError/invalid(_:)`` for a variable that is not set.
  package static func expandVariables(in text: String) throws -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "${") {
      result += rest[..<start.lowerBound]
      guard let end = rest.range(of: "}", range: start.upperBound..<rest.endIndex) else { break }
      let name = String(rest[start.upperBound..<end.lowerBound])
      guard let value = ProcessInfo.processInfo.environment[name] else {
        throw RunError.invalid(
          "'\(text)': the environment variable \(name) is not set. Set it to the folder that it stands for.")
      }
      result += value
      rest = rest[end.upperBound...]
    }
    return result + rest
  }

  /// The files that the paths mean, those of a wildcard in alphabetical order.
  ///
  /// Throws ``RunError/invalid(_:)`` for a wildcard that no file matches.
  package static func files(matching paths: [String]) throws -> [String] {
    try paths.flatMap { path -> [String] in
      // An address may contain a question mark; opening it says what to do.
      guard path.contains(where: { "*?[".contains($0) }), !path.contains("://") else { return [path] }
      var matches = glob_t()
      defer { globfree(&matches) }
      guard glob(path, 0, nil, &matches) == 0 else {
        throw RunError.invalid("'\(path)': no file matches. Check the folder and the pattern.")
      }
      return (0..<Int(matches.gl_pathc)).compactMap { index in matches.gl_pathv[index].map { String(cString: $0) } }
    }
  }
}
