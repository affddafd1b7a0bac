// The score prior (B. T. Feng, J. Smith, M. Rubinstein, H. Chang, K. L. Bouman and W. T. Freeman, "Score-Based
// Diffusion Models as Principled Priors for Inverse Imaging", ICCV, 2023; with the lower bound: B. T. Feng and K. L.
// Bouman, "Efficient Bayesian Computational Imaging with a Surrogate Score-Based Prior", arXiv:2309.01949, 2023). A
// flow G is trained for a single measurement to minimise
//
//   E_z[ ½‖(y − A·x)/σ‖² − log p(x) − log|det ∂x/∂z| ],  x = G(z).
//
// This is the loss of amortised posterior sampling for one measurement and without a condition.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantConfiguration
import SextantDiffusion
import SextantFlows
import SextantMeasurement
import SextantNetworks
import SextantPriors

/// Trains a flow for each measurement against a diffusion prior.
public struct ScorePriorSolver: DirectSolver {
  public let name: String
  /// The prior against which the flows are trained.
  public let prior: DiffusionPrior
  public let settings: ScorePriorSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``, `FlowError`.
  public init(_ prior: DiffusionPrior, settings: ScorePriorSettings = .init()) throws {
    name = settings.density == .lowerBound ? "score prior, bound" : "score prior, exact"
    try settings.validate(method: name)
    (self.prior, self.settings) = (prior, settings)
  }

  public func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let operation = try prior.differentiableObservation(measurement.model, method: name)
    let fidelity = try prior.fidelity(to: measurement, by: operation, method: name)
    let base = random.fork()
    let fitted = try fit(fidelity, random: base.split("training"))
    let count = samples > 0 ? samples : settings.drawsForMean
    let streams = base.split("samples")
    let states = fitted.samples((0..<count).map { streams.split($0) })
    guard states.isFinite else { throw SolverError.diverged(method: name, step: settings.steps) }
    return prior.posterior(
      states, keepsSamples: samples > 0, label: measurement.label, cost: fitted.cost(samples: count))
  }

  /// The prior as a term of the loss.
  private var term: any PriorTerm<Float> {
    switch settings.density {
    case .lowerBound: DistillationPrior(prior.predictor)
    case .probabilityFlow(let steps, let probes):
      ProbabilityFlowPrior(prior.predictor, stepCount: steps, probeCount: probes)
    }
  }

  /// Trains a flow for one measurement.
  private func fit(_ fidelity: any DataFidelity, random: RandomStream) throws -> FittedFlow {
    let dimension = prior.space.count
    var builder = ParameterBuilder<Float>(random: random.split("flow"))
    let flow = try ConditionalRealNVP(
      &builder, dimension: dimension, conditionWidth: 0, configuration: settings.flow)
    let term = term
    let loss = AmortisedPosteriorLoss<Float>(
      measurementCount: 1, batchSize: 1, drawsPerMeasurement: settings.batchSize, prior: term,
      annealing: settings.annealing, random: random.split("loss")
    ) { streams, _, pass in
      let z = pass.tape.constant(Tensor<Float>.normals(streams, shape: [dimension]))
      let points = flow.sample(z, given: pass.tape.constant(.zeros([1, 0])), in: pass)
      return PosteriorDraws(
        fields: points.values.reshaped(to: [streams.count, dimension, 1]), logDensity: points.logDeterminant * -1)
    } fidelity: { fields, _ in
      fidelity.energy(of: fields)
    }
    var training = NetworkTraining(
      builder.parameters,
      settings: AdamSettings(
        rate: settings.stepSize, warmUpSteps: settings.warmUpSteps, largestNorm: settings.largestNorm),
      averageDecay: settings.averageDecay, random: random.split("dropout"))
    for step in 0..<settings.steps {
      try prior.checkInterruption()
      training.optimiser.settings.rate = settings.rate(atStep: step)
      do {
        try training.advance(on: loss)
      } catch DiffusionError.notFinite {
        throw SolverError.diverged(method: name, step: step)
      }
    }
    let fields = settings.steps * settings.batchSize
    return FittedFlow(
      flow: flow, parameters: training.average.parameters, evaluations: fields * term.evaluationsPerField,
      gradients: fields * term.gradientsPerField)
  }
}

extension ScorePriorSettings {
  /// The learning rate of a step, without the warm-up.
  fileprivate func rate(atStep step: Int) -> Double {
    let done = Double(step) / Double(max(1, steps))
    return stepSize * (finalShare + (1 - finalShare) * 0.5 * (1 + cos(.pi * done)))
  }
}

/// A flow that was trained for one measurement.
private struct FittedFlow {
  let flow: ConditionalRealNVP<Float>
  let parameters: ParameterSet<Float>
  let evaluations: Int
  let gradients: Int

  /// States (N×d), one for each stream.
  func samples(_ streams: [RandomStream]) -> Tensor<Float> {
    var result = Tensor<Float>.zeros([streams.count, flow.dimension])
    for start in stride(from: 0, to: streams.count, by: 256) {
      let chunk = start..<min(streams.count, start + 256)
      let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
      let z = Tensor<Float>.normals(chunk.map { streams[$0] }, shape: [flow.dimension])
      let points = flow.sample(pass.tape.constant(z), given: pass.tape.constant(.zeros([1, 0])), in: pass)
      result.replaceRows(from: start, with: points.values.value)
    }
    return result
  }

  /// The evaluations of the training, however many samples are drawn.
  func cost(samples: Int) -> NetworkCost {
    NetworkCost(evaluations: evaluations, gradients: gradients, samples: samples)
  }
}

extension Method {
  /// The score prior: a flow for each measurement, trained against the diffusion prior.
  public static let scorePrior = Method(
    name: "score-prior", title: "score prior", traits: .ofDiffusion,
    needs: [.gaussian, .diffusion], settings: ScorePriorSettings()
  ) { context in
    try ScorePriorSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}
