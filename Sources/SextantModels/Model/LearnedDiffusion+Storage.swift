// The file of a learned diffusion prior, beside its model's: network, Gaussian and order of vertices. It is opened only for the
// methods that sample it.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantNetworks
import SextantPriors
import SextantSolvers
import SextantStorage

/// A diffusion prior as it is stored and trained, over the standardised states of a model (B×d×1).
package struct StoredDiffusion: Sendable {
  /// How it was trained.
  package let settings: DiffusionSettings
  /// What the network learned.
  package let parameters: ParameterSet<Float>
  /// The Gaussian that the network corrects or is compared with.
  package let gaussian: ArchiveGaussian
  /// The vertices in the network's order (V).
  package let order: [Int32]
  /// How it was learned from measurements, as text; nil where it was learned from fields that are known.
  package let learning: String?

  private static let metadataKey = "sextant_diffusion"
  private static let prefix = "network."

  private struct Description: Codable {
    var formatVersion = 1
    var settings: DiffusionSettings
    var fingerprint: String
    var learning: String?
  }

  /// What tells the training of a prior from others: its settings, and how it was learned from measurements.
  package static func identity(_ settings: DiffusionSettings, learning: String?) throws -> String {
    ([try settings.canonicalText()] + (learning.map { [$0] } ?? [])).joined(separator: "\n")
  }

  /// The Gaussian that the network corrects or is compared with. Throws ``DiffusionError``.
  package func learnedGaussian() throws -> FactorNoisePredictor<Float> {
    try gaussian.predictor(VariancePreservingSchedule(finalRate: settings.finalRate))
  }

  /// The prior as a model holds it. Throws ``DiffusionError`` and ``RunError``.
  package func learned(for space: FieldSpace) throws -> LearnedDiffusion {
    let schedule = try VariancePreservingSchedule(finalRate: settings.finalRate)
    var builder = ParameterBuilder<Float>.layout
    let network = try Self.network(settings, gaussian: gaussian, order: order, space: space, in: &builder)
    return LearnedDiffusion(
      NetworkNoisePredictor(network, parameters: parameters, schedule: schedule),
      gaussian: try learnedGaussian(), parameters: parameters, identity: try Self.identity(settings, learning: learning))
  }

  /// The network of some settings, with its parameters in their places.
  package static func network(
    _ settings: DiffusionSettings, gaussian: ArchiveGaussian, order: [Int32], space: FieldSpace,
    in builder: inout ParameterBuilder<Float>
  ) throws -> StateNoiseNetwork<Float> {
    let (layout, channels) = (space.layout, space.channelCount)
    let schedule = try VariancePreservingSchedule(finalRate: settings.finalRate)
    let base = settings.startsFromGaussian ? try gaussian.predictor(schedule) : nil
    let arrangement = StateArrangement(
      stateOfEntry: layout.stateOfEntry, channelCount: channels, stateCount: layout.count, order: order)
    func noiseNetwork(_ body: StateNoiseNetwork<Float>.Body) -> StateNoiseNetwork<Float> {
      StateNoiseNetwork(
        body, arrangement: arrangement, correcting: base, preconditioning: settings.preconditioning == nil ? nil : schedule)
    }
    let levels = settings.widths.count
    let hierarchy: StencilHierarchy
    switch settings.network {
    case .sixLevel:
      let network = DDPMUNet<Float>(DDPMUNetSettings(channels: channels), in: &builder)
      return noiseNetwork(.published(network, inputChannels: channels))
    case .plane:
      guard let raster = space.domain.raster, !raster.wraps, raster.firstEdge == .end, raster.lastEdge == .end else {
        throw RunError.invalid(
          "diffusion.network: 'plane' is a network of images, and this is a \(space.domain.summary). Use network: neighbourhoods, which knows what lies beyond the edges, or line."
        )
      }
      let shape = DDPMUNetSettings(
        channels: channels, inputChannels: base == nil ? channels : 2 * channels, widths: settings.widths,
        blocks: settings.blocks, attentionSide: settings.attention ?? 0, side: max(raster.rows, raster.columns))
      let network: any NoiseNetwork<Float> =
        switch settings.architecture {
        case nil: DDPMUNet<Float>(shape, on: .plane(rows: raster.rows, columns: raster.columns), in: &builder)
        case .ncsnpp: NCSNPlusPlus<Float>(shape, rows: raster.rows, columns: raster.columns, in: &builder)
        }
      return noiseNetwork(.published(network, inputChannels: shape.inputChannels))
    case .line: hierarchy = .line(count: space.domain.vertexCount, levelCount: levels)
    case .neighbourhoods:
      guard let own = try StencilHierarchy.neighbourhoods(of: space.domain, levelCount: levels) else {
        throw RunError.invalid(
          "diffusion.network: 'neighbourhoods' needs a latitude-longitude grid or a mesh, and this is a \(space.domain.summary). Use network: line, such as with order: curve."
        )
      }
      hierarchy = own
    }
    let configuration = StencilUNetConfiguration(
      inputChannels: base == nil ? channels : 2 * channels, outputChannels: channels,
      widths: Array(settings.widths.prefix(hierarchy.levels.count)), blocksPerLevel: settings.blocks, usesTime: true)
    let network = StencilUNet<Float>(configuration, hierarchy: hierarchy, in: &builder)
    return noiseNetwork(.stencil(network))
  }

  package init(
    settings: DiffusionSettings, parameters: ParameterSet<Float>, gaussian: ArchiveGaussian, order: [Int32],
    learning: String? = nil
  ) {
    (self.settings, self.parameters, self.gaussian, self.order) = (settings, parameters, gaussian, order)
    self.learning = learning
  }

  /// Writes the prior into `folder`, whole or not at all.
  package func write(toFolder folder: String, fingerprint: String) throws {
    let text = try Description(settings: settings, fingerprint: fingerprint, learning: learning).canonicalText()
    var writer = SafetensorsWriter(metadata: [Self.metadataKey: text])
    writer.add("gaussian.modes", gaussian.modes)
    writer.add("gaussian.rest_variance", Tensor(gaussian.residualVariance))
    writer.add("order", integers: order)
    for (name, tensor) in zip(parameters.names, parameters.tensors) { writer.add(Self.prefix + name, tensor) }
    try writer.write(to: folder + "/" + LearnedDiffusion.fileName, overwrite: true)
  }

  /// Opens the diffusion prior in a run's folder; `space` is that of the model beside it.
  ///
  /// Throws ``RunError`` where there is none, ``ModelError``, ``SafetensorsError``.
  package init(folder: String, space: FieldSpace) throws {
    let path = folder + "/" + LearnedDiffusion.fileName
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunError.invalid(
        "\(folder): no \(LearnedDiffusion.fileName) there. Add a section `diffusion` to the configuration and train it again.")
    }
    let file = try SafetensorsFile(path: path)
    guard let text = file.metadata[Self.metadataKey],
      let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
    else { throw ModelError.anotherKind(path: path, found: "a safetensors file without a diffusion prior") }
    func check(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition { throw ModelError.inconsistent(path: path, reason: reason()) }
    }
    let (settings, states) = (description.settings, space.layout.count)
    try check(
      description.fingerprint == space.domain.fingerprint, "it was trained on another grid than the model beside it")
    try check(settings.isSensible, "its network has no sensible sizes")
    let modes = try file.floats("gaussian.modes")
    try check(
      modes.shape.count == 2 && modes.columnCount == states, "modes of shape \(modes.shape) for \(states) states")
    let rest = try file.floats("gaussian.rest_variance", shape: [states])
    let order = try file.integers("order").compactMap { Int32(exactly: $0) }
    try check(order.sorted() == (0..<Int32(space.domain.vertexCount)).map { $0 }, "its order is no permutation")
    try check(modes.isFinite && rest.isFinite, "its Gaussian holds numbers that are not finite")
    let gaussian = ArchiveGaussian(modes: modes, residualVariance: rest.scalars)
    var builder = ParameterBuilder<Float>.layout
    _ = try Self.network(settings, gaussian: gaussian, order: order, space: space, in: &builder)
    let parameters = try file.parameters(layout: builder.parameters, prefix: Self.prefix)
    self.init(
      settings: settings, parameters: parameters, gaussian: gaussian, order: order, learning: description.learning)
  }
}

extension LearnedDiffusion {
  /// The name of the file in a run's folder.
  public static let fileName = "diffusion.safetensors"

  /// Opens the diffusion prior in a run's folder; `space` is that of the model beside it.
  ///
  /// Throws `RunError` where there is none, `ModelError`, `SafetensorsError`.
  public init(folder: String, for space: FieldSpace) throws {
    self = try StoredDiffusion(folder: folder, space: space).learned(for: space)
  }
}

extension DiffusionSettings {
  /// Whether a network of these sizes can be built: what a file says may have been tampered with.
  fileprivate var isSensible: Bool {
    network == .sixLevel
      || (1...12).contains(widths.count) && (1...8).contains(blocks)
        && widths.allSatisfy { (1...4096).contains($0) } && widths[0] >= 4 && widths[0] % 2 == 0
  }
}
