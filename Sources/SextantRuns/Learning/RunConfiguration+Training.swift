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
    let last = flow != nil ? TrainedFlow.fileName : diffusion != nil ? TrainedDiffusion.fileName : nil
    guard let last else {
      let model = try training.run(
        folder: output, overwrite: overwrite, progress: progress, interruption: interruption)
      // Networks on top of an earlier model do not belong to this one.
      if overwrite { try removeTrainings() }
      return model
    }
    // What stands before the last part may be there already: the beginnings of this training.
    try WholeFile.checkIsFree(output + "/" + last, overwrite: overwrite)
    if overwrite { try removeTrainings() }
    var model = try beginning(progress: progress, interruption: interruption)
    if let diffusion {
      _ = try DiffusionTraining(prior: training, settings: diffusion).run(
        model: model, folder: output, progress: progress, interruption: interruption)
    }
    if let flow {
      model.flow = try FlowTraining(prior: training, settings: flow).run(
        model: model, folder: output, progress: progress, interruption: interruption)
    }
    return model
  }

  /// The prior of a training that was stopped, if it is this one's; else a new one.
  private func beginning(progress: any ProgressObserver, interruption: Interruption) throws -> TrainedModel {
    let isBegun = ["flow", "diffusion"].contains {
      FileManager.default.fileExists(atPath: output + "/\($0).last.safetensors")
    }
    if isBegun, let earlier = try? TrainedModel(contentsOf: output) { return earlier }
    return try training.run(folder: output, overwrite: true, progress: progress, interruption: interruption)
  }

  private func removeTrainings() throws {
    let names =
      ["flow", "diffusion"].flatMap { name in
        ["last.safetensors", "best.safetensors", "safetensors", "jsonl"].map { "\(name).\($0)" }
      } + ["flow.pairs.safetensors", HeldOutStates.fileName]
    for name in names {
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
