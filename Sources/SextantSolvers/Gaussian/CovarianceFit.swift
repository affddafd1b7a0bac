// The covariance that best explains a field's own observations: the archive's covariance with the parameters of maximum
// likelihood or, if the evidence for it is clear, the narrower covariance of the archive fields that resemble the
// observed one (analogues).

import SextantArrays
import SextantGeometry
import SextantPriors

/// A covariance with its parameters, and the shift of the mean that belongs to it.
struct FittedCovariance: Sendable {
  var model: CovarianceModel
  var chosen: ChosenParameters
  /// The shift of the mean (d); nil for none.
  var shift: [Float]?
  /// The smoothness ν of the Matérn field where it was chosen by likelihood; nil where it is fixed.
  var smoothness: MaternCorrelation?

  /// The chosen parameters, and how they were chosen, for people and logs.
  func diagnostics(logEvidence: Double) -> [String: Double] {
    var diagnostics = Dictionary(uniqueKeysWithValues: zip(model.parameters.map(\.name), chosen.values))
    if let smoothness { diagnostics["field.smoothness"] = smoothness.order }
    diagnostics["likelihood-evaluations"] = Double(chosen.evaluations)
    diagnostics["uses-analogues"] = shift == nil ? 0 : 1
    diagnostics["log-evidence"] = logEvidence
    if chosen.isByLargestWeights { diagnostics["parameters by largest weights"] = 1 }
    return diagnostics
  }
}

/// Fits a covariance to observations.
struct CovarianceFit: Sendable {
  /// The covariance of the archive's modes and a Matérn field.
  let model: CovarianceModel
  /// The same covariance with smoother Matérn fields, to choose from by likelihood; empty where the smoothness is fixed.
  private let smootherModels: [(smoothness: MaternCorrelation, model: CovarianceModel)]
  private let prior: GaussianPrior
  private let seed: RandomStream
  /// The margin of log evidence that analogues require, because their weights have already used the observation.
  static let analogueMargin = 5.0

  /// - Parameters:
  ///   - prior: the prior, with the archive's coefficients.
  ///   - model: the covariance of the archive's modes and a Matérn field.
  ///   - smootherModels: the same covariance with smoother fields, if the smoothness is chosen by likelihood.
  ///   - seed: the stream that selects the observations for the likelihood if there are many.
  init(
    _ prior: GaussianPrior, model: CovarianceModel,
    smootherModels: [(smoothness: MaternCorrelation, model: CovarianceModel)] = [], seed: RandomStream
  ) {
    (self.prior, self.model, self.smootherModels, self.seed) = (prior, model, smootherModels, seed)
  }

  /// The fit of a two-scale prior or a trend.
  ///
  /// - Parameters:
  ///   - prior: the prior; without an archive, the field's own observations decide on the smoothness as well.
  ///   - domain: the domain of the fields.
  ///   - seed: the stream that selects the observations for the likelihood if there are many.
  init(_ prior: GaussianPrior, on domain: any Domain, seed: RandomStream) {
    let smoother: [MaternCorrelation] = prior.configuration.kind == .trend ? [.threeHalves, .fiveHalves] : []
    self.init(
      prior, model: prior.covarianceModel(on: domain),
      smootherModels: smoother.map { ($0, prior.covarianceModel(on: domain, smoothness: $0)) }, seed: seed)
  }

  /// The covariance for an observation. Throws `PriorError.nothingObserved`.
  func covariance(for observation: StateObservation) throws -> FittedCovariance {
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    if !smootherModels.isEmpty {
      let candidates = [(smoothness: MaternCorrelation.half, model: model)] + smootherModels
      let best = CovarianceModel.chooseModel(of: candidates.map(\.model), for: observation, random: seed)
      if let best {
        return FittedCovariance(
          model: candidates[best.index].model, chosen: best.chosen, smoothness: candidates[best.index].smoothness)
      }
    }
    let plain = model.chooseParameters(for: [observation], random: seed)
    guard let analogues = try ArchiveAnalogues(of: observation, in: prior) else {
      return FittedCovariance(model: model, chosen: plain)
    }
    return narrowed(to: analogues, observation, plain: plain) ?? FittedCovariance(model: model, chosen: plain)
  }

  /// The covariance of the analogues; nil unless the evidence for it is clear.
  private func narrowed(
    to analogues: ArchiveAnalogues, _ observation: StateObservation, plain: ChosenParameters
  ) -> FittedCovariance? {
    let narrow = model.adding(analogues)
    let shifted = observation.subtracting(analogues.mean)
    var chosen = narrow.chooseParameters(for: [shifted], from: plain, maximumEvaluations: 8, random: seed)
    // The search is completed only if the evidence comes near the margin.
    if chosen.objective < plain.objective - 0.5 * Self.analogueMargin {
      chosen = narrow.chooseParameters(for: [shifted], from: chosen, maximumEvaluations: 14, random: seed)
    }
    guard chosen.objective < plain.objective - Self.analogueMargin else { return nil }
    return FittedCovariance(model: narrow, chosen: chosen, shift: analogues.mean)
  }
}
