// Batch normalisation: statistics of the batch in training, running ones otherwise. The running variance is that which
// divides by the number of rows, as in Flax; PyTorch's divides by one less.

import SextantArrays
import SextantAutodiff

/// Each column to mean 0 and variance 1 over all rows, then a gain and a bias.
public struct BatchNormalisation<Scalar: TensorScalar>: Sendable {
  public let gain: ParameterSet<Scalar>.Reference
  public let bias: ParameterSet<Scalar>.Reference
  /// Not changed by optimisers but by ``NetworkPass/applyUpdates(to:)``.
  public let runningMean: ParameterSet<Scalar>.Reference
  public let runningVariance: ParameterSet<Scalar>.Reference
  /// Added to the variance.
  public let epsilon: Double
  /// The part of a running statistic that stays in a step: 0.9 is what PyTorch calls 0.1.
  public let momentum: Double

  public init(
    _ name: String, channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.9,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    self.epsilon = epsilon
    self.momentum = momentum
    (gain, bias, runningMean, runningVariance) = builder.scope(name) { builder in
      (
        builder.constant("weight", [channels], 1), builder.constant("bias", [channels]),
        builder.constant("running_mean", [channels], isTrained: false),
        builder.constant("running_var", [channels], 1, isTrained: false)
      )
    }
  }

  /// The layer over parameters that were made elsewhere, of as many numbers each as there are channels.
  public init(
    gain: ParameterSet<Scalar>.Reference, bias: ParameterSet<Scalar>.Reference,
    runningMean: ParameterSet<Scalar>.Reference, runningVariance: ParameterSet<Scalar>.Reference, epsilon: Double,
    momentum: Double
  ) {
    (self.gain, self.bias, self.runningMean, self.runningVariance) = (gain, bias, runningMean, runningVariance)
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// - Parameter x: any shape whose last dimension are the channels; all others are rows.
  public func callAsFunction(_ x: Variable<Scalar>, in pass: NetworkPass<Scalar>) -> Variable<Scalar> {
    guard pass.isTraining else {
      let factor = pass[runningVariance].value.inverseRoots(adding: epsilon)
      let scale = pass[gain] * pass.tape.constant(factor)
      return x.scalingRows(by: scale, shiftingBy: pass[bias] - pass[runningMean] * scale)
    }
    let (result, mean, variance) = batchNormalisation(x, gain: pass[gain], bias: pass[bias], epsilon: epsilon)
    for (running, batch) in [(runningMean, mean), (runningVariance, variance)] {
      var value = pass[running].value * Scalar(momentum)
      value.add(batch, scaledBy: Scalar(1 - momentum))
      pass.update(running, to: value)
    }
    return result
  }
}
