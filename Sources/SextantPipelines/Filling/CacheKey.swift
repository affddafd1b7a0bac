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
      [request.canonicalText(), Description(model).canonicalText(), TensorDigest.text(of: prior(of: model) + networks(of: model))])
  }

  /// A hash of what the points of a sweep depend on beside the method, its steps and its step size.
  ///
  /// A prior that is learned anew for each sweep may differ in last digits: it enters by what it is learned from and how.
  package static func conditions(request: some Encodable, inputs: [String], model: Model) throws -> String {
    let text = try text(
      inputs, [request.canonicalText(), Description(model).canonicalText(), TensorDigest.text(of: networks(of: model))])
    return TensorDigest.text(of: text)
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
  package static func fingerprint(of model: Model) -> String { TensorDigest.text(of: prior(of: model) + networks(of: model)) }

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
}
