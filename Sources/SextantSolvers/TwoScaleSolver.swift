// The two-scale Gaussian: the archive's modes plus a Matérn field, by one dense Cholesky factorisation in
// observation space, with parameters chosen by the marginal likelihood of each field's own observations or fixed.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import Synchronization

/// Where the parameters of a covariance come from.
public enum ParameterChoice: Sendable, Equatable, Codable {
  /// Chosen for each field by its own observations.
  case perField
  /// The same for every field.
  case fixed([Double])
}

/// Recovers fields under the two-scale prior; exact given the parameters.
public final class TwoScaleSolver: Solver {
  public let name = "two-scale Gaussian"
  /// The most states that the dense form serves: two d×d matrices of doubles are held where samples are drawn.
  public static let stateLimit = 12_000

  private let prior: GaussianPrior
  private let model: CovarianceModel
  private let nodePositions: [SIMD3<Double>]
  private let choice: ParameterChoice
  private let seed: RandomStream
  /// The whole covariance and its factor, for parameters that do not change.
  private let cache = Mutex<Cache?>(nil)

  private struct Cache: Sendable {
    var covariance: Tensor<Double>
    var factor: CholeskyFactor<Double>
  }

  /// - Parameters:
  ///   - domain: where the fields live; its node positions are on the unit sphere.
  ///   - parameters: where the covariance's parameters come from.
  ///   - seed: which observations enter the likelihood where there are many.
  /// - Throws: ``PriorError/tooLarge(_:)`` beyond ``stateLimit`` states.
  public init(
    _ prior: GaussianPrior, domain: some Domain, parameters: ParameterChoice = .perField,
    seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    guard prior.space.count <= Self.stateLimit else {
      throw PriorError.tooLarge(
        "The dense two-scale prior serves at most \(Self.stateLimit) states, and this field has \(prior.space.count). Use kind: sparse-matern."
      )
    }
    self.prior = prior
    nodePositions = domain.nodePositions
    model = prior.covarianceModel(nodePositions: nodePositions)
    choice = parameters
    self.seed = seed
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver {
    if case .fixed(let theta) = choice { _ = try factored(model, theta) }
    return Prepared(solver: self)
  }

  /// A prior for one observation: a covariance with its parameters, and how far the mean is moved.
  private struct Candidate {
    var model: CovarianceModel
    var chosen: ChosenParameters
    /// The shift of the mean (d); nil for none.
    var shift: [Float]?
  }

  /// By how much the evidence for analogues must be larger: their weights have seen the observation already.
  private static let analogueMargin = 5.0

  /// The prior that the observation speaks for: the archive's, or that of the archive fields which resemble it.
  private func candidate(for observation: StateObservation) throws -> Candidate {
    if case .fixed(let theta) = choice {
      return Candidate(model: model, chosen: ChosenParameters(values: theta), shift: nil)
    }
    let plain = model.chooseParameters(for: [observation], random: seed)
    guard let analogues = try ArchiveAnalogues(of: observation, in: prior) else {
      return Candidate(model: model, chosen: plain, shift: nil)
    }
    let narrow = prior.covarianceModel(nodePositions: nodePositions, analogues: analogues)
    let shifted = observation.subtracting(analogues.mean)
    var chosen = narrow.chooseParameters(
      for: [shifted], from: plain.values, maximumEvaluations: 8, random: seed)
    // Only where the evidence comes near is the search worth finishing.
    if chosen.objective < plain.objective - 0.5 * Self.analogueMargin {
      let last = narrow.chooseParameters(
        for: [shifted], from: chosen.values, maximumEvaluations: 14, random: seed)
      chosen = ChosenParameters(
        values: last.values, objective: last.objective, evaluations: chosen.evaluations + last.evaluations)
    }
    guard chosen.objective < plain.objective - Self.analogueMargin else {
      return Candidate(model: model, chosen: plain, shift: nil)
    }
    return Candidate(model: narrow, chosen: chosen, shift: analogues.mean)
  }

  /// The names of the parameters, for logs and files.
  public var parameterNames: [String] { model.parameters.map(\.name) }

  private func factored(_ model: CovarianceModel, _ theta: [Double]) throws -> Cache {
    // Parameters that are chosen for each field never come twice: only fixed ones are worth keeping.
    let isFixed = choice == .fixed(theta)
    if isFixed, let hit = cache.withLock({ $0 }) { return hit }
    let covariance = model.covariance(parameters: theta)
    let made = Cache(
      covariance: covariance, factor: try CholeskyFactor(covariance.addingToDiagonal(1e-9)))
    if isFixed { cache.withLock { $0 = made } }
    return made
  }

  private struct Prepared: PreparedSolver {
    let solver: TwoScaleSolver

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      let space = solver.prior.space
      let observation = try space.observe(measurement)
      guard observation.count > 0 else { throw PriorError.nothingObserved }
      let candidate = try solver.candidate(for: observation)
      let (model, theta) = (candidate.model, candidate.chosen.values)
      let all = Array(0..<space.count)
      let isCached = if case .fixed = solver.choice { true } else { false }
      let whole = try isCached || samples > 0 ? solver.factored(model, theta) : nil
      let posterior = try DenseGaussianPosterior(
        candidate.shift.map { observation.subtracting($0) } ?? observation,
        priorVariances: model.variances(parameters: theta)
      ) { states in
        whole?.covariance.gatheringRows(states) ?? model.block(rows: states, columns: all, parameters: theta)
      }
      var mean = posterior.mean.map(Float.init)
      var draws = whole.flatMap { whole in
        samples > 0
          ? posterior.samples(samples, priorFactor: whole.factor, using: &random).converted(to: Float.self) : nil
      }
      if let shift = candidate.shift {
        for state in mean.indices { mean[state] += shift[state] }
        draws?.withUnsafeMutableScalars { values in
          for i in values.indices { values[i] += shift[i % shift.count] }
        }
      }
      var diagnostics = Dictionary(
        uniqueKeysWithValues: zip(solver.parameterNames, theta))
      diagnostics["likelihood-evaluations"] = Double(candidate.chosen.evaluations)
      diagnostics["uses-analogues"] = candidate.shift == nil ? 0 : 1
      diagnostics["log-evidence"] = posterior.logEvidence
      return space.posterior(
        mean: mean, spread: posterior.spread.map(Float.init), samples: draws, label: measurement.label,
        diagnostics: diagnostics)
    }
  }
}
