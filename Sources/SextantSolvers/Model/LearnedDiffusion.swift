// A diffusion prior as a model holds it: a noise predictor over the model's standardised states, whatever predicts the noise.

import SextantArrays
import SextantDiffusion
import SextantNetworks

/// A learned diffusion prior over the standardised states of a model (B×d×1): without climatology, transformed, scaled.
public struct LearnedDiffusion: Sendable {
  /// Predicts the noise in states (B×d×1).
  public let predictor: any NoisePredictor<Float>
  /// The Gaussian that the network corrects or is compared with, if there is one.
  public let gaussian: FactorNoisePredictor<Float>?
  /// What the network learned; empty where nothing was.
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

  /// The number of the network's trained parameters.
  public var parameterCount: Int { parameters.trainedCount }
}
