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
  /// What it saw of fields with gaps, where it was learned from a part of their values; nil for other priors.
  package let masks: TrainingMasks?

  /// What a masked network has seen.
  package struct TrainingMasks: Sendable {
    /// Some of the masks under which it learned: 1 for a value that was seen (M×d).
    package var examples: Tensor<Float>
    /// The smallest s/α that it learned.
    package var smallestNoise: Double

    package init(examples: Tensor<Float>, smallestNoise: Double) {
      (self.examples, self.smallestNoise) = (examples, smallestNoise)
    }
  }

  private static let metadataKey = "sextant_diffusion"
  private static let prefix = "network."

  private struct Description: Codable {
    var formatVersion = 1
    var settings: DiffusionSettings
    var fingerprint: String
    var learning: String?
    var smallestNoise: Double?
    /// The ``GaussianPrior/fingerprint`` of the model; absent in files that were written before it was stated.
    var prior: String?
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
    let identity = try Self.identity(settings, learning: learning)
    guard let masks else {
      let network = try Self.network(settings, gaussian: gaussian, order: order, space: space, in: &builder)
      return LearnedDiffusion(
        NetworkNoisePredictor(network, parameters: parameters, schedule: schedule),
        gaussian: try learnedGaussian(), parameters: parameters, identity: identity)
    }
    let network = try Self.maskedNetwork(settings, gaussian: gaussian, order: order, space: space, in: &builder)
    return try LearnedDiffusion(
      MaskedPrior(
        MaskedNetworkPredictor(
          network, parameters: parameters, gaussian: MaskedGaussianPredictor(learnedGaussian()), smallestNoise: masks.smallestNoise,
          schedule: schedule), masks: masks.examples),
      gaussian: learnedGaussian(), parameters: parameters, identity: identity)
  }

  /// The network of some settings, with its parameters in their places.
  package static func network(
    _ settings: DiffusionSettings, gaussian: ArchiveGaussian, order: [Int32], space: FieldSpace,
    in builder: inout ParameterBuilder<Float>
  ) throws -> StateNoiseNetwork<Float> {
    let schedule = try VariancePreservingSchedule(finalRate: settings.finalRate)
    let base = settings.startsFromGaussian ? try gaussian.predictor(schedule) : nil
    let (body, arrangement) = try body(settings, inputs: base == nil ? 1 : 2, order: order, space: space, in: &builder)
    return StateNoiseNetwork(
      body, arrangement: arrangement, correcting: base, preconditioning: settings.preconditioning == nil ? nil : schedule)
  }

  /// The same for a network that learns from fields with gaps, and is told which values it sees.
  package static func maskedNetwork(
    _ settings: DiffusionSettings, gaussian: ArchiveGaussian, order: [Int32], space: FieldSpace,
    in builder: inout ParameterBuilder<Float>
  ) throws -> MaskedStateNetwork<Float> {
    let schedule = try VariancePreservingSchedule(finalRate: settings.finalRate)
    let base = settings.startsFromGaussian ? MaskedGaussianPredictor(try gaussian.predictor(schedule)) : nil
    let (body, arrangement) = try body(
      settings, inputs: MaskedStateNetwork<Float>.inputCount(correctsGaussian: base != nil), least: 2, order: order, space: space,
      in: &builder)
    return MaskedStateNetwork(
      body, arrangement: arrangement, correcting: base, preconditioning: settings.preconditioning == nil ? nil : schedule)
  }

  /// The layers of a network of states.
  ///
  /// - Parameters:
  ///   - inputs: the sets of states that the network is told; each is as many input channels as fields have.
  ///   - least: how many of them the published network along the array is told.
  private static func body(
    _ settings: DiffusionSettings, inputs: Int, least: Int = 1, order: [Int32], space: FieldSpace,
    in builder: inout ParameterBuilder<Float>
  ) throws -> (StateNoiseNetwork<Float>.Body, StateArrangement) {
    let (layout, channels) = (space.layout, space.channelCount)
    let arrangement = StateArrangement(
      stateOfEntry: layout.stateOfEntry, channelCount: channels, stateCount: layout.count, order: order)
    let levels = settings.widths.count
    let hierarchy: StencilHierarchy
    switch settings.network {
    case .sixLevel:
      var shape = DDPMUNetSettings(channels: channels)
      shape.inputChannels = least * channels
      let network = DDPMUNet<Float>(shape, in: &builder)
      return (.published(network, inputChannels: shape.inputChannels), arrangement)
    case .plane:
      guard let raster = space.domain.raster, !raster.wraps, raster.firstEdge == .end, raster.lastEdge == .end else {
        throw RunError.invalid(
          "diffusion.network: 'plane' is a network of images, and this is \(space.domain.summaryWithArticle). Use network: neighbourhoods, which knows what lies beyond the edges, or line."
        )
      }
      let shape = DDPMUNetSettings(
        channels: channels, inputChannels: inputs * channels, widths: settings.widths,
        blocks: settings.blocks, attentionSide: settings.attention ?? 0, side: max(raster.rows, raster.columns))
      let network: any NoiseNetwork<Float> =
        switch settings.architecture {
        case nil: DDPMUNet<Float>(shape, on: .plane(rows: raster.rows, columns: raster.columns), in: &builder)
        case .ncsnpp: NCSNPlusPlus<Float>(shape, rows: raster.rows, columns: raster.columns, in: &builder)
        }
      return (.published(network, inputChannels: shape.inputChannels), arrangement)
    case .line: hierarchy = .line(count: space.domain.vertexCount, levelCount: levels)
    case .neighbourhoods:
      guard let own = try StencilHierarchy.neighbourhoods(of: space.domain, levelCount: levels) else {
        throw RunError.invalid(
          "diffusion.network: 'neighbourhoods' needs a latitude-longitude grid or a mesh, and this is \(space.domain.summaryWithArticle). Use network: line, such as with order: curve."
        )
      }
      hierarchy = own
    }
    let configuration = StencilUNetConfiguration(
      inputChannels: inputs * channels, outputChannels: channels,
      widths: Array(settings.widths.prefix(hierarchy.levels.count)), blocksPerLevel: settings.blocks, usesTime: true)
    return (.stencil(StencilUNet<Float>(configuration, hierarchy: hierarchy, in: &builder)), arrangement)
  }

  package init(
    settings: DiffusionSettings, parameters: ParameterSet<Float>, gaussian: ArchiveGaussian, order: [Int32],
    learning: String? = nil, masks: TrainingMasks? = nil
  ) {
    (self.settings, self.parameters, self.gaussian, self.order) = (settings, parameters, gaussian, order)
    (self.learning, self.masks) = (learning, masks)
  }

  /// Writes the prior of `model` into `folder`, whole or not at all. Throws ``MethodError`` for a model without a Gaussian prior, `FileError`.
  package func write(toFolder folder: String, for model: Model) throws {
    let text = try Description(
      settings: settings, fingerprint: model.space.domain.fingerprint, learning: learning, smallestNoise: masks?.smallestNoise,
      prior: model.requireGaussian().prior.fingerprint
    ).canonicalText()
    var writer = SafetensorsWriter(metadata: [Self.metadataKey: text])
    writer.add("gaussian.modes", gaussian.modes)
    writer.add("gaussian.rest_variance", Tensor(gaussian.residualVariance))
    writer.add("order", integers: order)
    if let masks { writer.add("masks", masks.examples) }
    for (name, tensor) in zip(parameters.names, parameters.tensors) { writer.add(Self.prefix + name, tensor) }
    try writer.write(to: folder + "/" + LearnedDiffusion.fileName, overwrite: true)
  }

  /// What the diffusion prior in a run's folder states of its learning from measurements; nil where it was learned from complete fields,
  /// or there is none that can be read.
  package static func learning(in folder: String) -> String? {
    guard let text = (try? SafetensorsFile(path: folder + "/" + LearnedDiffusion.fileName))?.metadata[metadataKey] else { return nil }
    return (try? JSONDecoder().decode(Description.self, from: Data(text.utf8)))?.learning
  }

  /// Opens the diffusion prior in a run's folder, for the model beside it.
  ///
  /// Throws ``RunError`` where there is none, ``ModelError``, ``SafetensorsError``.
  package init(folder: String, for model: Model) throws {
    let space = model.space
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
    try model.gaussian?.prior.check(description.prior, statedBy: path, inFolder: folder)
    try check(settings.isSensible, "its network has no sensible sizes")
    let modes = try file.floats("gaussian.modes")
    try check(
      modes.shape.count == 2 && modes.columnCount == states, "modes of shape \(modes.shape) for \(states) states")
    let rest = try file.floats("gaussian.rest_variance", shape: [states])
    let order = try file.integers("order").compactMap { Int32(exactly: $0) }
    try check(order.sorted() == (0..<Int32(space.domain.vertexCount)).map { $0 }, "its order is no permutation")
    try check(modes.isFinite && rest.isFinite, "its Gaussian holds numbers that are not finite")
    let gaussian = ArchiveGaussian(modes: modes, residualVariance: rest.scalars)
    let masks = try description.smallestNoise.map { smallest in
      let examples = try file.floats("masks")
      try check(
        examples.shape.count == 2 && examples.columnCount == states && examples.rowCount > 0 && smallest >= 0
          && examples.scalars.allSatisfy { $0 == 0 || $0 == 1 }, "its masks are not masks of the model's states")
      return TrainingMasks(examples: examples, smallestNoise: smallest)
    }
    var builder = ParameterBuilder<Float>.layout
    if masks == nil {
      _ = try Self.network(settings, gaussian: gaussian, order: order, space: space, in: &builder)
    } else {
      _ = try Self.maskedNetwork(settings, gaussian: gaussian, order: order, space: space, in: &builder)
    }
    let parameters = try file.parameters(layout: builder.parameters, prefix: Self.prefix)
    self.init(
      settings: settings, parameters: parameters, gaussian: gaussian, order: order, learning: description.learning,
      masks: masks)
  }
}

extension LearnedDiffusion {
  /// The name of the file in a run's folder.
  public static let fileName = "diffusion.safetensors"

  /// Opens the diffusion prior in a run's folder, for the model beside it.
  ///
  /// Throws `RunError` where there is none, `ModelError`, `SafetensorsError`.
  public init(folder: String, for model: Model) throws {
    self = try StoredDiffusion(folder: folder, for: model).learned(for: model.space)
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
