// The exponential moving average of a network's parameters over the training steps, which diffusion models use for
// sampling.

import SextantArrays

/// A moving average that follows a parameter set.
public struct ExponentialMovingAverage<Scalar: TensorScalar>: Sendable {
  /// The weight of the old average in each step, after the start.
  public let decay: Double
  /// Whether the decay is at most (1 + n)/(10 + n) in step n, so that the initial values are soon forgotten.
  public let startsFast: Bool
  /// The number of steps so far.
  public internal(set) var step = 0
  /// The averaged parameters; running statistics are the latest values instead.
  public internal(set) var parameters: ParameterSet<Scalar>

  /// An average that starts from `parameters`.
  public init(of parameters: ParameterSet<Scalar>, decay: Double, startsFast: Bool = true) {
    precondition((0..<1).contains(decay), "A decay of \(decay)")
    (self.decay, self.startsFast, self.parameters) = (decay, startsFast, parameters)
  }

  /// Moves the average towards `latest`, in place.
  public mutating func follow(_ latest: ParameterSet<Scalar>) {
    precondition(latest.names == parameters.names, "The average belongs to another network")
    step += 1
    let decay = startsFast ? min(decay, Double(1 + step) / Double(10 + step)) : decay
    let (rate, kernels) = (Scalar(1 - decay), Scalar.kernels)
    for (index, isTrained) in latest.isTrained.enumerated() {
      guard isTrained else {
        parameters.tensors[index] = latest.tensors[index]
        continue
      }
      let count = latest.tensors[index].count
      parameters.tensors[index].withUnsafeMutableScalars { average in
        latest.tensors[index].withUnsafeScalars { x in
          guard count > 0, let average = average.baseAddress, let x = x.baseAddress else { return }
          // Sound, because the ranges do not overlap.
          nonisolated(unsafe) let (target, source) = (average, x)
          Parallel.forEachRange(of: count, grain: 1 << 16) { range in
            kernels.follow(
              count: range.count, rate: rate, from: source + range.lowerBound, average: target + range.lowerBound)
          }
        }
      }
    }
  }
}
