// What the answers of an imputation depend on, as one text: answers that an interrupted run left are used again only
// where the text is the same. The same in every process, and short of the numbers of a model, which enter as a hash.

import Foundation
import SextantArrays
import SextantNetworks
import SextantPriors

/// Says whether two runs would give the same answers.
enum AnswerKey {
  /// The text for a request on files and a model.
  static func text(request: some Encodable, inputs: [String], model: TrainedModel) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    return try (inputs.map(stamp) + [json(request), json(model.description), digest(of: model)]).joined(separator: "\n")
  }

  /// Path, size and time of a file.
  private static func stamp(of path: String) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let date = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(path) \(attributes?[.size] ?? 0) \(date)"
  }

  /// A hash of what the model learned (FNV-1a over the bits of its numbers); it guards against mistakes, not against people.
  private static func digest(of model: TrainedModel) -> String {
    let prior = model.prior
    let arrays =
      [
        prior.space.climatology.coefficients.scalars, prior.space.scales, prior.functions.scaledModes.scalars,
        prior.functions.residualVariance, prior.archiveCoefficients.scalars, prior.channelCorrelation.scalars,
        model.landShare ?? [],
      ]
      + [model.flow?.parameters, model.diffusion?.parameters].flatMap { $0?.tensors.map(\.scalars) ?? [] }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for array in arrays {
      for value in array { hash = (hash ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3 }
    }
    return String(hash, radix: 16)
  }
}
