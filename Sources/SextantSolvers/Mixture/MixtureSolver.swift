// The mixture of two-scale Gaussians: a component for each group of the archive, with its own mean and modes, and the
// pooled two-scale prior for fields that belong to no group. All components have the same Matérn field.
//
// Each component is exact given its parameters. These are the parameters of the two-scale prior, fitted to the field's
// own observations: once for the pooled component, and once for the likeliest group, whose parameters all groups share.
// An approximate evidence selects the plausible groups; the weight of all others is negligible. The pooled component
// and the likeliest group also occur a second time, narrowed to the archive fields that resemble the observed one.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// Recovers fields under a mixture of two-scale Gaussians.
public struct MixtureSolver: DirectSolver {
  public let name = "mixture of two-scale Gaussians"

  private let mixture: GaussianMixturePrior
  private let domain: any Domain
  private let parameters: ParameterFitting
  private let seed: RandomStream
  /// The components for all measurements if they are already fitted.
  private let fitted: [FittedComponent]?

  /// The largest number of groups that become components.
  private static let groupLimit = 5
  /// The prior weight of the pooled component relative to all groups together.
  private static let pooledWeight = 0.05
  /// The amplitude of the analogues' covariance.
  private static let analogueAmplitude: Float = 1.2
  /// The power to which the evidence is raised. No component is exactly true: with the full evidence of a thousand
  /// values only one would remain, but the mean of several good ones is better (safe Bayes; Grünwald and van Ommen
  /// 2017).
  private static let evidencePower = 0.1

  /// A component with its parameters.
  private struct FittedComponent: Sendable {
    var logWeight: Double
    var model: CovarianceModel
    var theta: [Double]
    var shift: [Float]
    var isGroup: Bool
  }

  /// Makes the solver for a mixture.
  ///
  /// - Parameters:
  ///   - mixture: the pooled prior and the groups of its archive.
  ///   - domain: the domain of the fields.
  ///   - parameters: the origin of the covariance's parameters; fixed ones serve all components.
  ///   - seed: the stream that selects the observations for the likelihood if there are many.
  /// - Throws: `PriorError.tooLarge` beyond ``TwoScaleSolver/stateLimit`` states.
  public init(
    _ mixture: GaussianMixturePrior, domain: some Domain, parameters: ParameterFitting = .perField,
    seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    let count = mixture.pooled.space.count
    guard count <= TwoScaleSolver.stateLimit else {
      throw PriorError.tooLarge(
        "The dense mixture supports at most \(TwoScaleSolver.stateLimit) states, but this field has \(count). Use --method eof, or sparse-matern, which needs no archive."
      )
    }
    self.mixture = mixture
    self.domain = domain
    self.parameters = parameters
    self.seed = seed
    fitted = nil
  }

  private init(_ solver: MixtureSolver, fitted: [FittedComponent]) {
    (mixture, domain, parameters, seed) = (solver.mixture, solver.domain, solver.parameters, solver.seed)
    self.fitted = fitted
  }

