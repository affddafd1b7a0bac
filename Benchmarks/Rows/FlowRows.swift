// The conditional RealNVP: training steps and sampling, at the sizes of the APS paper and with the presets of this
// package.
//
// A training step draws z, makes x = G(z; y) and lowers
//
//     1/B·Σ ½·100·‖values − x‖² − 1/B·Σ log|det ∂x/∂z|,
//
// the fidelity under noise of standard deviation 0.1 and the entropy; the term of the prior is not included, because
// another network computes it.
//
// Our program has one form of this work, and the peers have two. In ours, the product of y with its weights is computed
// once for all couplings, and for one row if N samples share a measurement. In the plain form, in rows that end in
// "-plain", each coupling reads half of the entries and y side by side with one matrix, as the paper describes.

import Sextant

extension BenchmarkRow {
  static var flows: [BenchmarkRow] {
    [1888, 4160].flatMap { vertices in
      [false, true].flatMap { isPlain in
        [paperTraining(vertices, isPlain: isPlain)]
          + [1, 128].map { paperSampling(vertices: vertices, count: $0, isPlain: isPlain) }
      }
    }
      + [smallTraining, gaussianBaseTraining, facesTraining]
  }

  private static func paperTraining(_ vertices: Int, isPlain: Bool) -> BenchmarkRow {
    BenchmarkRow(
      name: "realnvp-train-\(vertices)" + suffix(isPlain),
      summary: "paper's RealNVP, V = M = \(vertices), width \(vertices / 8): training step, batch 64" + remark(isPlain),
      peers: [.torch, .jax]
    ) {
      try FlowProblem(dimension: vertices, conditionWidth: vertices, configuration: .paper, isPlain: isPlain)
        .training(batch: 64)
    }
  }

  private static func paperSampling(vertices: Int, count: Int, isPlain: Bool) -> BenchmarkRow {
    BenchmarkRow(
      name: "realnvp-sample-\(vertices)-\(count)" + suffix(isPlain),
      summary: "paper's RealNVP, V = M = \(vertices): N = \(count) of one measurement" + remark(isPlain),
      peers: [.torch, .jax]
    ) {
      try FlowProblem(dimension: vertices, conditionWidth: vertices, configuration: .paper, isPlain: isPlain)
        .sampling(count: count)
    }
  }

  private static func suffix(_ isPlain: Bool) -> String { isPlain ? "-plain" : "" }

  private static func remark(_ isPlain: Bool) -> String { isPlain ? "; peers in the plain form" : "" }

  private static var smallTraining: BenchmarkRow {
    BenchmarkRow(
      name: "realnvp-train-small", summary: "preset small, V = M = 1888, width 118: training step, batch 64",
      peers: [.torch, .jax]
    ) {
      try FlowProblem(dimension: 1888, conditionWidth: 1888, configuration: .small).training(batch: 64)
    }
  }

  private static var gaussianBaseTraining: BenchmarkRow {
    BenchmarkRow(
      name: "realnvp-train-gaussian-base",
      summary: "coupling preset gaussianBase, k = 256 under 64 features, width 128: training step, batch 64",
      peers: [.torch, .jax]
    ) {
      try FlowProblem(dimension: 256, conditionWidth: 64, configuration: .gaussianBase).training(batch: 64)
    }
  }

  /// The paper's flow for faces of 32×32 pixels with three colours: 149.0 million parameters.
  private static var facesTraining: BenchmarkRow {
    BenchmarkRow(
      name: "realnvp-149m",
      summary: "paper's RealNVP, V = M = 3072, width 384 (149.0 M parameters): training step, batch 64",
      peers: [.torch]
    ) {
      try FlowProblem(dimension: 3072, conditionWidth: 3072, configuration: .paper).training(batch: 64)
    }
  }
}

/// A flow with its parameters.
private struct FlowProblem {
  /// The description for peers.
  struct Settings: Encodable {
    let dimension: Int
    let hiddenWidth: Int
    let precision: Float
    /// Whether each coupling reads its entries and y through one matrix.
    let isPlain: Bool
    let configuration: CouplingFlowConfiguration

    enum CodingKeys: CodingKey { case dimension, hiddenWidth, precision, isPlain }

    func encode(to encoder: any Encoder) throws {
      try configuration.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(dimension, forKey: .dimension)
      try container.encode(hiddenWidth, forKey: .hiddenWidth)
      try container.encode(precision, forKey: .precision)
      try container.encode(isPlain, forKey: .isPlain)
    }
  }

  let flow: ConditionalRealNVP<Float>
  let parameters: ParameterSet<Float>
  let settings: Settings
  let random = RandomStream(seed: 1)

  init(dimension: Int, conditionWidth: Int, configuration: CouplingFlowConfiguration, isPlain: Bool = false) throws {
    var builder = ParameterBuilder<Float>(random: random.split("parameters"))
    flow = try ConditionalRealNVP(
      &builder, dimension: dimension, conditionWidth: conditionWidth, configuration: configuration)
    parameters = builder.parameters
    settings = Settings(
      dimension: dimension, hiddenWidth: configuration.hiddenWidth(dimension: dimension), precision: 100,
      isPlain: isPlain, configuration: configuration)
  }

  /// Standard normal numbers under a name.
  private func normals(_ name: String, _ rows: Int, _ columns: Int) -> Tensor<Float> {
    var stream = random.split(name)
    return stream.normals([rows, columns])
  }

  /// Steps on `batch` draws, each with its own measurement.
  func training(batch: Int) -> any Workload {
    let (flow, precision) = (flow, settings.precision)
    let y = normals("y", batch, flow.conditionWidth)
    let z = normals("z", batch, flow.dimension)
    let values = flow.conditionWidth == flow.dimension ? y : normals("values", batch, flow.dimension)
    let shape = [batch, flow.dimension, 1]
    let fidelity = EntryFidelity(
      values: values.reshaped(to: shape), precisions: Tensor(repeating: precision, shape: shape))
    return TrainingWorkload(
      kind: "flow-training", settings: settings, parameters: parameters, inputs: ["y": y, "z": z, "values": values]
    ) { pass in
      let points = flow.sample(pass.tape.constant(z), given: pass.tape.constant(y), in: pass)
      return fidelity(points.values.reshaped(to: shape), Array(0..<batch)) * (1 / Float(batch))
        - points.logDeterminant.sum() * (1 / Float(batch))
    }
  }

  /// `count` samples of one measurement.
  func sampling(count: Int) -> any Workload {
    let (flow, parameters) = (flow, parameters.scattered())
    let y = normals("y", 1, flow.conditionWidth)
    let z = normals("z", count, flow.dimension)
    return EvaluationWorkload(
      task: PeerTask(
        kind: "flow-sampling", settings: settings,
        tensors: Array(zip(parameters.names, parameters.tensors)) + [("input.y", y), ("input.z", z)])
    ) {
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let condition = flow.prepare(pass.tape.constant(y), in: pass)
      return [("samples", flow.sample(pass.tape.constant(z), given: condition, in: pass).values.value)]
    }
  }
}
