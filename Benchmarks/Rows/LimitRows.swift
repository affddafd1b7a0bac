// The limits of the machine, measured in the same run as the rows that docs/benchmarks.md compares with them.

import Sextant

extension BenchmarkRow {
  static var limits: [BenchmarkRow] { [matrixProduct(size: 2048), adam(count: 1 << 26)] }

  /// 2·n³ operations: the peak rate of the products of a training step.
  private static func matrixProduct(size: Int) -> BenchmarkRow {
    BenchmarkRow(name: "limit-product", summary: "product of two \(size)×\(size) matrices by OpenBLAS") {
      var stream = RandomStream(seed: 5)
      let (a, b): (Tensor<Float>, Tensor<Float>) = (stream.normals([size, size]), stream.normals([size, size]))
      return EvaluationWorkload { [("product", SextantArrays.matrixProduct(a, b))] }
    }
  }

  /// Seven numbers are read or written for each parameter: the bandwidth of memory.
  private static func adam(count: Int) -> BenchmarkRow {
    BenchmarkRow(name: "limit-adam", summary: "Adam alone, \(count) parameters and a gradient that is there") {
      AdamWorkload(count: count)
    }
  }
}

/// Steps of Adam with one gradient.
private final class AdamWorkload: Workload {
  private var parameters = ParameterSet<Float>()
  private var optimiser: Adam<Float>
  private let gradient: Tensor<Float>

  init(count: Int) {
    _ = parameters.add("x", .zeros([count]))
    gradient = Tensor(repeating: 1, shape: [count])
    optimiser = Adam(AdamSettings(rate: 1e-5), for: parameters)
  }

  func task() -> PeerTask? { nil }
  func answers() -> WorkloadAnswers { WorkloadAnswers(tensors: []) }
  func run() { _ = optimiser.update(&parameters, gradients: [.whole(gradient)]) }
}
