// Unsupervised training: amortised posterior sampling (APS, equations 11 to 17) on the fields of a run. The loss sees
// measurements and the prior alone; truths are kept for the evaluation, whose figures decide nothing.

import SextantArrays
import SextantDiffusion
import SextantFlows
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers

extension FlowTrainingRun {
  /// Distils the prior into a flow over the whole vector.
  func distilVector(
    _ network: LearnedFlow.Network, _ diffusion: LearnedDiffusion?
  ) throws -> LearnedFlow {
    let archive = try ArchiveStates(training: training, model: model, interruption: interruption)
    let simulation = try training.simulation(for: model)
    let plans = simulation.plans(fieldCount: archive.count, copyCount: archive.copyCount).sorted { $0.number < $1.number }
    let space = prior.space
    var builder = ParameterBuilder<Float>(random: random("flow"))
    let whole = try wholeFlow(network, in: &builder)
    var conditions: [Float] = []
    let measured = try MeasuredStates.all(plans, space: space) { plan in
      let measurement = try simulation.measurement(of: archive.fields[plan.field], number: plan.number)
      conditions += try space.condition(of: measurement, transforms: model.space.transforms, withMask: whole.conditionsOnMask)
      return measurement
    }
    let trained = try distil(
      VectorStateFlow(
        flow: whole.flow, initial: builder.parameters,
        conditions: Tensor(conditions, shape: [measured.count, whole.flow.conditionWidth])),
      measured: measured, plans: plans, archive: archive, diffusion: diffusion)
    return LearnedFlow(
      network: network, parameters: trained, identity: identity.configuration, takesOperators: try seesOperators())
  }

  /// Distils the prior into a network on Gaussian posteriors.
  func distilOnGaussian(_ diffusion: LearnedDiffusion?) throws -> LearnedFlow {
    let archive = try ArchiveStates(training: training, model: model, interruption: interruption)
    var builder = ParameterBuilder<Float>(random: random("flow"))
    let (configuration, network) = try training.network(for: model, in: &builder)
    let layout = prior.space.layout
    let simulation = try training.simulation(for: model)
    let plans = simulation.plans(fieldCount: archive.count, copyCount: archive.copyCount).sorted { $0.number < $1.number }
    let measured = try MeasuredStates.all(plans, space: prior.space) {
      try simulation.measurement(of: archive.fields[$0.field], number: $0.number)
    }
    let posteriors = try storedPosteriors(archive)
    let flow = BaseStateFlow(
      network: network, initial: builder.parameters,
      arrangement: StateArrangement(
        stateOfEntry: layout.stateOfEntry, channelCount: layout.channelCount, stateCount: layout.count,
        order: (0..<Int32(model.space.domain.vertexCount)).map { $0 }),
      posteriors: posteriors)
    let trained = try distil(
      flow, measured: measured, plans: plans, archive: archive, diffusion: diffusion, preparation: posteriors.seconds)
    return LearnedFlow(
      network: .neighbourhoods(configuration), parameters: trained, identity: identity.configuration,
      takesOperators: try seesOperators())
  }

  private func storedPosteriors(_ archive: ArchiveStates) throws -> StoredPosteriors {
    let identity = try pairsIdentity("posteriors")
    if let posteriors = try StoredPosteriors(contentsOf: pairsPath, identity: identity) { return posteriors }
    let space = prior.space
    var posteriors = StoredPosteriors(
      count: settings.pairs, draws: 8, domain: model.space.domain, channels: model.space.channelCount,
      states: space.count)
    posteriors.seconds = try forEachPosterior(of: TrainingArchive(archive.fields), samples: 8) {
      simulated in
      guard simulated.base.solver.transforms == model.space.transforms else {
        throw RunError.invalid(
          "flow: unsupervised training needs transforms that do not depend on the archive. Use none or logit instead of normal-score."
        )
      }
      posteriors.put(simulated, space: space)
    }
    try posteriors.write(to: pairsPath, identity: identity)
    return posteriors
  }

  /// Trains any flow on the measurements that `plans` do not hold out.
  private func distil(
    _ flow: some StateFlow, measured: [MeasuredStates], plans: [TrainingPairs.Plan], archive: ArchiveStates,
    diffusion: LearnedDiffusion?, preparation: Double = 0
  ) throws -> ParameterSet<Float> {
    let distilled = DistillationPrior(
      try distilledPredictor(archive, plans, diffusion), smallestNoise: settings.smallestNoise)
    let fidelity = StateFidelity(measured, space: prior.space, transforms: model.space.transforms)
    let seen = plans.filter { !$0.isHeldOut }
    let heldOut = plans.filter(\.isHeldOut)
    func loss(
      on numbers: [Int], batch: Int, annealing: DataAnnealing?, _ purpose: String
    ) -> AmortisedPosteriorLoss<Float> {
      AmortisedPosteriorLoss(
        measurementCount: numbers.count, batchSize: batch, prior: distilled, annealing: annealing, random: random(purpose)
      ) { streams, indices, pass in
        flow.draw(indices.map { numbers[$0] }, using: streams, in: pass)
      } fidelity: { fields, indices in
        fidelity(fields, indices.map { numbers[$0] })
      }
    }
    let evaluator = evaluator(
      flow, archive: archive,
      sets: [
        ("unseen", heldOut.map { ($0.number, $0.field) }), ("seen", seen.prefix(32).map { ($0.number, $0.field) }),
      ])
    let batch = min(settings.batch, heldOut.count)
    let minimised = TrainingLoss.amortisedPosterior(
      loss(
        on: seen.map(\.number), batch: settings.batch,
        annealing: settings.annealing > 0 ? .scaled(toSteps: settings.steps, share: settings.annealing) : nil,
        "flow distillation"),
      heldOut: loss(on: heldOut.map(\.number), batch: batch, annealing: nil, "flow validation"),
      batches: max(1, min(heldOut.count, 32) / batch), evaluator: evaluator, random: random("flow dropout"))
    let best = evaluator.calibrated(try train(flow.initial, minimising: minimised, preparation: preparation))
    try report(evaluator, trained: best)
    return best
  }

  /// The prior as a predictor of noise over B×d×1.
  private func distilledPredictor(
    _ archive: ArchiveStates, _ plans: [TrainingPairs.Plan], _ diffusion: LearnedDiffusion?
  ) throws -> any NoisePredictor<Float> {
    if settings.prior == .diffusion {
      guard let diffusion else {
        throw RunError.invalid(
          "flow: there is no diffusion prior to distil. Add a section diffusion, or prior: gaussian.")
      }
      return diffusion.predictor
    }
    let trial = Set(plans.filter(\.isHeldOut).map(\.field))
    let gaussian = try ArchiveGaussian(
      anomalies: archive.states, modeCount: training.prior.prior.modeCount,
      channelOfState: prior.space.layout.channelOfState, trial: trial.sorted())
    return try gaussian.predictor(.scorePrior)
  }
}
