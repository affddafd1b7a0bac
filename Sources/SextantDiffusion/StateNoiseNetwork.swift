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
    /// A U-Net over neighbourhoods that takes the time; it has 2C input channels with a Gaussian, C without.
    case stencil(StencilUNet<Scalar>)
    /// The U-Net of DDPM on pixels, with as many input channels as the first, or along the array of vertices, as in Mammadov,
    /// Chung and Ye (2024), where its only input is the noisy fields.
    case ddpm(DDPMUNet<Scalar>)
  }

  /// The network that processes the arrays.
  public let body: Body
  /// The position of each value in the arrays.
  public let arrangement: StateArrangement
  /// The predictor that the network corrects; nil if the network predicts alone.
  public let base: (any NoisePredictor<Scalar>)?

  public init(_ body: Body, arrangement: StateArrangement, correcting base: (any NoisePredictor<Scalar>)? = nil) {
    self.body = body
    self.arrangement = arrangement
    self.base = base
  }

  public func output(for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>)
    -> DifferentiableTensor<Scalar>
  {
    let arrays = arrangement.arrays(from: x)
    let guess = base?.predictedNoise(in: x, at: times)
    func withGuess() -> DifferentiableTensor<Scalar> {
      guess.map { concatenateColumns([arrays, arrangement.arrays(from: $0)]) } ?? arrays
    }
    let output =
      switch body {
      case .stencil(let network): network(withGuess(), time: times, in: pass)
      case .ddpm(let network):
        network.output(
          for: network.settings.inputChannels > arrangement.channelCount ? withGuess() : arrays, at: times, in: pass)
      }
    let correction = arrangement.states(from: output)
    return guess.map { $0 + correction } ?? correction
  }
}
