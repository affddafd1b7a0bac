// A network as a noise predictor, alone or as a correction to another predictor. If its last layer is initialised to
// zero, the correction initially vanishes: an untrained network on a Gaussian prior is that prior's denoiser, and one
// can measure what training adds.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// A network that takes noisy fields and their times. Its parameters are in a `ParameterSet`.
public protocol NoiseNetwork<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// The network's output (B×V×C) for noisy fields (B×V×C) at `times` (B, from t₀ to 1), recorded on the tape of
  /// `pass`.
  func output(for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>)
    -> DifferentiableTensor<Scalar>
}

/// A trained network, with its parameters.
public struct NetworkNoisePredictor<Network: NoiseNetwork>: NoisePredictor {
  public typealias Scalar = Network.Scalar
  /// The network.
  public let network: Network
  /// The parameters with which the network is evaluated.
  public var parameters: ParameterSet<Scalar>
  /// The predictor to which the network's output is added; nil if the network predicts alone.
  public let base: (any NoisePredictor<Scalar>)?
  public let schedule: VariancePreservingSchedule

  /// A network with its parameters. If `base` is given, a predictor with the same schedule, the network corrects it.
  public init(
    _ network: Network, parameters: ParameterSet<Scalar>, correcting base: (any NoisePredictor<Scalar>)? = nil,
    schedule: VariancePreservingSchedule = .standard
  ) {
    precondition(base.map { $0.schedule == schedule } ?? true, "A correction has the schedule of its base predictor")
    self.network = network
    self.parameters = parameters
    self.base = base
    self.schedule = schedule
  }

  public func predictedNoise(in x: DifferentiableTensor<Scalar>, at times: [Double]) -> DifferentiableTensor<Scalar> {
    let pass = NetworkPass(parameters, tape: x.tape, isTraining: false, wantsGradients: false)
    return predictedNoise(in: x, at: times, pass: pass)
  }

  /// The prediction with parameters that are already on a tape, so that they receive gradients.
  public func predictedNoise(
    in x: DifferentiableTensor<Scalar>, at times: [Double], pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let output = network.output(for: x, at: times, in: pass)
    precondition(output.shape == x.shape, "A noise network returned shape \(output.shape) for \(x.shape)")
    return base.map { $0.predictedNoise(in: x, at: times) + output } ?? output
  }
}
