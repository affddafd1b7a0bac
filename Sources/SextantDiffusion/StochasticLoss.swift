// A loss that is another random estimate at every step, and the state of a network that is trained on one. Everything
// random in a step is a function of the step's number, so a training that is stopped and resumed repeats the same bits.
// No loop, no files, no schedule: those are the pipeline's.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// What a network is trained on.
public protocol StochasticLoss<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// The loss of step `step` (from 0), of shape [], on the tape of `pass`; a function of both alone.
  func loss(atStep step: Int, in pass: NetworkPass<Scalar>) throws -> Variable<Scalar>
}

/// What happened in one training step.
public struct TrainingStep: Sendable, Equatable, Codable {
  /// The number of the step, from 0.
  public let step: Int
  public let loss: Double
  /// The norm of the whole gradient before it was limited.
  public let gradientNorm: Double
  public let learningRate: Double
}

/// A network's parameters, its optimiser and the average that follows it.
public struct NetworkTraining<Scalar: TensorScalar>: Sendable {
  /// The latest parameters.
  public private(set) var parameters: ParameterSet<Scalar>
  /// Adam with its moments; its settings may be changed between steps.
  public var optimiser: Adam<Scalar>
  /// The average that the network is used with.
  public private(set) var average: ExponentialMovingAverage<Scalar>
  private let random: RandomStream

  /// The number of steps taken.
  public var step: Int { optimiser.step }

  /// A training that has not begun.
  ///
  /// - Parameter random: Where dropout takes its choices from.
  public init(
    _ parameters: ParameterSet<Scalar>, settings: AdamSettings, averageDecay: Double = 0.9999, random: RandomStream
  ) {
    self.init(
      parameters, optimiser: Adam(settings, for: parameters),
      average: ExponentialMovingAverage(of: parameters, decay: averageDecay), random: random)
  }

  /// A training that goes on from what a checkpoint held.
  public init(
    _ parameters: ParameterSet<Scalar>, optimiser: Adam<Scalar>, average: ExponentialMovingAverage<Scalar>,
    random: RandomStream
  ) {
    (self.parameters, self.optimiser, self.average, self.random) = (parameters, optimiser, average, random)
  }

  /// Takes one step.
  ///
  /// Throws ``DiffusionError/notFinite(what:step:place:)`` where the loss or its gradient is not finite, and what the
  /// loss throws; nothing has changed then.
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
        what: "The gradient", step: step, place: "the way back from a loss of \(value)")
    }
    for (index, statistic) in statistics.enumerated() {
      if let statistic { parameters.tensors[index] = statistic }
    }
    average.follow(parameters)
    return TrainingStep(step: step, loss: value, gradientNorm: norm, learningRate: rate)
  }

  /// Loss, gradients and new running statistics. The tape is gone afterwards, so that parameters change in place.
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
