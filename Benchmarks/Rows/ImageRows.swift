// The networks of images: the U-Net of DDPM, one training step and one step of a sampler, in the size for processors and in the
// published one for CIFAR-10; and a training step of the convolutional conditional flow.

import Sextant

extension BenchmarkRow {
  static var images: [BenchmarkRow] {
    PixelNetwork.allCases.flatMap { [imageTraining($0), imageSampling($0)] } + [convolutionalTraining]
  }

  private static func imageTraining(_ network: PixelNetwork) -> BenchmarkRow {
    BenchmarkRow(
      name: "unet2d-train" + network.suffix,
      summary: "\(network.title), 32×32 pixels of 3 colours: training step, batch \(network.batch)", peers: [.torch]
    ) { PixelProblem(network).training() }
  }

  private static func imageSampling(_ network: PixelNetwork) -> BenchmarkRow {
    BenchmarkRow(
      name: "unet2d-sample" + network.suffix,
      summary: "\(network.title): a step of a sampler, N = \(network.batch)", peers: [.torch]
    ) { PixelProblem(network).samplingStep() }
  }

  private static var convolutionalTraining: BenchmarkRow {
    let batch = 16
    return BenchmarkRow(
      name: "convolutional-flow-train",
      summary: "preset convolutional-digits, 32×32 pixels of 3 colours: training step, batch \(batch)", peers: [.torch]
    ) { try convolutionalFlow(batch: batch) }
  }

  /// A step that raises the likelihood: the mean over the batch of ½·‖z‖² − log|det ∂z/∂x| for each number of an image.
  private static func convolutionalFlow(batch: Int) throws -> any Workload {
    let random = RandomStream(seed: 9)
    let settings = ConvolutionalFlowSettings()
    var builder = ParameterBuilder<Float>(random: random.split("parameters"))
    let flow = try ConvolutionalFlow(
      &builder, rows: settings.side, columns: settings.side, channels: settings.channels,
      configuration: settings.configuration)
    func normals(_ name: String, _ columns: Int) -> Tensor<Float> {
      var stream = random.split(name)
      return stream.normals([batch, columns])
    }
    let (x, y) = (normals("x", flow.dimension), normals("y", flow.conditionWidth))
    return TrainingWorkload(
      kind: "convolutional-flow-training", settings: settings, parameters: builder.parameters, inputs: ["x": x, "y": y]
    ) { pass in
      let points = flow.invert(pass.tape.constant(x), given: pass.tape.constant(y), in: pass)
      let energy = points.values.squared().sum() * 0.5 - points.logDeterminant.sum()
      return energy * (1 / Float(batch * flow.dimension))
    }
  }
}

/// The sizes of the flow, for peers.
private struct ConvolutionalFlowSettings: Encodable {
  let side = 32
  let channels = 3
  var configuration: ConvolutionalFlowConfiguration { .digits(channels: channels) }

  private enum CodingKeys: CodingKey { case side, channels }

  func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(side, forKey: .side)
    try container.encode(channels, forKey: .channels)
  }
}

/// The networks on pixels that are timed.
private enum PixelNetwork: CaseIterable {
  case small, cifar

  var suffix: String { self == .small ? "" : "-cifar" }
  var title: String { self == .small ? "preset small of plane (1.1 M parameters)" : "preset cifar of plane (35.75 M)" }
  var batch: Int { self == .small ? 16 : 4 }

  var preset: DiffusionSettings.Preset { self == .small ? .small : .cifar }

  var settings: DDPMUNetSettings {
    DDPMUNetSettings(
      channels: 3, widths: preset.widths, blocks: preset.blocks, attentionSide: preset.attention,
      side: PixelProblem.side)
  }
}

/// A network on pixels with random numbers for images.
private struct PixelProblem {
  static let side = 32

  let settings: DDPMUNetSettings
  let network: DDPMUNet<Float>
  let parameters: ParameterSet<Float>
  let batch: Int
  let random = RandomStream(seed: 8)

  init(_ kind: PixelNetwork) {
    var builder = ParameterBuilder<Float>(random: random.split("parameters"))
    (settings, batch) = (kind.settings, kind.batch)
    network = DDPMUNet(settings, on: .plane(rows: Self.side, columns: Self.side), in: &builder)
    parameters = builder.parameters
  }

  /// Standard normal images under a name (B×V×C).
  private func normals(_ name: String) -> Tensor<Float> {
    var stream = random.split(name)
    return stream.normals([batch, Self.side * Self.side, settings.channels])
  }

  /// The mean squared error of the predicted noise.
  func training() -> any Workload {
    let (network, x, noise) = (network, normals("x"), normals("noise"))
    let times = (0..<batch).map { (Double($0) + 0.5) / Double(batch) }
    return TrainingWorkload(
      kind: "unet2d-training", settings: settings, parameters: parameters,
      inputs: ["x": x, "noise": noise, "times": Tensor(times.map { Float($0) })]
    ) { pass in
      (network.output(for: pass.tape.constant(x), at: times, in: pass) - pass.tape.constant(noise)).squared().mean()
    }
  }

  /// x ← 1.01·x − 0.05·ε(x, t) + 0.1·w with normal w, as a step of an ancestral sampler is for some coefficients.
  func samplingStep() -> any Workload {
    let (network, parameters, x, w) = (network, parameters.scattered(), normals("x"), normals("w"))
    let times = [Double](repeating: 0.5, count: batch)
    return EvaluationWorkload(
      task: PeerTask(
        kind: "unet2d-sampling", settings: settings,
        tensors: Array(zip(parameters.names, parameters.tensors))
          + [("input.x", x), ("input.w", w), ("input.times", Tensor([Float(0.5)]))])
    ) {
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let noise = network.output(for: pass.tape.constant(x), at: times, in: pass).value
      return [("samples", x * 1.01 - noise * 0.05 + w * 0.1)]
    }
  }
}
