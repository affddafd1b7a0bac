// Batch normalisation, with the statistics of the batch in training and running statistics otherwise. The running
// variance has the number of rows n as its denominator, as in Flax; PyTorch uses n − 1.

import SextantArrays
import SextantAutodiff

/// Normalises each column to mean 0 and variance 1 over all rows, then applies a gain and a bias.
public struct BatchNormalisation<Scalar: TensorScalar>: Sendable {
  public let gain: ParameterSet<Scalar>.Reference
  public let bias: ParameterSet<Scalar>.Reference
  /// Changed by ``NetworkPass/applyUpdates(to:)`` rather than by optimisers.
  public let runningMean: ParameterSet<Scalar>.Reference
  public let runningVariance: ParameterSet<Scalar>.Reference
  /// Added to the variance.
  public let epsilon: Double
  /// The weight of the old value when a running statistic is updated: 0.9 here is 0.1 in PyTorch's convention.
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

  /// A layer over existing parameters, each with one value per channel.
  public init(
    gain: ParameterSet<Scalar>.Reference, bias: ParameterSet<Scalar>.Reference,
    runningMean: ParameterSet<Scalar>.Reference, runningVariance: ParameterSet<Scalar>.Reference, epsilon: Double,
    momentum: Double
  ) {
    (self.gain, self.bias, self.runningMean, self.runningVariance) = (gain, bias, runningMean, runningVariance)
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// Normalises x, a tensor of any shape whose last dimension is the channels; all other dimensions are rows.
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
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
