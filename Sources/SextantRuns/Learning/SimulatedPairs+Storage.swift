// Simulated pairs on disk, so that a training that was stopped need not simulate them again.

import Foundation
import SextantArrays
import SextantStorage

extension SimulatedPairs {
  private static let identityKey = "sextant_pairs"
  private static let secondsKey = "sextant_seconds"

  func write(to path: String, identity: String) throws {
    var writer = SafetensorsWriter(metadata: [Self.identityKey: identity, Self.secondsKey: "\(seconds)"])
    writer.add("features", features)
    writer.add("targets", targets)
    writer.add("weights", weights)
    writer.add("held_out", booleans: isHeldOut)
    try writer.write(to: path, overwrite: true)
  }

  /// The pairs in a file; nil if there is none, or it holds those of another training.
  init?(contentsOf path: String, identity: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard file.metadata[Self.identityKey] == identity else { return nil }
    seconds = file.metadata[Self.secondsKey].flatMap { Double($0) } ?? 0
    features = try file.floats("features")
    targets = try file.floats("targets")
    weights = try file.floats("weights", shape: targets.shape)
    isHeldOut = try file.booleans("held_out")
    guard isHeldOut.count == features.shape.first, targets.shape.first == features.shape.first else { return nil }
  }
}
