// A network over a V×C array as the noise network of the values that stand in it, alone or on top of a Gaussian. In the
// second case the network also sees what the Gaussian takes for noise, and starts as the Gaussian: convolutions then
// need not find out by themselves what only the whole field tells.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Predicts the noise in d values (B×d×1).
public struct StateNoiseNetwork<Scalar: TensorScalar>: NoiseNetwork {
  /// What looks at the arrays.
  public enum Body: Sendable {
    /// A U-Net over neighbourhoods that uses time; its inputs are 2C channels where there is a Gaussian, else C.
    case stencil(StencilUNet<Scalar>)
    /// The paper's U-Net along the array; it sees the noisy fields alone.
    case sixLevel(SixLevelUNet<Scalar>)
  }

  /// What looks at the arrays.
  public let body: Body
  /// Where each value stands in them.
  public let arrangement: StateArrangement
  /// The predictor that the network corrects; nil where it stands alone.
  public let base: (any NoisePredictor<Scalar>)?

  public init(_ body: Body, arrangement: StateArrangement, correcting base: (any NoisePredictor<Scalar>)? = nil) {
    self.body = body
    self.arrangement = arrangement
    self.base = base
  }

  public func output(for x: Variable<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>) -> Variable<Scalar> {
    let arrays = arrangement.arrays(from: x)
    let guess = base?.predictedNoise(in: x, at: times)
    let output =
      switch body {
      case .stencil(let network):
        network(
          guess.map { concatenateColumns([arrays, arrangement.arrays(from: $0)]) } ?? arrays, time: times, in: pass)
      case .sixLevel(let network): network.output(for: arrays, at: times, in: pass)
      }
    let correction = arrangement.states(from: output)
    return guess.map { $0 + correction } ?? correction
  }
}
