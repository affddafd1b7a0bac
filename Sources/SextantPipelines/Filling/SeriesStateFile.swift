// The state of a causal run in a file: what is known after its last step, with what tells whether another run may go on
// from it.

import Foundation
import SextantArrays
import SextantModels
import SextantSolvers
import SextantStorage

/// The file that a causal run reads, if it is there, and writes at its end.
struct SeriesStateFile {
  private let path: String
  private let identity: [String: String]
  /// What an earlier run left; nil for the first run.
  let carried: CarriedSeries?

  /// Opens the state of an earlier run, if there is one.
  ///
  /// Throws ``SeriesError/otherState(reason:)`` where it belongs to another model, method, seed or number of samples, and
  /// what reading throws.
  init(path: String, model: Model, request: Imputation, seriesCount: Int) throws {
    self.path = path
    let samples = request.method.traits.drawsSamples ? request.samples : 0
    identity = [
      "kind": "sextant series state", "model": CacheKey.fingerprint(of: model), "model-name": model.provenance.name,
      "method": request.method.name, "samples": "\(samples)", "seed": "\(request.seed)",
    ]
    guard FileManager.default.fileExists(atPath: path) else {
      carried = nil
      return
    }
    let file = try SafetensorsFile(path: path)
    guard file.metadata["kind"] == identity["kind"] else {
      throw SeriesError.otherState(reason: "\(path) is not one that `sextant impute --time causal` wrote")
    }
    for (key, words) in [("model", "model"), ("method", "method"), ("samples", "number of samples"), ("seed", "seed")]
    where file.metadata[key] != identity[key] {
      let (found, asked) =
        key == "model"
        ? (file.metadata["model-name"], identity["model-name"]) : (file.metadata[key], identity[key])
      if key == "model", found == asked {
        throw SeriesError.otherState(
          reason: "\(path) belongs to another model of the name '\(asked ?? "")'. Use the model that it was written with, or another state file")
      }
      throw SeriesError.otherState(
        reason: "\(path) belongs to another \(words) (it has \(found ?? "none"), this run \(asked ?? "none")). Use the same \(words), or another state file")
    }
    guard let time = file.metadata["time"].flatMap(Double.init), let label = file.metadata["label"],
      let text = file.metadata["numbers"],
      let numbers = try? JSONDecoder().decode([String: [Double]].self, from: Data(text.utf8))
    else { throw SeriesError.otherState(reason: "\(path) is damaged") }
    var arrays: [String: Tensor<Float>] = [:]
    for name in (file.metadata["arrays"] ?? "").split(separator: ",").map(String.init) {
      arrays[name] = try file.floats(name)
    }
    carried = CarriedSeries(time: time, label: label, numbers: numbers, arrays: arrays)
  }

  /// Writes what a later run goes on from. The file is complete or as it was.
  func write(_ carried: CarriedSeries) throws {
    var metadata = identity
    metadata["time"] = "\(carried.time)"
    metadata["label"] = carried.label
    metadata["numbers"] = String(decoding: try JSONEncoder().encode(carried.numbers), as: UTF8.self)
    let names = carried.arrays.keys.sorted()
    metadata["arrays"] = names.joined(separator: ",")
    var writer = SafetensorsWriter(metadata: metadata)
    for name in names { if let array = carried.arrays[name] { writer.add(name, array) } }
    try writer.write(to: path, overwrite: true)
  }
}
