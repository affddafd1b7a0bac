// The moving average of a network's parameters over the steps of its training: what diffusion models are used with.

import SextantArrays

/// An average that follows a parameter set.
public struct ExponentialMovingAverage<Scalar: TensorScalar>: Sendable {
  /// The part of the average that stays in a step, in the long run.
  public let decay: Double
  /// Whether the first n steps have the smaller decay (1 + n)/(10 + n), so that the initial values are forgotten soon.
  public let startsFast: Bool
  /// The number of steps followed.
  public internal(set) var step = 0
  /// The average; running statistics are the latest ones.
  public internal(set) var parameters: ParameterSet<Scalar>

  /// - Parameter parameters: what the average starts as.
  public init(of parameters: ParameterSet<Scalar>, decay: Double, startsFast: Bool = true) {
    precondition((0..<1).contains(decay), "A decay of \(decay)")
    (self.decay, self.startsFast, self.parameters) = (decay, startsFast, parameters)
  }

  /// Moves the average towards `latest`, in place.
  public mutating func follow(_ latest: ParameterSet<Scalar>) {
    precondition(latest.names == parameters.names, "The average follows another network")
    step += 1
    let decay = startsFast ? min(decay, Double(1 + step) / Double(10 + step)) : decay
    let (rate, kernels) = (Scalar(1 - decay), Scalar.networkKernels)
    for (index, isTrained) in latest.isTrained.enumerated() {
      guard isTrained else {
        parameters.tensors[index] = latest.tensors[index]
        continue
      }
      let count = latest.tensors[index].count
      parameters.tensors[index].withUnsafeMutableScalars { average in
        latest.tensors[index].withUnsafeScalars { x in
          guard count > 0, let average = average.baseAddress, let x = x.baseAddress else { return }
          // Sound: the ranges do not overlap.
          nonisolated(unsafe) let (target, source) = (average, x)
          Parallel.forEachRange(of: count, grain: 1 << 16) { range in
            kernels.follow(range.count, rate, source + range.lowerBound, target + range.lowerBound)
          }
        }
      }
    }
  }
}
