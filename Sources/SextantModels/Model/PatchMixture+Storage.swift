// The file of a mixture of patches, beside its model's.

import Foundation
import SextantArrays
import SextantPriors
import SextantStorage

extension PatchMixture {
  /// The name of the file in a run's folder.
  public static let fileName = "patches.safetensors"
  private static let metadataKey = "sextant_patches"

  private struct Description: Codable {
    var formatVersion = 1
    var side: Int
    var identity: String
  }

  /// Writes the mixture into `folder`, whole or not at all. Throws `FileError`.
  func write(toFolder folder: String, overwrite: Bool) throws {
    var writer = SafetensorsWriter(
      metadata: [Self.metadataKey: try Description(side: side, identity: identity).canonicalText()])
    writer.add("origins", Tensor(origins))
    writer.add("scales", Tensor(scales))
    writer.add("weights", Tensor(weights))
    writer.add("means", means)
    writer.add("covariances", Tensor(covariances.flatMap(\.scalars), shape: [count, dimension, dimension]))
    try writer.write(to: folder + "/" + Self.fileName, overwrite: overwrite)
  }

  /// Opens the mixture in `folder`; nil if there is none. Throws ``ModelError``, `SafetensorsError`.
  init?(folder: String, channelCount: Int) throws {
    let path = folder + "/" + Self.fileName
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard let text = file.metadata[Self.metadataKey],
      let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
    else { throw ModelError.anotherKind(path: path, found: "a safetensors file without a mixture of patches") }
    guard description.formatVersion == 1 else {
      throw ModelError.newerFormat(path: path, found: description.formatVersion, known: 1)
    }
    guard (1...1024).contains(description.side) else {
      throw ModelError.inconsistent(path: path, reason: "patches of \(description.side) pixels along a side")
    }
    let d = description.side * description.side * channelCount
    let weights = try file.floats("weights").scalars
    let covariances = try file.floats("covariances", shape: [weights.count, d, d])
    let means = try file.floats("means", shape: [weights.count, d])
    let origins = try file.floats("origins", shape: [channelCount]).scalars
    let scales = try file.floats("scales", shape: [channelCount]).scalars
    guard !weights.isEmpty, weights.allSatisfy({ $0 > 0 && $0 <= 1 }), scales.allSatisfy({ $0 > 0 && $0.isFinite }),
      origins.allSatisfy(\.isFinite), means.isFinite, covariances.isFinite
    else { throw ModelError.inconsistent(path: path, reason: "its mixture has weights, scales or numbers that cannot be") }
    let flat = covariances.reshaped(to: [weights.count, d * d])
    self.init(
      side: description.side, origins: origins, scales: scales, weights: weights, means: means,
      covariances: weights.indices.map { flat.row($0).reshaped(to: [d, d]) }, identity: description.identity)
  }
}
