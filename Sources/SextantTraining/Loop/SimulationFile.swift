// What files of simulated measurements have in common, whatever they hold: whose they are, and what it took to make them.

import Foundation
import SextantStorage

/// A file of simulated measurements that belongs to one training.
enum SimulationFile {
  private static let identityKey = "sextant_simulation"
  private static let secondsKey = "sextant_seconds"

  /// A writer for measurements that took `seconds` to simulate.
  static func writer(identity: String, seconds: Double) -> SafetensorsWriter {
    SafetensorsWriter(metadata: [identityKey: identity, secondsKey: "\(seconds)"])
  }

  /// Opens a file; nil if there is none, or it holds what was simulated for another training.
  static func open(_ path: String, identity: String) throws -> (file: SafetensorsFile, seconds: Double)? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard file.metadata[identityKey] == identity else { return nil }
    return (file, file.metadata[secondsKey].flatMap { Double($0) } ?? 0)
  }
}