  public func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    MixtureSolver(self, fitted: try components(for: mixture.pooled.space.observe(measurement)))
  }

  private func components(for observation: StateObservation) throws -> [FittedComponent] {
    if let fitted { return fitted }
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    let pooled = mixture.pooled
    let rough = try mixture.roughEvidence(of: observation)
    let order = rough.indices.sorted { rough[$0] > rough[$1] }
    func group(_ index: Int, theta: [Double]) -> FittedComponent {
      let component = mixture.components[index]
      return FittedComponent(
        logWeight: log(component.weight),
        model: pooled.covarianceModel(on: domain, modes: mixture.modes(of: component)),
        theta: theta, shift: mixture.mean(of: component), isGroup: true)
    }
    var first = group(order[0], theta: [])
    let model = pooled.covarianceModel(on: domain)
    var whole = FittedComponent(
      logWeight: log(Self.pooledWeight), model: model, theta: [],
      shift: [Float](repeating: 0, count: pooled.space.count), isGroup: false)
    if case .fixed(let theta) = parameters {
      (first.theta, whole.theta) = (theta, theta)
    } else {
      let plain = model.chooseParameters(for: [observation], random: seed)
      whole.theta = plain.values
      first.theta =
        first.model.chooseParameters(
          for: [observation.subtracting(first.shift)], from: plain, maximumEvaluations: 18, random: seed
        ).values
    }
    let others = order.dropFirst().prefix(Self.groupLimit - 1).map { group($0, theta: first.theta) }
    // A single group is the whole archive, and needs no other component.
    guard mixture.components.count > 1 else { return [first] }
    return [first] + others + [whole] + (try narrowed([first, whole], to: observation))
  }

  /// The components narrowed to the archive fields that resemble the observed one; none if the archive is too small.
  private func narrowed(_ candidates: [FittedComponent], to observation: StateObservation) throws -> [FittedComponent] {
    guard
      let analogues = try ArchiveAnalogues(of: observation, in: mixture.pooled, amplitude: Self.analogueAmplitude)
    else { return [] }
    return candidates.map { candidate in
      var narrow = candidate
      narrow.model = candidate.model.adding(analogues)
      narrow.shift = analogues.mean
      narrow.logWeight -= CovarianceFit.analogueMargin
      if case .perField = parameters {
        narrow.theta =
          narrow.model.chooseParameters(
            for: [observation.subtracting(analogues.mean)], from: ChosenParameters(values: candidate.theta),
            maximumEvaluations: 18, random: seed
          ).values
      }
      return narrow
    }
  }

  public func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let space = mixture.pooled.space
    let observation = try space.observe(measurement)
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    let candidates = try components(for: observation)
    let all = Array(0..<space.count)
    let posterior = GaussianMixturePosterior(
      try candidates.map { candidate in
        GaussianMixturePosterior.Component(
          logWeight: candidate.logWeight, shift: candidate.shift.map(Double.init),
          posterior: try DenseGaussianPosterior(
            observation.subtracting(candidate.shift),
            priorVariances: candidate.model.variances(parameters: candidate.theta)
          ) { candidate.model.block(rows: $0, columns: all, parameters: candidate.theta) })
      }, evidencePower: Self.evidencePower)
    let moments = posterior.moments
    let draws =
      try samples > 0
      ? posterior.samples(samples, using: &random) { index in
        let covariance = candidates[index].model.covariance(parameters: candidates[index].theta)
        return try CholeskyFactor(covariance.addingToDiagonal(1e-9))
      } : nil
    var diagnostics = Dictionary(
      uniqueKeysWithValues: zip(candidates[0].model.parameters.map(\.name), candidates[0].theta))
    diagnostics["log-evidence"] = posterior.logEvidence
    diagnostics["largest-weight"] = posterior.weights.max() ?? 1
    diagnostics["pooled-weight"] = zip(posterior.weights, candidates).reduce(0.0) { $0 + ($1.1.isGroup ? 0 : $1.0) }
    return space.posterior(
      mean: moments.mean.map { Float($0) }, spread: moments.spread.map { Float($0) },
      samples: draws?.converted(to: Float.self), label: measurement.label, diagnostics: diagnostics)
  }
}

extension Model {
  /// The mixture solver of the model's Gaussian prior and its groups. Throws ``MethodError``, `PriorError`.
  func mixtureSolver() throws -> MixtureSolver {
    let gaussian = try requireGaussian()
    guard let membership = gaussian.membership else {
      throw MethodError.missingPart(.mixture, model: provenance.name)
    }
    // The parameters are those of a two-scale prior, whose solver checks them.
    _ = try twoScaleSolver()
    return try MixtureSolver(
      GaussianMixturePrior(gaussian.prior, membership: membership), domain: space.domain,
      parameters: gaussian.parameters)
  }
}

extension Method {
  /// The mixture of two-scale Gaussians, for a model of kind mixture.
  public static let mixture = Method(
    name: "mixture", title: "mixture of two-scale Gaussians", needs: [.gaussian, .mixture]
  ) { context in
    try context.model.mixtureSolver()
  }
}
