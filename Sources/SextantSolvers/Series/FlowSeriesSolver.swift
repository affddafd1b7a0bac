// The Gaussian-base flow over a series: its base is the space-time posterior, and at each step the network corrects it from the same
// features as for a single field. A member is a draw of the whole series that is shifted and scaled step by step, so that it stays a
// coherent film. At a step without observations the network is told nothing, and the answer is the base.

import SextantMeasurement
import SextantPriors

/// Corrects the answers of a series by a learned network.
struct FlowSeriesSolver: SeriesSolver {
  let name: String
  var answersCausally: Bool { base.answersCausally }
  private let base: any SeriesSolver
  private let flow: GaussianBaseFlowSolver

  init(_ flow: GaussianBaseFlowSolver, base: any SeriesSolver) {
    (self.flow, self.base, name) = (flow, base, flow.name)
  }

  func prepare(
    _ series: any MeasuredSeries, _ request: SeriesRequest, from carried: CarriedSeries?
  ) throws -> any PreparedSeries {
    FlowSeries(flow, base: try base.prepare(series, request, from: carried), series: series)
  }
}

private final class FlowSeries: PreparedSeries {
  private let flow: GaussianBaseFlowSolver
  private let base: any PreparedSeries
  private let series: any MeasuredSeries

  init(_ flow: GaussianBaseFlowSolver, base: any PreparedSeries, series: any MeasuredSeries) {
    (self.flow, self.base, self.series) = (flow, base, series)
  }

  func posterior(at step: Int) throws -> Posterior {
    var posterior = try base.posterior(at: step)
    guard let measurement = try series.measurement(at: step), measurement.count > 0 else { return posterior }
    try flow.move(&posterior, by: measurement)
    return posterior
  }

  func carried() throws -> CarriedSeries? { try base.carried() }

  var correlationOfSteps: Double? { base.correlationOfSteps }
}
