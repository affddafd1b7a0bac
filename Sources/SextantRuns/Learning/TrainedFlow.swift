// A trained flow: what a network learned on top of a model's prior, and its file beside the model's.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantNetworks
import SextantSolvers
import SextantStorage

/// The network of a Gaussian-base flow.
public struct TrainedFlow: Sendable {
  /// The sizes of the network.
  public let configuration: StencilUNetConfiguration
  /// What it learned.
  public let parameters: ParameterSet<Float>
  /// The settings that it was trained with, as text.
  let identity: String

  /// The name of the file in a run's folder.
  public static let fileName = "flow.safetensors"
  private static let metadataKey = "sextant_flow"

  private struct Description: Codable {
    var formatVersion = 1
    var network: StencilUNetConfiguration
    var fingerprint: String
    var identity: String
  }

  /// The levels of a domain that networks work on; nil for domains that have none yet.
  static func hierarchy(of domain: any Domain, levels: Int) -> StencilHierarchy? {
    (domain as? LatitudeLongitudeGrid).map { StencilHierarchy.grid($0, levelCount: levels) }
  }

  /// The network with its parameters in their places.
  func network(on domain: any Domain) -> StencilUNet<Float>? {
    guard let hierarchy = Self.hierarchy(of: domain, levels: configuration.widths.count),
      hierarchy.levels.count == configuration.widths.count
    else { return nil }
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 0))
    return StencilUNet(configuration, hierarchy: hierarchy, in: &builder)
  }

  /// Writes the flow into `folder`, whole or not at all.
  func write(toFolder folder: String, fingerprint: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(
      decoding: try encoder.encode(Description(network: configuration, fingerprint: fingerprint, identity: identity)),
      as: UTF8.self)
    var writer = SafetensorsWriter(metadata: [Self.metadataKey: text])
    for (name, tensor) in zip(parameters.names, parameters.tensors) { writer.add(name, tensor) }
    try writer.write(to: folder + "/" + Self.fileName, overwrite: true)
  }

  /// Opens the flow in `folder`; nil if there is none.
  ///
  /// Throws ``ModelError``, ``SafetensorsError``.
  init?(folder: String, domain: any Domain, fingerprint: String) throws {
    let path = folder + "/" + Self.fileName
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SafetensorsFile(path: path)
    guard let text = file.metadata[Self.metadataKey],
      let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
    else { throw ModelError.anotherKind(path: path, found: "a safetensors file without a flow") }
    guard description.fingerprint == fingerprint else {
      throw ModelError.inconsistent(path: path, reason: "it was trained on another grid than the model beside it")
    }
    configuration = description.network
    guard
      (1...12).contains(configuration.widths.count),
      configuration.widths.allSatisfy({ (1...4096).contains($0) }), (1...8).contains(configuration.blocksPerLevel),
      (1...4096).contains(configuration.inputChannels), (1...4096).contains(configuration.outputChannels),
      let hierarchy = Self.hierarchy(of: domain, levels: configuration.widths.count),
      hierarchy.levels.count == configuration.widths.count
    else { throw ModelError.inconsistent(path: path, reason: "its network has no sensible sizes") }
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 0))
    _ = StencilUNet(configuration, hierarchy: hierarchy, in: &builder)
    var parameters = builder.parameters
    for (index, name) in parameters.names.enumerated() {
      parameters.tensors[index] = try file.floats(name, shape: parameters.tensors[index].shape)
      guard parameters.tensors[index].isFinite else {
        throw ModelError.inconsistent(path: path, reason: "'\(name)' holds numbers that are not finite")
      }
    }
    self.parameters = parameters
    identity = description.identity
  }

  init(configuration: StencilUNetConfiguration, parameters: ParameterSet<Float>, identity: String) {
    self.configuration = configuration
    self.parameters = parameters
    self.identity = identity
  }
}
