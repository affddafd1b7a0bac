// Work that changes nothing: the same answers every time.

import Sextant

/// A function of fixed inputs.
final class EvaluationWorkload: Workload {
  private let described: PeerTask?
  private let evaluate: () throws -> [(name: String, tensor: Tensor<Float>)]

  /// - Parameters:
  ///   - task: what peers are told; nil for work that no peer does.
  ///   - evaluate: does the work; gives what is compared.
  init(task: PeerTask? = nil, evaluate: @escaping () throws -> [(name: String, tensor: Tensor<Float>)]) {
    (described, self.evaluate) = (task, evaluate)
  }

  func task() -> PeerTask? { described }

  func answers() throws -> WorkloadAnswers { WorkloadAnswers(tensors: try evaluate()) }

  func run() throws { _ = try evaluate() }
}
