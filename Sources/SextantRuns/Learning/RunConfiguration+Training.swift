// The whole of `sextant train`: the prior, then what is learned on top of it. A run that was stopped goes on where it was.

import Foundation
import SextantStorage

extension RunConfiguration {
  /// Trains everything that the configuration describes into the run's folder.
  ///
  /// Where the folder holds the beginnings of the same training, it is finished; otherwise what is there is kept unless
  /// `overwrite` says so. Throws what the parts throw.
  public func train(
    overwrite: Bool, progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> TrainedModel {
    guard let flow else {
      return try training.run(folder: output, overwrite: overwrite, progress: progress, interruption: interruption)
    }
    let flowFile = output + "/" + TrainedFlow.fileName
    try WholeFile.checkIsFree(flowFile, overwrite: overwrite)
    if overwrite { try removeTrainings() }
    var model = try beginning(progress: progress, interruption: interruption)
    model.flow = try FlowTraining(prior: training, settings: flow).run(
      model: model, folder: output, progress: progress, interruption: interruption)
    return model
  }

  /// The prior of a training that was stopped, if it is this one's; else a new one.
  private func beginning(progress: any ProgressObserver, interruption: Interruption) throws -> TrainedModel {
    let isBegun = FileManager.default.fileExists(atPath: output + "/flow.last.safetensors")
    if isBegun, let earlier = try? TrainedModel(contentsOf: output) { return earlier }
    return try training.run(folder: output, overwrite: true, progress: progress, interruption: interruption)
  }

  private func removeTrainings() throws {
    for name in [
      "flow.last.safetensors", "flow.best.safetensors", "flow.safetensors", "flow.jsonl", "flow.pairs.safetensors",
    ] {
      let path = output + "/" + name
      guard FileManager.default.fileExists(atPath: path) else { continue }
      do {
        try FileManager.default.removeItem(atPath: path)
      } catch {
        throw FileError.system(action: "remove the earlier training", path: path, reason: error.localizedDescription)
      }
    }
  }
}
