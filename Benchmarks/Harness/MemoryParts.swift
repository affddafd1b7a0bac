// The parts of a training step's memory, with which its peak is compared: everything beyond weights, moments, gradients
// and activations is waste.

import Sextant

/// The bytes that training requires.
struct MemoryParts: Codable {
  /// The parameters, running statistics included.
  var weights = 0
  /// Both moments of Adam.
  var moments = 0
  /// The gradients in the form in which the optimiser gets them: for large dense layers two factors instead of their
  /// product.
  var gradients = 0
  /// All other tensors at the peak: activations, inputs, accumulators.
  var activations = 0

  var total: Int { weights + moments + gradients + activations }

  /// The parts of a peak of `mostUsed` bytes in tensors.
  func withActivations(mostUsed: Int) -> MemoryParts {
    var result = self
    result.activations = max(0, mostUsed - (weights + moments + gradients))
    return result
  }
}

extension ParameterSet<Float> {
  /// The part of the parameters and of their moments, for gradients like these.
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
