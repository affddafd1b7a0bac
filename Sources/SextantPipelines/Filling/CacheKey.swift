// What the answers of an imputation, or the points of a sweep, depend on, as one text: what an interrupted run left is used again
// only where the text is the same. The same in every process, and short of the numbers of a model, which enter as a hash.

import SextantArrays
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// Says whether two runs would give the same answers.
package enum CacheKey {
  /// The text for a request on files and a model.
  package static func text(request: some Encodable, inputs: [String], model: Model) throws -> String {
    try text(
      inputs,
      [request.canonicalText(), Description(model).canonicalText(), digest(of: prior(of: model) + networks(of: model))])
  }

  /// A hash of what the points of a sweep depend on beside the method, its steps and its step size.
  ///
  /// A prior that is learned anew for each sweep may differ in last digits: it enters by what it is learned from and how.
  package static func conditions(request: some Encodable, inputs: [String], model: Model) throws -> String {
    let text = try text(
      inputs, [request.canonicalText(), Description(model).canonicalText(), digest(of: networks(of: model))])
    return Self.text(text.utf8.reduce(start) { hash($0, UInt64($1)) })
  }

  /// All of a model but its numbers.
  private struct Description: Encodable {
    var name, program, fingerprint: String
    var variables: [Variable]
    var transforms: [MarginalTransform]
    /// Nil where there are none, so that the conditions of older sweeps stay the same.
    var ownTransforms: [MarginalTransformKind]?
    var bounds: [ValueBounds?]
    var archiveFiles: [String]
    var fieldCount: Int
    var seed: UInt64
    var prior: GaussianPriorConfiguration?
    var parameters: ParameterFitting?
    var membership: [Int]?

    init(_ model: Model) {
      let (space, provenance) = (model.space, model.provenance)
      (name, program, fingerprint) = (provenance.name, provenance.program, space.domain.fingerprint)
      (variables, transforms, bounds) = (space.variables, space.transforms, space.bounds)
      ownTransforms = space.ownTransforms.allSatisfy { $0 == .none } ? nil : space.ownTransforms
      (archiveFiles, fieldCount, seed) = (provenance.archiveFiles, provenance.fieldCount, provenance.seed)
      prior = model.gaussian?.prior.configuration
      (parameters, membership) = (model.gaussian?.parameters, model.gaussian?.membership)
    }
  }

  /// A hash of what a model learned.
  package static func fingerprint(of model: Model) -> String { digest(of: prior(of: model) + networks(of: model)) }

  private static func text(_ inputs: [String], _ parts: [String]) -> String {
    (inputs.map(FileStamp.text) + parts).joined(separator: "\n")
  }

  private static func prior(of model: Model) -> [Tensor<Float>] {
    let land = Tensor(model.space.landShare ?? [])
    guard let prior = model.gaussian?.prior else { return [land] }
    return [
      prior.space.climatology.coefficients, Tensor(prior.space.scales), prior.functions.scaledModes,
      Tensor(prior.functions.residualVariance), prior.archiveCoefficients, prior.channelCorrelation,
      land,
    ]
  }

  private static func networks(of model: Model) -> [Tensor<Float>] {
    [model.flow?.parameters, model.diffusion?.parameters].flatMap { $0?.tensors ?? [] } + (model.patches?.tensors ?? [])
  }

  /// A hash of what a model learned, of which nothing is copied.
  private static func digest(of tensors: [Tensor<Float>]) -> String {
    text(tensors.reduce(start) { state, tensor in digests(of: tensor).reduce(hash(state, UInt64(tensor.count)), hash) })
  }

  /// A hash of each piece of a tensor, several pieces at once.
  private static func digests(of tensor: Tensor<Float>) -> [UInt64] {
    let (grain, lanes) = (1 << 16, 4)
    var digests = [UInt64](repeating: start, count: (tensor.count + grain - 1) / grain)
    tensor.withUnsafeScalars { scalars in
      digests.withUnsafeMutableBufferPointer { digests in
        // Sound: each piece has a place of its own.
        nonisolated(unsafe) let (scalars, digests) = (scalars, digests)
        Parallel.forEachRange(of: scalars.count, grain: grain) { range in
          // Every fourth number enters the same of four hashes, because one would wait for each product.
          let whole = range.lowerBound + range.count / lanes * lanes
          var (a, b, c, d) = (start, start, start, start)
          for i in stride(from: range.lowerBound, to: whole, by: lanes) {
            a = hash(a, UInt64(scalars[i].bitPattern))
            b = hash(b, UInt64(scalars[i + 1].bitPattern))
            c = hash(c, UInt64(scalars[i + 2].bitPattern))
            d = hash(d, UInt64(scalars[i + 3].bitPattern))
          }
          let rest = scalars[whole..<range.upperBound].map { UInt64($0.bitPattern) }
          digests[range.lowerBound / grain] = ([a, b, c, d] + rest).reduce(start, hash)
        }
      }
    }
    return digests
  }

  private static let start: UInt64 = 0xCBF2_9CE4_8422_2325

  /// FNV-1a, over words; it guards against mistakes, not against people.
  private static func hash(_ state: UInt64, _ word: UInt64) -> UInt64 { (state ^ word) &* 0x100_0000_01B3 }

  private static func text(_ state: UInt64) -> String { String(state, radix: 16) }
}
