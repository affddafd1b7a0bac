// Group normalisation (Wu and He 2018) and RMS normalisation as layers, and the choice between them.

import SextantArrays
import SextantAutodiff

/// Normalises each sample and group of channels to mean 0 and variance 1 over the vertices, then applies a gain and a
/// bias for each channel.
public struct GroupNormalisation<Scalar: TensorScalar>: Sendable {
  public let gain: ParameterSet<Scalar>.Reference
  public let bias: ParameterSet<Scalar>.Reference
  public let groups: Int
  /// Added to the variance.
  public let epsilon: Double

  /// Creates the layer's parameters in `builder`, under `name`. The number of groups is a divisor of `channels`.
  public init(
    _ name: String, channels: Int, groups: Int, epsilon: Double = 1e-5, in builder: inout ParameterBuilder<Scalar>
  ) {
    precondition(groups > 0 && channels % groups == 0, "\(groups) groups of \(channels) channels")
    self.groups = groups
    self.epsilon = epsilon
    (gain, bias) = builder.scope(name) {
      ($0.constant("weight", [channels], 1), $0.constant("bias", [channels]))
    }
  }

  /// The output (B×V×C) for x (B×V×C).
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    groupNormalisation(x, gain: pass[gain], bias: pass[bias], groups: groups, epsilon: epsilon)
  }

  /// SiLU of the output.
  public func activated(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    groupNormalisation(x, gain: pass[gain], bias: pass[bias], groups: groups, epsilon: epsilon, activates: true)
  }
}

/// Divides each row by its root mean square, then applies a gain for each channel.
public struct RMSNormalisation<Scalar: TensorScalar>: Sendable {
  public let gain: ParameterSet<Scalar>.Reference
  /// Added to the mean square.
  public let epsilon: Double

  public init(
    _ name: String, channels: Int, epsilon: Double = 1e-12, in builder: inout ParameterBuilder<Scalar>
  ) {
    self.epsilon = epsilon
    gain = builder.scope(name) { $0.constant("weight", [channels], 1) }
  }

  /// The output for x, a tensor of any shape whose last dimension is the channels.
  public func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    rootMeanSquareNormalisation(x, gain: pass[gain], epsilon: epsilon)
  }
}

/// The kind of normalisation that a network uses.
public enum NormalisationKind: Sendable, Equatable, Codable {
  case group(count: Int)
  case rootMeanSquare
}

/// A layer of either kind of normalisation.
public enum Normalisation<Scalar: TensorScalar>: Sendable {
  case group(GroupNormalisation<Scalar>)
  case rootMeanSquare(RMSNormalisation<Scalar>)

  public init(
    _ name: String, _ kind: NormalisationKind, channels: Int, in builder: inout ParameterBuilder<Scalar>
  ) {
    switch kind {
    case .group(let count):
      self = .group(GroupNormalisation(name, channels: channels, groups: count, in: &builder))
    case .rootMeanSquare:
      self = .rootMeanSquare(RMSNormalisation(name, channels: channels, in: &builder))
    }
  }

  /// SiLU of the normalised x (B×V×C), optionally after a scale and a shift for each sample (B×C each).
  public func activated(
    _ x: DifferentiableTensor<Scalar>,
    modulation: (scale: DifferentiableTensor<Scalar>, shift: DifferentiableTensor<Scalar>)? = nil,
    in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    switch self {
    case .group(let layer):
      guard let modulation else { return layer.activated(x, in: pass) }
      return layer(x, in: pass).scalingRows(by: modulation.scale, shiftingBy: modulation.shift).silu()
    case .rootMeanSquare(let layer):
      return modulatedNormalisation(x, gain: pass[layer.gain], modulation: modulation, epsilon: layer.epsilon)
    }
  }
}
