// The diffusion prior of a model: a noise predictor of any kind over the model's standardised states.

import SextantArrays
import SextantDiffusion
import SextantNetworks

/// A learned diffusion prior over the standardised states of a model (B×d×1), which are transformed anomalies divided
/// by their scales.
public struct LearnedDiffusion: Sendable {
  /// The predictor of the noise in states (B×d×1).
  public let predictor: any NoisePredictor<Float>
  /// The Gaussian that the network corrects or with which it is compared, if there is one.
  public let gaussian: FactorNoisePredictor<Float>?
  /// The trained parameters of the network; empty if there are none.
  public let parameters: ParameterSet<Float>
  /// The settings of its training, as text.
  public let identity: String
  /// The prior that looks at a part of the values, where it was learned so; nil for other priors.
  public let masked: MaskedPrior?

  public init(
    _ predictor: any NoisePredictor<Float>, gaussian: FactorNoisePredictor<Float>? = nil,
    parameters: ParameterSet<Float> = ParameterSet(), identity: String = ""
  ) {
    (self.predictor, self.gaussian) = (predictor, gaussian)
    (self.parameters, self.identity) = (parameters, identity)
    masked = nil
  }

  /// A prior that was learned from fields with gaps. As a predictor it sees every value.
  public init(
    _ masked: MaskedPrior, gaussian: FactorNoisePredictor<Float>, parameters: ParameterSet<Float>, identity: String
  ) {
    predictor = masked.complete
    (self.gaussian, self.parameters, self.identity, self.masked) = (gaussian, parameters, identity, masked)
  }

  /// The number of trained parameters of the network.
  public var parameterCount: Int { parameters.trainedCount }
}

/// A prior that looks at a part of the noisy values, with some of the masks under which it learned.
public struct MaskedPrior: Sendable {
  /// What predicts.
  public let predictor: any MaskedPredictor<Float>
  /// 1 for a value that is seen (M×d).
  public let masks: Tensor<Float>

  public init(_ predictor: any MaskedPredictor<Float>, masks: Tensor<Float>) {
    precondition(masks.shape.count == 2 && masks.rowCount > 0, "Masks of shape \(masks.shape)")
    (self.predictor, self.masks) = (predictor, masks)
  }

  /// The predictor that sees every value.
  public var complete: MaskedNoisePredictor<Float> {
    MaskedNoisePredictor(predictor, seeing: [Float](repeating: 1, count: masks.columnCount))
  }

  /// The predictor under the mask with a number.
  public func under(mask number: Int) -> MaskedNoisePredictor<Float> {
    MaskedNoisePredictor(predictor, seeing: masks.row(number).scalars)
  }
}
