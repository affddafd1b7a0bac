// The common one-dimensional U-Net (lucidrains' Unet1D) as a score network: the mean squared error of the predicted
// noise, at its usual size, which is far larger than the networks that this package trains by default.

import Sextant

extension BenchmarkRow {
  static var unets: [BenchmarkRow] {
    [
      BenchmarkRow(
        name: "unet1d-train", summary: "1-D U-Net, V = 1888, 64 channels × 1, 2, 4, 8: training step, batch 64",
        peers: [.torch, .jax]
      ) { unetTraining(vertices: 1888, batch: 64) }
    ]
  }

  private static func unetTraining(vertices: Int, batch: Int) -> any Workload {
    let random = RandomStream(seed: 2)
    var builder = ParameterBuilder<Float>(random: random.split("parameters"))
    let settings = UNet1DSettings()
    let network = UNet1D<Float>(settings, in: &builder)
    func normals(_ name: String) -> Tensor<Float> {
      var stream = random.split(name)
      return stream.normals([batch, vertices, settings.channels])
    }
    let (x, noise) = (normals("x"), normals("noise"))
    let times = (0..<batch).map { (Double($0) + 0.5) / Double(batch) }
    return TrainingWorkload(
      kind: "unet-training", settings: settings, parameters: builder.parameters,
      inputs: ["x": x, "noise": noise, "times": Tensor(times.map { Float($0) })]
    ) { pass in
      (network.output(for: pass.tape.constant(x), at: times, in: pass) - pass.tape.constant(noise)).squared().mean()
    }
  }
}
