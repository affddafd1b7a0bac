// A network over a V×C array as the noise predictor of the values in it, alone or as a correction to a Gaussian. In the
// second case the network also takes the noise predicted by the Gaussian as an input, and initially equals the
// Gaussian. Convolutions then need not learn what depends on the whole field.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Predicts the noise in d values (B×d×1).
public struct StateNoiseNetwork<Scalar: TensorScalar>: NoiseNetwork {
  /// The network that processes the arrays.
  public enum Body: Sendable {
    /// A U-Net over neighbourhoods that takes the time, with C input channels for each set of states that it is told.
    case stencil(StencilUNet<Scalar>)
    /// A published U-Net on pixels, with as many input channels as the first, or along the array of vertices, as in Mammadov,
    /// Chung and Ye (2024), where its only input is the noisy fields; and the number of its input channels.
    case published(any NoiseNetwork<Scalar>, inputChannels: Int)
  }

  /// The network that processes the arrays.
  public let body: Body
  /// The position of each value in the arrays.
  public let arrangement: StateArrangement
  /// The predictor that the network corrects; nil if the network predicts alone.
  public let base: (any NoisePredictor<Scalar>)?
  /// The schedule by which the output is preconditioned; nil if it is the noise itself.
  public let preconditioning: VariancePreservingSchedule?

  /// - Parameters:
  ///   - body: the network.
  ///   - arrangement: the position of each value in the arrays.
  ///   - base: the predictor that the network corrects; nil if the network predicts alone.
  ///   - preconditioning: the schedule for the preconditioning of Karras and others (2022); nil for none.
  public init(
    _ body: Body, arrangement: StateArrangement, correcting base: (any NoisePredictor<Scalar>)? = nil,
    preconditioning: VariancePreservingSchedule? = nil
  ) {
    self.body = body
    self.arrangement = arrangement
    self.base = base
    self.preconditioning = preconditioning
  }

  /// The noise for an output F of the network. In the units of a variance-preserving diffusion x = α·x₀ + s·ε of data with standard
  /// deviation 1, the preconditioning of T. Karras, M. Aittala, T. Aila and S. Laine ("Elucidating the Design Space of
  /// Diffusion-Based Generative Models", 2022) has c_in = 1, c_skip = α² and c_out = s for x/α, so that x₀ = α·x + s·F and
  /// ε = s·x − α·F.
  private func preconditioned(
    _ output: DifferentiableTensor<Scalar>, for x: DifferentiableTensor<Scalar>, at times: [Double]
  ) -> DifferentiableTensor<Scalar> {
    guard let preconditioning else { return output }
    func each(_ value: (Double) -> Double) -> DifferentiableTensor<Scalar> {
      x.tape.constant(Tensor(times.map { Scalar(value($0)) }, shape: [times.count, 1]))
    }
    let (batch, count) = (times.count, x.value.count / max(1, times.count))
    let (flat, flatOutput) = (x.reshaped(to: [batch, count, 1]), output.reshaped(to: [batch, count, 1]))
    let noisy = flat.scalingRows(by: each(preconditioning.noise))
    return (noisy + flatOutput.scalingRows(by: each { -preconditioning.signal(at: $0) })).reshaped(to: output.shape)
  }

  public func output(for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>)
    -> DifferentiableTensor<Scalar>
  {
    let guess = base?.predictedNoise(in: x, at: times)
    let output = body.output(for: [x] + (guess.map { [$0] } ?? []), in: arrangement, at: times, pass: pass)
    let correction = preconditioned(output, for: x, at: times)
    return guess.map { $0 + correction } ?? correction
  }
}

extension StateNoiseNetwork.Body {
  /// What the network gives for some sets of states, which are its input channels in their order.
  ///
  /// - Parameters:
  ///   - inputs: B×d×1 each. A published network takes as many of them as it has channels for.
  ///   - arrangement: the position of each state in the arrays.
  /// - Returns: B×d×1.
  func output(
    for inputs: [DifferentiableTensor<Scalar>], in arrangement: StateArrangement, at times: [Double],
    pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    func arrays(_ count: Int) -> DifferentiableTensor<Scalar> {
      let arrays = inputs.prefix(count).map { arrangement.arrays(from: $0) }
      return arrays.count == 1 ? arrays[0] : concatenateColumns(arrays)
    }
    let output =
      switch self {
      case .stencil(let network): network(arrays(inputs.count), time: times, in: pass)
      case .published(let network, let inputChannels):
        network.output(for: arrays(inputChannels / arrangement.channelCount), at: times, in: pass)
      }
    return arrangement.states(from: output)
  }
}
