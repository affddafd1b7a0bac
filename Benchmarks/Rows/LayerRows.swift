// Single layers, forward and backward, with the gradients of input, weight and bias.

import Sextant

extension BenchmarkRow {
  static var layers: [BenchmarkRow] {
    [dense(rows: 64, inputs: 1888, outputs: 236), dense(rows: 4096, inputs: 512, outputs: 512)]
      + [(1888, 64), (944, 128), (472, 256)].map { convolution(vertices: $0, channels: $1) }
  }

  private static func dense(rows: Int, inputs: Int, outputs: Int) -> BenchmarkRow {
    BenchmarkRow(
      name: "dense-\(rows)x\(inputs)-\(outputs)",
      summary: "dense layer, \(rows) rows of \(inputs) to \(outputs): forward and backward", peers: [.torch, .jax]
    ) {
      layer("dense-layer", x: [rows, inputs], weight: [outputs, inputs], output: [rows, outputs]) {
        SextantAutodiff.dense($0, weight: $1, bias: $2)
      }
    }
  }

  private static func convolution(vertices: Int, channels: Int) -> BenchmarkRow {
    let batch = 16
    return BenchmarkRow(
      name: "convolution-\(channels)",
      summary: "1-D convolution of 3, \(batch) × \(vertices) × \(channels) channels: forward and backward",
      peers: [.torch, .jax]
    ) {
      let stencil = Stencil.line(count: vertices, offsets: -1...1)
      return layer(
        "convolution-layer", x: [batch, vertices, channels], weight: [channels, 3, channels],
        output: [batch, vertices, channels]
      ) { stencilConvolution($0, weight: $1, bias: $2, stencil: stencil) }
    }
  }

  /// A layer of random numbers, and its gradients for a random gradient of its result.
  private static func layer(
    _ kind: String, x: [Int], weight: [Int], output: [Int],
    apply:
      @escaping (
        DifferentiableTensor<Float>, DifferentiableTensor<Float>, DifferentiableTensor<Float>
      ) -> DifferentiableTensor<Float>
  ) -> any Workload {
    let random = RandomStream(seed: 4)
    func normals(_ name: String, _ shape: [Int], deviation: Float = 1) -> Tensor<Float> {
      var stream = random.split(name)
      return stream.normals(shape) * deviation
    }
    let rowLength = weight.dropFirst().reduce(1, *)
    let inputs = [
      ("x", normals("x", x)), ("weight", normals("weight", weight, deviation: 1 / Float(rowLength).squareRoot())),
      ("bias", normals("bias", [weight[0]])),
    ]
    let seed = normals("seed", output)
    return EvaluationWorkload(
      task: PeerTask(
        kind: kind, settings: [String: Int](),
        tensors: (inputs + [("seed", seed)]).map { ("input." + $0, $1) })
    ) {
      let tape = Tape<Float>()
      let leaves = inputs.map { tape.leaf($0.1) }
      let result = apply(leaves[0], leaves[1], leaves[2])
      let gradients = tape.gradients(of: result, seed: seed)
      return [("output", result.value)]
        + zip(inputs, leaves).compactMap { input, leaf in gradients[leaf].map { (input.0, $0) } }
    }
  }
}
