// Mixtures of Gaussians of image patches: rounds of expectation and maximisation, and the denoising of an image. Images are rough
// textures with a contrast that changes from place to place, because the patches of such images are mixtures, as natural ones are.

import Foundation
import Sextant

extension BenchmarkRow {
  static var patches: [BenchmarkRow] {
    [
      BenchmarkRow(
        name: "patch-mixture-train",
        summary: "mixture of 50 Gaussians of 40,000 patches of 8×8 pixels: 3 rounds of EM from one beginning",
        peers: [.numpy]
      ) { try patchTraining() },
      BenchmarkRow(
        name: "patch-mixture-denoise", summary: "the same mixture on a noisy image of 128×128 pixels: mean and spread",
        peers: [.numpy]
      ) { try patchDenoising() },
    ]
  }

  private static func patchTraining() throws -> any Workload {
    let (patches, mixture) = try learnedPatches()
    let training = PatchTraining(side: mixture.side, rounds: 3)
    return EvaluationWorkload(
      task: PeerTask(
        kind: "patch-mixture-training", settings: ["rounds": training.rounds],
        tensors: [("input.patches", patches)] + named(mixture))
    ) {
      let improved = try training.improve(mixture, on: patches, noise: [0])
      return [
        ("weights", Tensor(improved.weights)), ("means", improved.means),
        ("covariances", stacked(improved.covariances)),
      ]
    }
  }

  private static func patchDenoising() throws -> any Workload {
    let (_, mixture) = try learnedPatches()
    let (side, deviation) = (128, Float(0.3))
    let domain = try ImageGrid(rows: side, columns: side)
    let random = RandomStream(seed: 13)
    var noise = random.split("noise")
    let errors: Tensor<Float> = noise.normals([side * side])
    let image = texture(side: side, random: random.split("image")) + errors * deviation
    let measurement = FieldMeasurement(
      values: image.scalars, noise: [Float](repeating: deviation, count: side * side),
      operation: SelectionOperator(inputCount: side * side, indices: Array(0..<side * side)))
    let solver = try Method.patches.solver(for: Model(FieldSpace(domain: domain, channelCount: 1), patches: mixture))
    return EvaluationWorkload(
      task: PeerTask(
        kind: "patch-mixture-denoising", settings: ["deviation": deviation],
        tensors: [("input.image", image.reshaped(to: [side, side]))] + named(mixture))
    ) {
      var stream = random.split("samples")
      let posterior = try solver.posterior(given: measurement, samples: 0, using: &stream)
      return [("mean", Tensor(posterior.mean)), ("spread", Tensor(posterior.spread ?? []))]
    }
  }

  /// 40,000 patches of 8×8 pixels of one image, and the mixture of which they are the first estimate.
  private static func learnedPatches() throws -> (patches: Tensor<Float>, mixture: PatchMixture) {
    let (size, side, count) = (256, 8, 40_000)
    let random = RandomStream(seed: 12)
    let image = texture(side: size, random: random.split("image"))
    let across = size - side + 1
    let patches = Tensor<Float>(shape: [count, side * side]) { out in
      image.withUnsafeScalars { pixels in
        for number in 0..<count {
          let (top, left) = (number * across * across / count).quotientAndRemainder(dividingBy: across)
          for i in 0..<side * side { out[number * side * side + i] = pixels[(top + i / side) * size + left + i % side] }
        }
      }
    }
    let mixture = try PatchTraining(side: side, components: 50, rounds: 0)
      .learn(from: patches, noise: [0], using: random.split("components"))
    return (patches, mixture)
  }

  /// Smooth noise times the exponential of smoother noise, and a little noise of its own (side²).
  private static func texture(side: Int, random: RandomStream) -> Tensor<Float> {
    func smooth(_ name: String, _ radius: Int) -> Tensor<Float> {
      var stream = random.split(name)
      var image: Tensor<Float> = stream.normals([side, side])
      for _ in 0..<4 {
        // The mean over a window of the rows, then of the columns: the image is transposed in between.
        image = Tensor(shape: [side, side]) { out in
          for i in 0..<side {
            for j in 0..<side {
              let window = max(0, j - radius)...min(side - 1, j + radius)
              out[j * side + i] = window.reduce(Float(0)) { $0 + image[i, $1] } / Float(2 * radius + 1)
            }
          }
        }
      }
      let deviation = Float((image.dot(image) / Double(image.count)).squareRoot())
      return image * (1 / deviation)
    }
    let (texture, contrast) = (smooth("texture", 2), smooth("contrast", 12))
    var stream = random.split("grain")
    let grain: Tensor<Float> = stream.normals([side, side])
    return (texture * contrast.map { exp($0) } + grain * 0.1).reshaped(to: [side * side])
  }

  /// The parts of a mixture for peers.
  private static func named(_ mixture: PatchMixture) -> [(name: String, tensor: Tensor<Float>)] {
    [
      ("input.origins", Tensor(mixture.origins)), ("input.scales", Tensor(mixture.scales)),
      ("input.weights", Tensor(mixture.weights)), ("input.means", mixture.means),
      ("input.covariances", stacked(mixture.covariances)),
    ]
  }

  /// K×d×d.
  private static func stacked(_ covariances: [Tensor<Float>]) -> Tensor<Float> {
    let d = covariances.first?.rowCount ?? 0
    return Tensor(covariances.flatMap(\.scalars), shape: [covariances.count, d, d])
  }
}
