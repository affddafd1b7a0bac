// Training of a network on Gaussian posteriors: a proper score of each vertex's marginal, on simulated pairs, whose targets are the
// truth or, of an archive of measurements, other measured values.

import SextantArrays
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantSolvers

extension FlowTrainingRun {
  func learnMarginals() throws -> LearnedFlow {
    var builder = ParameterBuilder<Float>(random: random("flow"))
    let (configuration, network) = try training.network(for: model, in: &builder)
    let pairs = try simulatedPairs()
    let best = try train(
      builder.parameters,
      minimising: .marginals(
        of: network, pairs: pairs, score: settings.loss, estimate: training.estimate, batch: settings.batch, random: random("flow batches")),
      preparation: pairs.seconds)
    return LearnedFlow(
      network: .neighbourhoods(configuration), parameters: best, identity: identity.configuration,
      takesOperators: try seesOperators())
  }

  private func simulatedPairs() throws -> SimulatedPairs {
    let identity = try pairsIdentity("pairs")
    if let pairs = try SimulatedPairs(contentsOf: pairsPath, identity: identity) { return pairs }
    let archive = try training.prior.openArchive()
    var pairs = SimulatedPairs(
      measurements: settings.pairs, isMeasured: archive.measured != nil, domain: model.space.domain, channels: model.space.channelCount)
    pairs.seconds = try forEachPosterior(of: archive, samples: 0) { pairs.put($0) }
    try pairs.write(to: pairsPath, identity: identity)
    return pairs
  }
}
