// Which columns of a table hold what: for every command that reads tables of observations.

import ArgumentParser
import Foundation

/// Options about the columns of a table of observations.
struct TableOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The columns of a table of observations, where they are not recognised by their titles: latitude=NAME,longitude=NAME, and in the same way time, level and noise.",
      valueName: "role=name"))
  var columns: String?

  /// The columns by their roles, as the format of tables takes them.
  func settings() throws -> [String: String] {
    var result: [String: String] = [:]
    let roles = ["latitude", "longitude", "time", "level", "noise"]
    for text in (columns ?? "").split(separator: ",") {
      let parts = text.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, roles.contains(parts[0]) else {
        throw ValidationError("--columns \(text): expected ROLE=NAME, where the role is one of \(roles.joined(separator: ", ")).")
      }
      result[parts[0]] = parts[1]
    }
    return result
  }
}
