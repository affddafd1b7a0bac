// A loss as a value: what a training minimises, and what it measures between steps. The losses of diffusion priors and flows
// are made by functions beside their trainings; the loop knows this type alone.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// What a training minimises.
package struct TrainingLoss {
  /// The loss (shape []) of the step with a number, by the parameters of the pass.
  private let step: (_ step: Int, _ pass: NetworkPass<Float>) throws -> DifferentiableTensor<Float>
  /// The loss on data that training does not see, by the averaged parameters, with other figures for the log.
  package let validation: (_ parameters: ParameterSet<Float>) throws -> TrainingValidation
  /// The random numbers of the network in a step, such as those of drop-out.
  private let random: (_ step: Int) -> RandomStream?

  /// - Parameters:
  ///   - random: the source of the network's random numbers in the step with a number; none by default.
  ///   - step: the loss (shape []) of the step with a number. Its data must follow from that number alone.
  ///   - validation: the loss on data that training does not see.
  package init(
    random: @escaping (_ step: Int) -> RandomStream? = { _ in nil },
    step: @escaping (_ step: Int, _ pass: NetworkPass<Float>) throws -> DifferentiableTensor<Float>,
    validation: @escaping (_ parameters: ParameterSet<Float>) throws -> TrainingValidation
  ) {
    (self.random, self.step, self.validation) = (random, step, validation)
  }

  /// The steps of another loss with a validation of its own.
  package init(
    _ other: TrainingLoss, validation: @escaping (_ parameters: ParameterSet<Float>) throws -> TrainingValidation
  ) {
    (step, random, self.validation) = (other.step, other.random, validation)
  }

  /// Loss and gradients of one step.
  ///
  /// - Parameters:
  ///   - number: the number of the step.
  ///   - parameters: the current parameters; batch statistics of the step are written into them.
  ///   - tape: records the step; it may be one that looks for non-finite values.
  func gradients(
    step number: Int, parameters: inout ParameterSet<Float>, tape: Tape<Float>
  ) throws -> (loss: Double, gradients: [ParameterGradient<Float>?]) {
    let pass = NetworkPass(
      parameters, tape: tape, isTraining: true, wantsGradients: true, random: random(number))
    let loss = try step(number, pass)
    let gradients = pass.parameterGradients(tape.gradients(of: loss))
    pass.applyUpdates(to: &parameters)
    return (Double(loss.value.scalars[0]), gradients)
  }
}

/// A validation between two steps.
package struct TrainingValidation {
  /// The loss by which the best parameters are chosen.
  package var loss: Double
  /// Figures for the log alone.
  package var figures: [String: Double]?

  package init(loss: Double, figures: [String: Double]? = nil) { (self.loss, self.figures) = (loss, figures) }
}
