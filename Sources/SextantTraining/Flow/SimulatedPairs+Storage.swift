// Simulated pairs on disk, so that a training that was stopped need not simulate them again.

import Foundation
import SextantArrays
import SextantModels
import SextantSolvers
import SextantStorage

extension SimulatedPairs {
  func write(to path: String, identity: String) throws {
    var writer = SimulationFile.writer(identity: identity, seconds: seconds)
    writer.add("features", features)
    writer.add("targets", targets)
    writer.add("weights", weights)
    if let noise {
      writer.add("variances", noise.variances)
      writer.add("signs", noise.signs)
    }
    writer.add("held_out", booleans: isHeldOut)
    try writer.write(to: path, overwrite: true)
  }

  /// The pairs in a file; nil if there is none, or it holds those of another training.
  init?(contentsOf path: String, identity: String) throws {
    guard let (file, seconds) = try SimulationFile.open(path, identity: identity) else { return nil }
    self.seconds = seconds
    features = try file.floats("features")
    targets = try file.floats("targets")
    weights = try file.floats("weights", shape: targets.shape)
    noise =
      try file.contains("variances")
      ? TargetNoise(
        variances: file.floats("variances", shape: targets.shape), signs: file.floats("signs", shape: targets.shape)) : nil
    viewCount = TrainingPairs.viewCount(isMeasured: noise != nil)
    isHeldOut = try file.booleans("held_out")
    guard isHeldOut.count == features.shape.first, targets.shape.first == features.shape.first else { return nil }
  }
}
