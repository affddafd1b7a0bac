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
  private let choice: ParameterChoice
  private let seed: RandomStream
  /// The whole covariance and its factor, for parameters that do not change.
  private let cache = Mutex<Cache?>(nil)

  private struct Cache: Sendable {
    var theta: [Double]
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
    model = prior.covarianceModel(nodePositions: domain.nodePositions)
    choice = parameters
    self.seed = seed
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver {
    if case .fixed(let theta) = choice { _ = try factored(theta) }
    return Prepared(solver: self)
  }

  /// The parameters for an observation.
  public func parameters(for observation: StateObservation) -> ChosenParameters {
    switch choice {
    case .perField: model.chooseParameters(for: [observation], random: seed)
    case .fixed(let theta): ChosenParameters(values: theta)
    }
  }

  /// The names of the parameters, for logs and files.
  public var parameterNames: [String] { model.parameters.map(\.name) }

  private func factored(_ theta: [Double]) throws -> Cache {
    if let hit = cache.withLock({ $0 }), hit.theta == theta { return hit }
    let covariance = model.covariance(parameters: theta)
    let made = Cache(
      theta: theta, covariance: covariance, factor: try CholeskyFactor(covariance.addingToDiagonal(1e-9)))
    cache.withLock { $0 = made }
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
      let chosen = solver.parameters(for: observation)
      let theta = chosen.values
      let all = Array(0..<space.count)
      let isCached = if case .fixed = solver.choice { true } else { false }
      let whole = try isCached || samples > 0 ? solver.factored(theta) : nil
      let posterior = try DenseGaussianPosterior(
        observation, priorVariances: solver.model.variances(parameters: theta)
      ) { states in
        whole?.covariance.gatheringRows(states)
          ?? solver.model.block(rows: states, columns: all, parameters: theta)
      }
      let draws = whole.flatMap { whole in
        samples > 0 ? posterior.samples(samples, priorFactor: whole.factor, using: &random) : nil
      }
      var diagnostics = Dictionary(
        uniqueKeysWithValues: zip(solver.parameterNames, theta.map { $0 }))
      diagnostics["likelihood-evaluations"] = Double(chosen.evaluations)
      diagnostics["log-evidence"] = posterior.logEvidence
      return space.posterior(
        mean: posterior.mean.map(Float.init), spread: posterior.spread.map(Float.init),
        samples: draws?.converted(to: Float.self), label: measurement.label, diagnostics: diagnostics)
    }
  }
}
