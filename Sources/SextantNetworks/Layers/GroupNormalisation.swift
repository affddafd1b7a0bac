// Group normalisation (Wu and He, 2018) and RMS normalisation as layers, and the choice between them.

import SextantArrays
import SextantAutodiff

/// Each sample and group of channels to mean 0 and variance 1 over the vertices, then a gain and a bias for each channel.
public struct GroupNormalisation<Scalar: TensorScalar>: Sendable {
  public let gain: ParameterSet<Scalar>.Reference
  public let bias: ParameterSet<Scalar>.Reference
  public let groups: Int
  /// Added to the variance.
  public let epsilon: Double

  /// - Parameter groups: divides `channels`.
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

  /// - Parameter x: B×V×C.
  public func callAsFunction(_ x: Variable<Scalar>, in pass: NetworkPass<Scalar>) -> Variable<Scalar> {
    groupNormalisation(x, gain: pass[gain], bias: pass[bias], groups: groups, epsilon: epsilon)
  }
}

/// Each row divided by its root mean square, times a gain for each channel.
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

  /// - Parameter x: any shape whose last dimension are the channels.
  public func callAsFunction(_ x: Variable<Scalar>, in pass: NetworkPass<Scalar>) -> Variable<Scalar> {
    rootMeanSquareNormalisation(x, gain: pass[gain], epsilon: epsilon)
  }
}

/// Which normalisation a network uses.
public enum NormalisationKind: Sendable, Equatable, Codable {
  case group(count: Int)
  case rootMeanSquare
}

/// One normalisation or the other.
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

  /// SiLU of the normalised x, or of that times a scale and with a shift for each sample.
  ///
  /// - Parameters:
  ///   - x: B×V×C.
  ///   - modulation: B×C each.
  public func activated(
    _ x: Variable<Scalar>, modulation: (scale: Variable<Scalar>, shift: Variable<Scalar>)? = nil,
    in pass: NetworkPass<Scalar>
  ) -> Variable<Scalar> {
    switch self {
    case .group(let layer):
      return layer(x, in: pass).scalingRows(by: modulation?.scale, shiftingBy: modulation?.shift).silu()
    case .rootMeanSquare(let layer):
      return modulatedNormalisation(x, gain: pass[layer.gain], modulation: modulation, epsilon: layer.epsilon)
    }
  }
}
