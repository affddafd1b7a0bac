// Training of a network on Gaussian posteriors: a proper score of each vertex's marginal, on simulated pairs, whose targets are the
// truth or, of an archive of measurements, other measured values.

import Foundation
import SextantArrays
import SextantGeometry
import SextantModels
import SextantNetworks
import SextantSignals
import SextantSolvers

extension FlowTrainingRun {
  func learnMarginals() throws -> LearnedFlow {
    var builder = ParameterBuilder<Float>(random: random("flow"))
    let (configuration, network) = try training.network(for: model, in: &builder)
    let pairs = try simulatedPairs()
    let best = try train(
      builder.parameters,
      minimising: .marginals(
        of: network, pairs: pairs, score: settings.loss, estimate: training.estimate, ascent: training.ascent, batch: settings.batch,
        random: random("flow batches")),
      preparation: pairs.seconds)
    return LearnedFlow(
      network: .neighbourhoods(configuration), parameters: best, identity: identity.configuration,
      takesOperators: try seesOperators(), remarks: try noiseRemarks())
  }

  /// What is to be said of the noise that was found along the training.
  private func noiseRemarks() throws -> [Remark] {
    let records = try TrainingLog(path: "\(folder)/\(training.stem).jsonl").records()
    guard let factor = records.last?.figures?[FlowTraining.noiseFigure], training.ascent != nil else { return [] }
    let variables = model.space.variables
    // In numbers where it was stated as numbers.
    let levels = (try? training.prior.archive.measured?.noise.deviations(vertexCount: 1, variables: variables)) ?? []
    let found = zip(variables, levels).map { variable, level in
      [String(format: "%@: %.3g", variable.name, factor * Double(level)), variable.units].filter { !$0.isEmpty }
        .joined(separator: " ")
    }
    // Noise that was not stated was estimated, and the multiplier is that of the estimate.
    let estimated = model.provenance.estimatedNoise ?? [:]
    let isEstimated = variables.map { estimated[$0.name] != nil }
    let first = !isEstimated.contains(true) ? "stated" : isEstimated.contains(false) ? "stated or estimated" : "estimated"
    return [
      Remark(
        .assumption, "found-noise",
        String(
          format:
            "The flow was learned with noise of unknown size (UNSURE), and its multiplier ended at %.3g times the %@ noise%@. In theory that is at least the true noise. With few fields it can end far below it, because a network may learn their values by heart: see noise_over_stated in flow.jsonl.",
          factor, first, found.isEmpty ? "" : " (\(found.joined(separator: ", ")))"))
    ]
  }

  private func simulatedPairs() throws -> SimulatedPairs {
    let identity = try pairsIdentity("pairs")
    if let pairs = try SimulatedPairs(contentsOf: pairsPath, identity: identity) { return pairs }
    let archive = try training.openArchive()
    var pairs = SimulatedPairs(
      measurements: settings.pairs, isMeasured: archive.measured != nil, domain: model.space.domain, channels: model.space.channelCount)
    pairs.seconds = try forEachPosterior(of: archive, samples: 0) { pairs.put($0) }
    try pairs.write(to: pairsPath, identity: identity)
    return pairs
  }
}
