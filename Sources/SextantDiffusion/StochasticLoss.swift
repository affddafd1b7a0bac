// A loss that is a new random estimate at every step, and the state of a network trained on it. All random numbers of a
// step are a function of its number, so a training that was stopped and resumed repeats the same bits. The loop, the
// files and the schedules belong to the pipeline.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// A training loss.
public protocol StochasticLoss<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// The loss of step `step` (counted from 0), of shape [], on the tape of `pass`. It depends on these two alone.
  func loss(atStep step: Int, in pass: NetworkPass<Scalar>) throws -> DifferentiableTensor<Scalar>
}

/// The record of one training step.
public struct TrainingStep: Sendable, Equatable, Codable {
  /// The number of the step, from 0.
  public let step: Int
  public let loss: Double
  /// The norm of the whole gradient before clipping.
  public let gradientNorm: Double
  public let learningRate: Double
}

/// A network's parameters, their optimiser and their moving average.
public struct NetworkTraining<Scalar: TensorScalar>: Sendable {
  /// The latest parameters.
  public private(set) var parameters: ParameterSet<Scalar>
  /// Adam with its moments; its settings may change between steps.
  public var optimiser: Adam<Scalar>
  /// The moving average, which is used after training.
  public private(set) var average: ExponentialMovingAverage<Scalar>
  private let random: RandomStream

  /// The number of steps taken.
  public var step: Int { optimiser.step }

  /// A new training of `parameters`, whose moving average has the decay `averageDecay`. Dropout draws from `random`.
  public init(
    _ parameters: ParameterSet<Scalar>, settings: AdamSettings, averageDecay: Double = 0.9999, random: RandomStream
  ) {
    self.init(
      parameters, optimiser: Adam(settings, for: parameters),
      average: ExponentialMovingAverage(of: parameters, decay: averageDecay), random: random)
  }

  /// A training that continues from a checkpoint.
  public init(
    _ parameters: ParameterSet<Scalar>, optimiser: Adam<Scalar>, average: ExponentialMovingAverage<Scalar>,
    random: RandomStream
  ) {
    (self.parameters, self.optimiser, self.average, self.random) = (parameters, optimiser, average, random)
  }

  /// Takes one step.
  ///
  /// Throws ``DiffusionError/notFinite(what:step:place:)`` if the loss or its gradient is not finite, and any error of
  /// the loss; the training is then unchanged.
  @discardableResult
  public mutating func advance(on loss: some StochasticLoss<Scalar>) throws -> TrainingStep {
    let (step, rate) = (step, optimiser.nextRate)
    let (value, gradients, statistics) = try evaluate(loss, at: step)
    guard value.isFinite else {
      throw DiffusionError.notFinite(what: "The loss", step: step, place: placeOfTrouble(loss, at: step))
    }
    let norm = optimiser.update(&parameters, gradients: gradients)
    guard norm.isFinite else {
      throw DiffusionError.notFinite(
        what: "The gradient", step: step, place: "the backward pass from a loss of \(value)")
    }
    for (index, statistic) in statistics.enumerated() {
      if let statistic { parameters.tensors[index] = statistic }
    }
    average.follow(parameters)
    return TrainingStep(step: step, loss: value, gradientNorm: norm, learningRate: rate)
  }

  /// The loss, the gradients and the new running statistics. The tape has been released, so parameters change in place.
  private func evaluate(
    _ loss: some StochasticLoss<Scalar>, at step: Int
  ) throws -> (value: Double, gradients: [ParameterGradient<Scalar>?], statistics: [Tensor<Scalar>?]) {
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: true, random: random.split(step))
    let value = try loss.loss(atStep: step, in: pass)
    let gradients = pass.parameterGradients(pass.tape.gradients(of: value))
    var updated = parameters
    pass.applyUpdates(to: &updated)
    let statistics = zip(updated.tensors, updated.isTrained).map { $1 ? nil : $0 }
    return (Double(value.value.scalars[0]), gradients, statistics)
  }

  private func placeOfTrouble(_ loss: some StochasticLoss<Scalar>, at step: Int) -> String {
    let pass = NetworkPass(
      parameters, tape: Tape(findingNonFinite: true), isTraining: true, wantsGradients: false,
      random: random.split(step))
    _ = try? loss.loss(atStep: step, in: pass)
    return pass.tape.firstNonFinite ?? "the sum of the loss"
  }
}
