// The climate data among the shared data.

import Foundation
import SextantTestSupport

extension SharedData {
  static var isPresent: Bool { folder.map { FileManager.default.fileExists(atPath: $0 + "/era5") } ?? false }

  static func path(_ name: String) -> String { (folder ?? "") + "/" + name }

  /// All NetCDF files of the folders that hold climate data.
  static var netCDFFiles: [String] {
    ["era5", "era5/original", "obs/original", "models", "models/original"].flatMap { name in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []
      return names.filter { $0.hasSuffix(".nc") }.sorted().map { path("\(name)/\($0)") }
    }
  }
}
