// A small network in training, for the laws of optimisers and checkpoints.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Two dense layers with batch normalisation, trained to a fixed target.
struct SmallTraining<Scalar: TensorScalar> {
  var parameters: ParameterSet<Scalar>
  var optimiser: Adam<Scalar>
  var average: ExponentialMovingAverage<Scalar>
  var random = RandomStream(seed: 9)
  private let first: Dense<Scalar>
  private let normalisation: BatchNormalisation<Scalar>
  private let second: Dense<Scalar>

  init(
    _ settings: AdamSettings = AdamSettings(rate: 1e-2, decay: 0.01, warmUpSteps: 3, largestNorm: 1), width: Int = 37
  ) {
    var builder = ParameterBuilder<Scalar>(random: RandomStream(seed: 4))
    first = Dense("first", inputs: 5, outputs: width, in: &builder)
    normalisation = BatchNormalisation("norm", channels: width, in: &builder)
    second = Dense("second", inputs: width, outputs: 2, in: &builder)
    parameters = builder.parameters
    optimiser = Adam(settings, for: parameters)
    average = ExponentialMovingAverage(of: parameters, decay: 0.9)
  }

  /// One step on fresh inputs.
  mutating func step(batch: Int = 16) -> Double {
    let x = random.normals([batch, 5], as: Scalar.self)
    let (loss, gradients) = gradients(x)
    _ = optimiser.update(&parameters, gradients: gradients)
    average.follow(parameters)
    return loss
  }

  private mutating func gradients(_ x: Tensor<Scalar>) -> (Double, [ParameterGradient<Scalar>?]) {
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true)
    let output = prediction(x, in: pass)
    let loss = (output - pass.tape.constant(Tensor(repeating: 0.5, shape: output.shape))).squared().mean()
    let gradients = pass.tape.gradients(of: loss)
    pass.applyUpdates(to: &parameters)
    return (Double(loss.value.scalars[0]), pass.parameterGradients(gradients))
  }

  func prediction(_ x: Tensor<Scalar>, in pass: NetworkPass<Scalar>) -> DifferentiableTensor<Scalar> {
    second(normalisation(first(pass.tape.constant(x), in: pass).silu(), in: pass), in: pass)
  }
}
