// Whether two programs computed the same: the norm of the difference over the norm of our numbers, for the loss and for
// everything else together. 1e-4 leaves room for sums in another order in single precision, and for nothing else.

import Foundation
import Sextant

/// The difference between a peer's answers and ours.
struct Agreement: Codable {
  /// The largest relative difference that counts as agreement.
  static let tolerance = 1e-4

  /// The difference of the loss, if the row has one.
  var loss: Double?
  /// The difference of all other numbers together.
  var numbers: Double
  /// The tensor that contributes most to the difference, if there is one.
  var worst: String?

  var holds: Bool { (loss ?? 0) <= Self.tolerance && numbers <= Self.tolerance }

  /// Compares with the safetensors file that a peer wrote. A tensor that only one side has is a disagreement.
  init(of answers: WorkloadAnswers, withFileAt path: String) throws {
    let file = try SafetensorsFile(path: path)
    // What the peer gives beyond our numbers must be 0: a gradient that we do not compute because there is none.
    let known = Set(answers.tensors.map(\.name) + ["loss"])
    let beyond = try file.names.filter { !known.contains($0) }.reduce(0) { $0 + (try file.floats($1)).squaredNorm }
    try self.init(of: answers, beyond: beyond) { try file.floats($0, shape: $1) }
    if let ours = answers.loss {
      let theirs = try file.floats("loss").scalars[0]
      loss = Double(abs(theirs - ours) / abs(ours))
    }
  }

  /// Compares with other answers of ours, which have the same names.
  init(of answers: WorkloadAnswers, and others: WorkloadAnswers) {
    let tensors = Dictionary(uniqueKeysWithValues: others.tensors.map { ($0.name, $0.tensor) })
    self.init(of: answers, beyond: 0) { name, shape in tensors[name] ?? .zeros(shape) }
  }

  /// - Parameters:
  ///   - beyond: the sum of the squares of the numbers that only the other side has.
  ///   - other: the other side's numbers by name and shape.
  private init(
    of answers: WorkloadAnswers, beyond: Double, _ other: (String, [Int]) throws -> Tensor<Float>
  ) rethrows {
    var (difference, norm, largest) = (beyond, 0.0, 0.0)
    for (name, ours) in answers.tensors {
      let own = (ours - (try other(name, ours.shape))).squaredNorm
      if own > largest { (largest, worst) = (own, name) }
      difference += own
      norm += ours.squaredNorm
    }
    numbers = norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot()
  }
}

extension Tensor<Float> {
  /// Σx² in double precision.
  fileprivate var squaredNorm: Double {
    let norm = globalNorm([.whole(self)])
    return norm * norm
  }
}
