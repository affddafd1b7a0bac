// What the answers of an imputation, or the points of a sweep, depend on, as one text: what an interrupted run left is used again
// only where the text is the same. The same in every process, and short of the numbers of a model, which enter as a hash.

import Foundation
import SextantArrays
import SextantNetworks
import SextantPriors

/// Says whether two runs would give the same answers.
enum AnswerKey {
  /// The text for a request on files and a model.
  static func text(request: some Encodable, inputs: [String], model: TrainedModel) throws -> String {
    try text(
      inputs,
      [request.canonicalText(), model.description.canonicalText(), digest(of: prior(of: model) + networks(of: model))])
  }

  /// A hash of what the points of a sweep depend on beside the method, its steps and its step size.
  ///
  /// A prior that is learned anew for each sweep may differ in last digits: it enters by what it is learned from and how.
  static func conditions(request: some Encodable, inputs: [String], model: TrainedModel) throws -> String {
    let text = try text(
      inputs, [request.canonicalText(), model.description.canonicalText(), digest(of: networks(of: model))])
    return hash(text.utf8.lazy.map(UInt64.init))
  }

  private static func text(_ inputs: [String], _ parts: [String]) -> String {
    (inputs.map(stamp) + parts).joined(separator: "\n")
  }

  /// Path, size and time of a file.
  private static func stamp(of path: String) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let date = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(path) \(attributes?[.size] ?? 0) \(date)"
  }

  private static func prior(of model: TrainedModel) -> [[Float]] {
    let prior = model.prior
    return [
      prior.space.climatology.coefficients.scalars, prior.space.scales, prior.functions.scaledModes.scalars,
      prior.functions.residualVariance, prior.archiveCoefficients.scalars, prior.channelCorrelation.scalars,
      model.landShare ?? [],
    ]
  }

  private static func networks(of model: TrainedModel) -> [[Float]] {
    [model.flow?.parameters, model.diffusion?.parameters].flatMap { $0?.tensors.map(\.scalars) ?? [] }
  }

  /// A hash of what a model learned.
  private static func digest(of arrays: [[Float]]) -> String {
    hash(arrays.lazy.joined().map { UInt64($0.bitPattern) })
  }

  /// FNV-1a, over words; it guards against mistakes, not against people.
  private static func hash(_ words: some Sequence<UInt64>) -> String {
    String(words.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }, radix: 16)
  }
}
