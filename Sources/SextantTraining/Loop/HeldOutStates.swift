// The fields that a diffusion prior was not shown, kept beside it so that it can be reported on without the archive.

import Foundation
import SextantArrays
import SextantGeometry
import SextantModels
import SextantPriors
import SextantSolvers
import SextantStorage

/// Standardised states (N×d) on disk.
package struct HeldOutStates: Sendable {
  package static let fileName = "diffusion.held-out.safetensors"
  private static let metadataKey = "sextant_held_out"

  package let states: Tensor<Float>
  package let fingerprint: String

  package init(states: Tensor<Float>, fingerprint: String) {
    (self.states, self.fingerprint) = (states, fingerprint)
  }

  package func write(toFolder folder: String) throws {
    var writer = SafetensorsWriter(metadata: [Self.metadataKey: fingerprint])
    writer.add("states", states)
    try writer.write(to: folder + "/" + Self.fileName, overwrite: true)
  }

  /// Opens what a training left in `folder`. Throws ``RunError``, ``ModelError``, ``SafetensorsError``.
  package init(folder: String, model: Model) throws {
    let path = folder + "/" + Self.fileName
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunError.invalid("\(folder): no \(Self.fileName) there. Train again, or name fields with --fields FILE.")
    }
    let file = try SafetensorsFile(path: path)
    let states = try file.floats("states")
    guard file.metadata[Self.metadataKey] == model.space.domain.fingerprint, states.shape.count == 2,
      states.columnCount == model.space.layout.count, states.rowCount > 0, states.isFinite
    else { throw ModelError.inconsistent(path: path, reason: "its fields are not states of the model beside it") }
    self.init(states: states, fingerprint: model.space.domain.fingerprint)
  }
}
