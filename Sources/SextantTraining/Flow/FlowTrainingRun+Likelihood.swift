// Supervised training of a flow over the whole vector: maximum likelihood of archive fields under measurements that are
// simulated anew in every step, as simulation-based inference does.

import SextantArrays
import SextantFlows
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantSolvers

extension FlowTrainingRun {
  func learnLikelihood(_ network: LearnedFlow.Network) throws -> LearnedFlow {
    var builder = ParameterBuilder<Float>(random: random("flow"))
    let whole = try wholeFlow(network, in: &builder)
    let archive = try ArchiveStates(training: training, model: model, interruption: interruption)
    let simulation = try training.simulation(for: model, count: archive.count)
    let plans = simulation.plans(fieldCount: archive.count, copyCount: archive.copyCount)
    let seen = plans.filter { !$0.isHeldOut }.map(\.field).sorted()
    let space = prior.space
    let transforms = model.space.transforms
    @Sendable func condition(of field: Int, number: Int, purpose: String) throws -> [Float] {
      try space.condition(
        of: simulation.measurement(of: archive.fields[field], number: number, purpose: purpose), transforms: transforms,
        withMask: whole.conditionsOnMask)
    }
    let width = whole.flow.conditionWidth
    func conditions(of fields: [Int], purpose: String) throws -> Tensor<Float> {
      Tensor(
        try fields.enumerated().flatMap { try condition(of: $1, number: $0, purpose: purpose) },
        shape: [fields.count, width])
    }
    // The measurements for evaluation: one of each held-out field, and as many of fields that training sees.
    let heldOut = plans.filter(\.isHeldOut).map(\.field).sorted()
    let evaluated = heldOut + seen.prefix(heldOut.count)
    let evaluatedConditions = try conditions(of: evaluated, purpose: "judged")
    let evaluator = evaluator(
      VectorStateFlow(flow: whole.flow, initial: builder.parameters, conditions: evaluatedConditions), archive: archive,
      sets: [
        ("unseen", heldOut.indices.map { ($0, heldOut[$0]) }),
        ("seen", (heldOut.count..<evaluated.count).map { ($0, evaluated[$0]) }),
      ])
    let (batch, stream) = (settings.batch, random("flow batches"))
    let loss = TrainingLoss.likelihood(
      of: whole.flow, evaluator: evaluator,
      heldOut: (archive.states.gatheringRows(heldOut), evaluatedConditions.rows(0..<heldOut.count))
    ) { step in
      var random = stream.split(step)
      let fields = (0..<batch).map { _ in seen[Int(random.next() % UInt64(seen.count))] }
      let rows = try fields.enumerated().flatMap {
        try condition(of: $1, number: step * batch + $0, purpose: "fresh pairs")
      }
      return (archive.states.gatheringRows(fields), Tensor(rows, shape: [batch, width]))
    }
    let best = evaluator.calibrated(try train(builder.parameters, minimising: loss))
    try report(evaluator, trained: best)
    return LearnedFlow(
      network: network, parameters: best, identity: identity.configuration, takesOperators: try seesOperators())
  }

  /// A flow over the vector of states. Throws ``RunError`` where it does not fit the fields.
  func wholeFlow(_ network: LearnedFlow.Network, in builder: inout ParameterBuilder<Float>) throws -> LearnedFlow.WholeFlow {
    do {
      if let whole = try LearnedFlow.wholeFlow(network, over: prior.space, on: model.space.domain, in: &builder) { return whole }
    } catch MethodError.noRaster {
      throw RunError.invalid(
        "flow.preset: \(settings.preset.rawValue) is a flow of images without missing places, and this is \(model.space.domain.summaryWithArticle). Use gaussian-base, paper or small.")
    } catch let error as FlowError {
      throw RunError.invalid("flow.preset: \(settings.preset.rawValue) does not fit the fields: \(error)")
    }
    preconditionFailure("A network on a Gaussian posterior is no flow over the vector")
  }

  /// An evaluator of `flow`; each set lists the flow's measurements with the archive's fields beneath them.
  func evaluator(
    _ flow: any StateFlow, archive: ArchiveStates, sets: [(name: String, members: [(measurement: Int, field: Int)])]
  ) -> FlowEvaluator {
    let space = prior.space
    return FlowEvaluator(
      flow: flow,
      sets: sets.map { name, members in
        FlowEvaluator.Set(
          name: name, measurements: members.map(\.measurement),
          truths: archive.states.gatheringRows(members.map(\.field)),
          climates: Tensor(
            members.flatMap { space.climatology.mean(for: archive.fields.labels[$0.field]) },
            shape: [members.count, space.count]))
      }, space: space, transforms: model.space.transforms, variables: model.space.variables.map(\.name),
      peaks: model.space.variables.map { training.peaks[$0.name] }, random: random("flow judge"))
  }
}

/// The fields of a run's archive in memory, as they are and as states.
struct ArchiveStates: Sendable {
  /// In the variables' units.
  let fields: SignalSet
  /// N×d, standardised.
  let states: Tensor<Float>
  /// How many fields in succession are copies of one.
  let copyCount: Int

  var count: Int { fields.count }

  init(training: FlowTraining, model: Model, interruption: Interruption) throws {
    let archive = try training.openArchive()
    copyCount = archive.copyCount
    fields = try archive.source.read(archive.indices)
    states = try TrainingArchive(fields).completeStates(of: model, for: "flow") { try interruption.check() }
  }
}
