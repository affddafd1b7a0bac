// Dropout (Srivastava et al. 2014): in training, random values are set to zero and the others are scaled up to
// compensate.

import SextantArrays
import SextantAutodiff

/// Sets each value to zero with a given probability.
public struct Dropout: Sendable, Equatable {
  /// The probability, in 0..<1.
  public let rate: Double

  public init(rate: Double) {
    precondition((0..<1).contains(rate), "A dropout rate of \(rate)")
    self.rate = rate
  }

  /// Draws from ``NetworkPass/random``. Does nothing without a random stream, or if the pass is not in training mode.
  public func callAsFunction<Scalar: TensorScalar>(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    guard rate > 0, pass.isTraining, var random = pass.random else { return x }
    defer { pass.random = random }
    let count = x.value.count
    // Each 64-bit word serves two values.
    let words = [UInt32](unsafeUninitializedCapacity: count) { words, filled in
      for i in 0..<(count + 1) / 2 {
        let word = random.next()
        words[2 * i] = UInt32(truncatingIfNeeded: word)
        if 2 * i + 1 < count { words[2 * i + 1] = UInt32(truncatingIfNeeded: word >> 32) }
      }
      filled = count
    }
    let threshold = UInt32(min(rate * 0x1p32, 0x1p32 - 1))
    let mask = Tensor<Scalar>(shape: x.shape) { out in
      words.withUnsafeBufferPointer { words in
        guard count > 0, let words = words.baseAddress, let out = out.baseAddress else { return }
        Scalar.kernels.keepMask(
          count: count, words: words, threshold: threshold, factor: Scalar(1 / (1 - rate)), to: out)
      }
    }
    return x * pass.tape.constant(mask)
  }
}
