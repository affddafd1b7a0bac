// Networks whose training was begun and not finished: their checkpoints lie in the run's folder, and the network does not.

import Foundation
import SextantSolvers

/// The training of one network in a run's folder.
struct UnfinishedTraining {
  /// The name of the training, which is the beginning of the names of its files.
  private let name: String
  private let folder: String
  private let checkpoint: String

  /// Nil where the network is there, or its training was not begun.
  ///
  /// - Parameters:
  ///   - name: `flow` or `diffusion`.
  ///   - folder: The folder of the run.
  init?(_ name: String, in folder: String) {
    func isThere(_ file: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + file) }
    let checkpoints = ["\(name).last.safetensors", "\(name).pairs.safetensors"]
    guard !isThere("\(name).safetensors"), let found = checkpoints.first(where: isThere) else { return nil }
    (self.name, self.folder, checkpoint) = (name, folder, found)
  }

  /// The refusal of a method that needs the network.
  func error(for method: Method) -> RunError {
    .invalid(
      "\(folder): '\(method.name)' needs \(name).safetensors, and its training was interrupted: \(checkpoint) is there, the finished network is not. Run `sextant train` with the run's configuration again, without --overwrite: it goes on where it was."
    )
  }
}
