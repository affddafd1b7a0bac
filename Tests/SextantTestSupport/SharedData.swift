// Where the data that are not in the repository lie, for tests that need real ones.

import Foundation

/// The folder of shared data.
public enum SharedData {
  /// `$SEXTANT_DATA`, or `../shared/data`; nil where there is none.
  public static let folder: String? = {
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let beside = repository.deletingLastPathComponent().appendingPathComponent("shared/data").path
    let place = ProcessInfo.processInfo.environment["SEXTANT_DATA"] ?? beside
    return FileManager.default.fileExists(atPath: place) ? place : nil
  }()

  /// The paths of at most `limit` files of a folder such as "celeba/png64", evenly spread, with one of the endings.
  public static func files(_ name: String, endings: [String], limit: Int) -> [String] {
    guard let folder else { return [] }
    let inner = folder + "/" + name
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: inner)) ?? []).sorted().filter { file in
      endings.contains { file.hasSuffix("." + $0) }
    }
    let step = max(1, names.count / limit)
    return stride(from: 0, to: names.count, by: step).prefix(limit).map { inner + "/" + names[$0] }
  }
}
