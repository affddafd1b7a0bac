// A network as a masked predictor, alone or as a correction to a Gaussian: a gated network of ambient diffusion (G. Daras, K. Shah, Y. Dagan,
// A. Gollakota, A. G. Dimakis and A. Klivans, "Ambient Diffusion: Learning Clean Distributions from Corrupted Data", NeurIPS, 2023). It
// is told the values that are seen, with zeros in the gaps, and the mask as further channels; with a Gaussian, also what that expects.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// What is expected of d values (B×d×1) given some of their noisy values, by a network.
public struct MaskedStateNetwork<Scalar: TensorScalar>: Sendable {
  /// The network that processes the arrays.
  public let body: StateNoiseNetwork<Scalar>.Body
  /// The position of each value in the arrays.
  public let arrangement: StateArrangement
  /// The Gaussian that the network corrects; nil if the network predicts alone.
  public let base: MaskedGaussianPredictor<Scalar>?
  /// The schedule by which the output is preconditioned; nil if it is what is expected itself.
  public let preconditioning: VariancePreservingSchedule?

  /// The number of sets of states that the network is told: the values, the mask, and what the Gaussian expects.
  public static func inputCount(correctsGaussian: Bool) -> Int { correctsGaussian ? 3 : 2 }

  /// - Parameters:
  ///   - body: the network; its input channels are those of the values, of the mask and of what the Gaussian expects.
  ///   - arrangement: the position of each value in the arrays.
  ///   - base: the Gaussian that the network corrects; nil if the network predicts alone.
  ///   - preconditioning: the schedule for the preconditioning of Karras and others (2022); nil for none.
  public init(
    _ body: StateNoiseNetwork<Scalar>.Body, arrangement: StateArrangement, correcting base: MaskedGaussianPredictor<Scalar>? = nil,
    preconditioning: VariancePreservingSchedule? = nil
  ) {
    (self.body, self.arrangement, self.base, self.preconditioning) = (body, arrangement, base, preconditioning)
  }

  /// What is expected (``MaskedPredictor/expectation(of:seeing:at:)``), with parameters on the tape of `pass`.
  public func expectation(
    of x: DifferentiableTensor<Scalar>, seeing mask: Tensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>
  ) -> DifferentiableTensor<Scalar> {
    let gate = x.tape.constant(mask.reshaped(to: x.shape))
    let seen = x * gate
    let guess = base?.expectation(of: x, seeing: mask, at: times)
    let output = body.output(for: [seen, gate] + (guess.map { [$0] } ?? []), in: arrangement, at: times, pass: pass)
    if let guess { return guess + output }
    guard let preconditioning else { return output }
    // ε = s·x − α·F where a value is seen (StateNoiseNetwork). A value that is not seen is one with infinite noise, of which the same
    // preconditioning makes x₀ = F.
    let count = mask.count / max(1, times.count)
    func coefficients(_ value: (_ time: Double, _ mask: Scalar) -> Scalar) -> DifferentiableTensor<Scalar> {
      let mask = mask.scalars
      return x.tape.constant(
        Tensor(mask.indices.map { value(times[$0 / count], mask[$0]) }, shape: x.shape))
    }
    return seen * coefficients { time, _ in Scalar(preconditioning.noise(at: time)) }
      + output * coefficients { $1 == 0 ? 1 : Scalar(-preconditioning.signal(at: $0)) }
  }
}

/// A trained masked network, with its parameters.
public struct MaskedNetworkPredictor<Scalar: TensorScalar>: MaskedPredictor {
  /// The network.
  public let network: MaskedStateNetwork<Scalar>
  /// The parameters with which the network is evaluated.
  public var parameters: ParameterSet<Scalar>
  /// The Gaussian that takes the place of the network where noise is smaller than it has learned.
  public let gaussian: MaskedGaussianPredictor<Scalar>
  /// The smallest s/α that the network has learned, which is the noise of the values that it learned from.
  public let smallestNoise: Double
  public let schedule: VariancePreservingSchedule

  public init(
    _ network: MaskedStateNetwork<Scalar>, parameters: ParameterSet<Scalar>, gaussian: MaskedGaussianPredictor<Scalar>,
    smallestNoise: Double, schedule: VariancePreservingSchedule
  ) {
    (self.network, self.parameters, self.gaussian) = (network, parameters, gaussian)
    (self.smallestNoise, self.schedule) = (smallestNoise, schedule)
  }

  public func expectation(
    of x: DifferentiableTensor<Scalar>, seeing mask: Tensor<Scalar>, at times: [Double]
  ) -> DifferentiableTensor<Scalar> {
    // Times have rounding errors of their own.
    let isLearned = times.map { schedule.noiseToSignal(at: $0) >= smallestNoise * (1 - 1e-6) }
    guard isLearned.contains(true) else { return gaussian.expectation(of: x, seeing: mask, at: times) }
    let pass = NetworkPass(parameters, tape: x.tape, isTraining: false, wantsGradients: false)
    let learned = network.expectation(of: x, seeing: mask, at: times, in: pass)
    guard isLearned.contains(false) else { return learned }
    func shares(_ wanted: Bool) -> DifferentiableTensor<Scalar> {
      let count = x.value.count / max(1, times.count)
      return x.tape.constant(
        Tensor(isLearned.flatMap { Array(repeating: Scalar($0 == wanted ? 1 : 0), count: count) }, shape: x.shape))
    }
    return learned * shares(true) + gaussian.expectation(of: x, seeing: mask, at: times) * shares(false)
  }
}
