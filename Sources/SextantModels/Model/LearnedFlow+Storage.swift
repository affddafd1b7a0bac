// The file of a learned posterior, beside its model's.

import Foundation
import SextantArrays
import SextantFlows
import SextantGeometry
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

extension LearnedFlow {
  /// The name of the file in a run's folder.
  public static let fileName = "flow.safetensors"
  private static let metadataKey = "sextant_flow"

  private struct Description: Codable {
    var formatVersion = 2
    var network: Network
    var fingerprint: String
    var identity: String
    /// Absent in files that were written before flows took operators.
    var takesOperators: Bool?
    /// Absent where there is nothing to say.
    var remarks: [Remark]?
    /// The ``GaussianPrior/fingerprint`` of the model; absent in files that were written before it was stated.
    var prior: String?
  }

  /// Writes the flow of `model` into `folder`, whole or not at all. Throws ``MethodError`` for a model without a Gaussian prior, `FileError`.
  package func write(toFolder folder: String, named name: String = Self.fileName, for model: Model) throws {
    let text = try Description(
      network: network, fingerprint: model.space.domain.fingerprint, identity: identity, takesOperators: takesOperators ? true : nil,
      remarks: remarks.isEmpty ? nil : remarks, prior: model.requireGaussian().prior.fingerprint
    ).canonicalText()
    var writer = SafetensorsWriter(metadata: [Self.metadataKey: text])
    for (name, tensor) in zip(parameters.names, parameters.tensors) { writer.add(name, tensor) }
    try writer.write(to: folder + "/" + name, overwrite: true)
  }

  /// Opens the flow in `folder`, which was trained on top of `prior`; nil if there is none.
  ///
  /// Throws ``ModelError``, ``SafetensorsError``.
  package init?(folder: String, named name: String = Self.fileName, prior: GaussianPrior, domain: any Domain) throws {
    let path = folder + "/" + name
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard let text = file.metadata[Self.metadataKey],
      let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
    else { throw ModelError.anotherKind(path: path, found: "a safetensors file without a flow") }
    guard description.fingerprint == domain.fingerprint else {
      throw ModelError.inconsistent(path: path, reason: "it was trained on another grid than the model beside it")
    }
    try prior.check(description.prior, statedBy: path, inFolder: folder)
    let network = description.network
    var builder = ParameterBuilder<Float>.layout
    guard network.isSensible, try Self.build(network, domain: domain, space: prior.space, in: &builder) else {
      throw ModelError.inconsistent(path: path, reason: "its network has no sensible sizes")
    }
    self.init(
      network: network, parameters: try file.parameters(layout: builder.parameters), identity: description.identity,
      takesOperators: description.takesOperators ?? false, remarks: description.remarks ?? [])
  }

  /// Makes the parameters of a network; false where it does not fit the domain.
  private static func build(
    _ network: Network, domain: any Domain, space: StateSpace, in builder: inout ParameterBuilder<Float>
  ) throws -> Bool {
    switch network {
    case .neighbourhoods(let configuration):
      return try stencilNetwork(configuration, on: domain, in: &builder) != nil
    case .vector, .convolutional:
      return (try? wholeFlow(network, over: space, on: domain, in: &builder)) != nil
    }
  }
}

extension LearnedFlow.Network {
  /// Whether a network of these sizes can be built: what a file says may have been tampered with.
  fileprivate var isSensible: Bool {
    switch self {
    case .neighbourhoods(let configuration):
      (1...12).contains(configuration.widths.count)
        && configuration.widths.allSatisfy { (1...4096).contains($0) } && (1...8).contains(configuration.blocksPerLevel)
        && (1...4096).contains(configuration.inputChannels) && (1...4096).contains(configuration.outputChannels)
    case .vector(let configuration):
      (1...1000).contains(configuration.steps) && (1...100_000).contains(configuration.widthDivisor)
        && (1...100_000).contains(configuration.minimumWidth) && (try? configuration.validate()) != nil
    case .convolutional(let configuration):
      (1...8).contains(configuration.levels.count) && (1...64).contains(configuration.dense.pooling)
        && configuration.levels.allSatisfy {
          (0...1000).contains($0.blocks) && (1...4096).contains($0.width) && (1...4096).contains($0.conditionWidth)
            && (1...4096).contains($0.continuing)
        } && (0...1000).contains(configuration.dense.blocks) && (1...100_000).contains(configuration.dense.width)
        && (1...100_000).contains(configuration.dense.conditionWidth)
    }
  }
}

extension SafetensorsFile {
  /// The parameters of `layout` by their names after `prefix`, of its shapes and all finite.
  ///
  /// Throws ``SafetensorsError`` and ``ModelError/inconsistent(path:reason:)``.
  package func parameters(layout: ParameterSet<Float>, prefix: String = "") throws -> ParameterSet<Float> {
    var parameters = layout
    for (index, name) in layout.names.enumerated() {
      parameters.tensors[index] = try floats(prefix + name, shape: layout.tensors[index].shape)
      guard parameters.tensors[index].isFinite else {
        throw ModelError.inconsistent(path: path, reason: "'\(prefix + name)' holds numbers that are not finite")
      }
    }
    return parameters
  }
}
