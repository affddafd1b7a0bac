// Work without state: the answers are the same every time.

import Sextant

/// A function of fixed inputs.
final class EvaluationWorkload: Workload {
  private let described: PeerTask?
  private let evaluate: () throws -> [(name: String, tensor: Tensor<Float>)]

  /// - Parameters:
  ///   - task: the description for peers; nil for work that no peer does.
  ///   - evaluate: does the work and returns the numbers to compare.
  init(task: PeerTask? = nil, evaluate: @escaping () throws -> [(name: String, tensor: Tensor<Float>)]) {
    (described, self.evaluate) = (task, evaluate)
  }

  func task() -> PeerTask? { described }

  func answers() throws -> WorkloadAnswers { WorkloadAnswers(tensors: try evaluate()) }

  func run() throws { _ = try evaluate() }
}
