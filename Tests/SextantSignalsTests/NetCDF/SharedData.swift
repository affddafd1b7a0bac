// The folder of real data that developers may have beside the repository.

import Foundation

/// Real data, if it is there.
enum SharedData {
  private static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static var folder: URL {
    if let path = ProcessInfo.processInfo.environment["SEXTANT_DATA"] { return URL(fileURLWithPath: path) }
    return repository.deletingLastPathComponent().appendingPathComponent("shared/data")
  }

  static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.appendingPathComponent("era5").path) }

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// All NetCDF files of the folders that hold climate data.
  static var netCDFFiles: [String] {
    ["era5", "era5/original", "obs/original", "models", "models/original"].flatMap { name in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []
      return names.filter { $0.hasSuffix(".nc") }.sorted().map { path("\(name)/\($0)") }
    }
  }
}
