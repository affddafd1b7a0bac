// The networks over neighbourhoods that this package trains by default, on a 46×90 grid: the score network of a
// diffusion prior, and the network on a Gaussian posterior. Each row is one training step on random numbers instead of
// fields.

import Sextant

extension BenchmarkRow {
  static var stencils: [BenchmarkRow] {
    [
      BenchmarkRow(
        name: "score-train",
        summary: "default score network, 46×90 grid, widths 32, 64, 96: training step, batch 8", peers: [.torch, .jax]
      ) {
        try stencilTraining(
          StencilUNetConfiguration(inputChannels: 2, outputChannels: 1, widths: [32, 64, 96], usesTime: true))
      },
      BenchmarkRow(
        name: "flow-network-train",
        summary: "default network on a Gaussian posterior, 46×90 grid, widths 24, 48, 64: training step, batch 8",
        peers: [.torch, .jax]
      ) {
        let channels = PosteriorFeatures.channelCount(fieldChannels: 1, domain: try climateGrid)
        return try stencilTraining(
          StencilUNetConfiguration(inputChannels: channels, outputChannels: 2, widths: [24, 48, 64]))
      },
    ]
  }

  /// The grid of the synthetic climate in the demonstration: 4140 values.
  static var climateGrid: LatitudeLongitudeGrid {
    get throws {
      try LatitudeLongitudeGrid(
        latitudes: (0..<46).map { 90 - 4 * Double($0) }, longitudes: (0..<90).map { 4 * Double($0) })
    }
  }

  private static func stencilTraining(_ configuration: StencilUNetConfiguration) throws -> any Workload {
    let random = RandomStream(seed: 3)
    let batch = 8
    let raster = Raster(rows: 46, columns: 90, wraps: true, firstEdge: .pole, lastEdge: .pole)
    let hierarchy = StencilHierarchy(NeighbourhoodHierarchy(raster, levelCount: configuration.widths.count))
    var builder = ParameterBuilder<Float>(random: random.split("parameters"))
    let network = StencilUNet<Float>(configuration, hierarchy: hierarchy, in: &builder)
    func normals(_ name: String, _ channels: Int) -> Tensor<Float> {
      var stream = random.split(name)
      return stream.normals([batch, hierarchy.vertexCount, channels])
    }
    let (x, target) = (normals("x", configuration.inputChannels), normals("target", configuration.outputChannels))
    let times = (0..<batch).map { (Double($0) + 0.5) / Double(batch) }
    return TrainingWorkload(
      kind: "stencil-training", settings: StencilSettings(configuration, hierarchy), parameters: builder.parameters,
      inputs: ["x": x, "target": target, "times": Tensor(times.map { Float($0) })]
    ) { pass in
      let output = network(pass.tape.constant(x), time: configuration.usesTime ? times : nil, in: pass)
      return (output - pass.tape.constant(target)).squared().mean()
    }
  }
}

/// The description for peers: the sizes and the neighbours.
private struct StencilSettings: Encodable {
  struct Level: Encodable {
    let count: Int
    let stencil: [Int32]
    let down: [Int32]?
    let up: [Int32]?
  }

  let configuration: StencilUNetConfiguration
  let levels: [Level]

  enum CodingKeys: CodingKey { case levels }

  init(_ configuration: StencilUNetConfiguration, _ hierarchy: StencilHierarchy) {
    self.configuration = configuration
    levels = hierarchy.levels.map {
      Level(
        count: $0.stencil.inputCount, stencil: $0.stencil.neighbours, down: $0.down?.neighbours, up: $0.up)
    }
  }

  func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(levels, forKey: .levels)
  }
}
