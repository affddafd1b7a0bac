// A loss as a value: what a training minimises, and what it measures between steps. The losses of diffusion priors and flows
// are made by functions beside their trainings; the loop knows this type alone.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// What a training minimises.
package struct TrainingLoss {
  /// The loss (shape []) of the step with a number, by the multipliers, which it may change, and the parameters of the pass.
  private let step: Step
  /// The loss on data that training does not see, by the averaged parameters and the multipliers, with other figures for the log.
  private let validate: (_ parameters: ParameterSet<Float>, _ multipliers: [Double]) throws -> TrainingValidation
  /// Numbers that the loss changes by a rule of its own, such as multipliers of constraints, before the first step; mostly none. They
  /// are a part of the training's state.
  package let multipliers: [Double]
  /// Whether the latest parameters are the best: a loss that multipliers change cannot be compared with itself.
  package var keepsLatest: Bool { !multipliers.isEmpty }

  package typealias Step = (
    _ step: Int, _ multipliers: inout [Double], _ pass: NetworkPass<Float>
  ) throws -> DifferentiableTensor<Float>
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
    self.init(random: random, multipliers: []) { number, _, pass in
      try step(number, pass)
    } validation: { parameters, _ in
      try validation(parameters)
    }
  }

  /// - Parameters:
  ///   - random: the source of the network's random numbers in the step with a number.
  ///   - multipliers: numbers that the steps change besides the parameters, before the first step.
  ///   - step: the loss (shape []) of the step with a number, which may change the multipliers. Its data must follow from that number
  ///     alone.
  ///   - validation: the loss on data that training does not see, by the multipliers as they are.
  package init(
    random: @escaping (_ step: Int) -> RandomStream?, multipliers: [Double], step: @escaping Step,
    validation: @escaping (_ parameters: ParameterSet<Float>, _ multipliers: [Double]) throws -> TrainingValidation
  ) {
    (self.random, self.multipliers, self.step, validate) = (random, multipliers, step, validation)
  }

  /// The loss on data that training does not see.
  package func validation(
    _ parameters: ParameterSet<Float>, multipliers: [Double] = []
  ) throws -> TrainingValidation {
    try validate(parameters, multipliers)
  }

  /// The steps of another loss with a validation of its own.
  package init(
    _ other: TrainingLoss, validation: @escaping (_ parameters: ParameterSet<Float>) throws -> TrainingValidation
  ) {
    (step, random, multipliers) = (other.step, other.random, other.multipliers)
    validate = { parameters, _ in try validation(parameters) }
  }

  /// Loss and gradients of one step.
  ///
  /// - Parameters:
  ///   - number: the number of the step.
  ///   - parameters: the current parameters; batch statistics of the step are written into them.
  ///   - multipliers: the loss's own numbers, which the step may change.
  ///   - tape: records the step; it may be one that looks for non-finite values.
  func gradients(
    step number: Int, parameters: inout ParameterSet<Float>, multipliers: inout [Double], tape: Tape<Float>
  ) throws -> (loss: Double, gradients: [ParameterGradient<Float>?]) {
    let pass = NetworkPass(
      parameters, tape: tape, isTraining: true, wantsGradients: true, random: random(number))
    let loss = try step(number, &multipliers, pass)
    let gradients = pass.parameterGradients(tape.gradients(of: loss))
    pass.applyUpdates(to: &parameters)
    return (Double(loss.value.scalars[0]), gradients)
  }

  /// Loss and gradients of a step of a loss without multipliers of its own.
  func gradients(
    step number: Int, parameters: inout ParameterSet<Float>, tape: Tape<Float>
  ) throws -> (loss: Double, gradients: [ParameterGradient<Float>?]) {
    var none = multipliers
    return try gradients(step: number, parameters: &parameters, multipliers: &none, tape: tape)
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
