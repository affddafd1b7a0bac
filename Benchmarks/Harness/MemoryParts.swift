// What a training step's memory consists of, so that its peak can be held against it: what is not weights, moments,
// gradients or activations is waste.

import Sextant

/// Bytes that a training cannot do without.
struct MemoryParts: Codable {
  /// The parameters, running statistics included.
  var weights = 0
  /// Both of Adam's.
  var moments = 0
  /// As the optimiser is given them: of large dense layers two factors, not their product.
  var gradients = 0
  /// All other tensors at the moment when most are there: activations, inputs, room for sums.
  var activations = 0

  var total: Int { weights + moments + gradients + activations }

  /// The parts that come to `mostUsed` bytes in tensors at once.
  func withActivations(mostUsed: Int) -> MemoryParts {
    var result = self
    result.activations = max(0, mostUsed - (weights + moments + gradients))
    return result
  }
}

extension ParameterSet<Float> {
  /// The set's own part and its moments', for gradients like these.
  func memoryParts(gradients: [ParameterGradient<Float>?]) -> MemoryParts {
    let size = MemoryLayout<Float>.stride
    return MemoryParts(
      weights: size * tensors.reduce(0) { $0 + $1.count }, moments: 2 * size * trainedCount,
      gradients: size
        * gradients.reduce(0) { sum, gradient in
          switch gradient {
          case .whole(let tensor): sum + tensor.count
          case .product(let g, let x): sum + g.count + x.count
          case nil: sum
          }
        })
  }
}
