// A network as a noise predictor, alone or as a correction to another predictor. With a last layer that starts at zero,
// a correction starts as what it corrects: an untrained network is then the Gaussian prior's denoiser, and training
// can be measured by what it adds.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// A network that looks at noisy fields and their times. It holds no numbers: those are in a ``ParameterSet``.
public protocol NoiseNetwork<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// The network's output (B×V×C) for noisy fields (B×V×C) at `times` (B, from t₀ to 1), recorded on the tape of
  /// `pass`.
  func output(for x: Variable<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>) -> Variable<Scalar>
}

/// A noise network made of a function.
public struct FunctionNoiseNetwork<Scalar: TensorScalar>: NoiseNetwork {
  /// From noisy fields (B×V×C), times (B) and the parameters on the tape to the output (B×V×C).
  public typealias Function =
    @Sendable (_ x: Variable<Scalar>, _ times: [Double], _ pass: NetworkPass<Scalar>) -> Variable<Scalar>
  private let function: Function

  public init(_ function: @escaping Function) { self.function = function }

  public func output(for x: Variable<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>) -> Variable<Scalar> {
    function(x, times, pass)
  }
}

/// A trained network, with its parameters.
public struct NetworkNoisePredictor<Network: NoiseNetwork>: NoisePredictor {
  public typealias Scalar = Network.Scalar
  /// What is evaluated.
  public let network: Network
  /// The numbers that it is evaluated with.
  public var parameters: ParameterSet<Scalar>
  /// What the network's output is added to; nil where the network predicts alone.
  public let base: (any NoisePredictor<Scalar>)?
  public let schedule: VariancePreservingSchedule

  /// - Parameter base: A predictor of the same schedule that the network corrects.
  public init(
    _ network: Network, parameters: ParameterSet<Scalar>, correcting base: (any NoisePredictor<Scalar>)? = nil,
    schedule: VariancePreservingSchedule = .standard
  ) {
    precondition(base.map { $0.schedule == schedule } ?? true, "A correction has the schedule of what it corrects")
    self.network = network
    self.parameters = parameters
    self.base = base
    self.schedule = schedule
  }

  public func predictedNoise(in x: Variable<Scalar>, at times: [Double]) -> Variable<Scalar> {
    let pass = NetworkPass(parameters, tape: x.tape, isTraining: false, wantsGradients: false)
    return predictedNoise(in: x, at: times, pass: pass)
  }

  /// The same with parameters that are on a tape already, so that they get gradients.
  public func predictedNoise(
    in x: Variable<Scalar>, at times: [Double], pass: NetworkPass<Scalar>
  ) -> Variable<Scalar> {
    let output = network.output(for: x, at: times, in: pass)
    precondition(output.shape == x.shape, "A noise network made shape \(output.shape) of \(x.shape)")
    return base.map { $0.predictedNoise(in: x, at: times) + output } ?? output
  }
}

extension ParameterSet {
  /// Sets the parameters whose names begin with `prefix` to zero, such as those of a network's last layer: a correction
  /// is then nothing until it is trained.
  public mutating func setToZero(prefix: String) {
    for (index, name) in names.enumerated() where name.hasPrefix(prefix) {
      tensors[index] = .zeros(tensors[index].shape)
    }
  }
}
