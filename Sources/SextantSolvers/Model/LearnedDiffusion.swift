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

  public init(
    _ predictor: any NoisePredictor<Float>, gaussian: FactorNoisePredictor<Float>? = nil,
    parameters: ParameterSet<Float> = ParameterSet(), identity: String = ""
  ) {
    (self.predictor, self.gaussian) = (predictor, gaussian)
    (self.parameters, self.identity) = (parameters, identity)
  }

  /// The number of trained parameters of the network.
  public var parameterCount: Int { parameters.trainedCount }
}
