// The two-scale Gaussian over a series (docs/series.md): the modes' coefficients and the local part each remember
// exponentially, so that the exact posterior is a Kalman filter and smoother. Parameters maximise the likelihood of the
// series' own observations; a causal run fits them to the past alone, again at every doubling of its length.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Recovers the fields of a series together under the two-scale prior with memory; exact given the parameters, up to
/// windows where the series does not fit in memory.
public struct TwoScaleSeriesSolver: SeriesSolver {
  public let name = "two-scale Gaussian"
  public let answersCausally = true
  private let prior: GaussianPrior
  private let model: CovarianceModel
  /// The parameters of the covariance at one time if they are known.
  private let spatial: [Double]?

  /// - Throws: `PriorError.tooLarge` beyond ``TwoScaleSolver/stateLimit`` states.
  public init(_ prior: GaussianPrior, domain: some Domain, parameters: ParameterFitting = .perField) throws {
    guard prior.space.count <= TwoScaleSolver.stateLimit else {
      throw PriorError.tooLarge(
        "The dense two-scale prior supports at most \(TwoScaleSolver.stateLimit) states, but this field has \(prior.space.count). Use --method eof, or sparse-matern, which needs no archive."
      )
    }
    self.prior = prior
    model = prior.covarianceModel(on: domain)
    if case .fixed(let values) = parameters { spatial = values } else { spatial = nil }
  }

  public func prepare(
    _ series: any MeasuredSeries, _ request: SeriesRequest, from carried: CarriedSeries?
  ) throws -> any PreparedSeries {
    try TwoScaleSeries(prior: prior, model: model, spatial: spatial, series: series, request: request, carried: carried)
  }
}

extension Method {
  /// The solver of a series of the model's fields, adapted to the model as the solver of one field is; nil for a method
  /// that takes one field at a time.
  ///
  /// Throws ``SeriesError/transformed(method:)`` for transformed variables, and the errors of ``solver(for:settings:)``.
  public func seriesSolver(
    for model: Model, settings: SolverSettings = SolverSettings()
  ) throws -> (any SeriesSolver)? {
    guard let makeSeries else { return nil }
    let context = MethodContext(method: self, model: model, settings: settings)
    try context.check()
    guard model.space.transforms.allSatisfy(\.isIdentity), model.space.ownTransforms.allSatisfy({ $0 == .none }) else {
      throw SeriesError.transformed(method: name)
    }
    guard model.space.encodings.allSatisfy({ $0 == .number }) else { throw SeriesError.encoded(method: name) }
    return AdjustedSeriesSolver(inner: try makeSeries(context), adjustments: adjustments(for: model))
  }
}

/// A series solver whose posteriors are all changed by the same functions.
private struct AdjustedSeriesSolver: SeriesSolver {
  let inner: any SeriesSolver
  let adjustments: [@Sendable (inout Posterior) -> Void]
  var name: String { inner.name }
  var answersCausally: Bool { inner.answersCausally }

  func prepare(
    _ series: any MeasuredSeries, _ request: SeriesRequest, from carried: CarriedSeries?
  ) throws -> any PreparedSeries {
    guard request.use != .causal || answersCausally else { throw SeriesError.needsTheFuture(method: name) }
    return AdjustedSeries(inner: try inner.prepare(series, request, from: carried), adjustments: adjustments)
  }
}

private final class AdjustedSeries: PreparedSeries {
  private let inner: any PreparedSeries
  private let adjustments: [@Sendable (inout Posterior) -> Void]

  init(inner: any PreparedSeries, adjustments: [@Sendable (inout Posterior) -> Void]) {
    (self.inner, self.adjustments) = (inner, adjustments)
  }

  func posterior(at step: Int) throws -> Posterior {
    var posterior = try inner.posterior(at: step)
    for adjust in adjustments { adjust(&posterior) }
    return posterior
  }

  func carried() throws -> CarriedSeries? { try inner.carried() }

  var correlationOfSteps: Double? { inner.correlationOfSteps }
}
