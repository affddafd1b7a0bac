// Gap filling in the manner of DINEOF (J.-M. Beckers and M. Rixen, "EOF Calculations and Data Filling from Incomplete
// Oceanographic Datasets", Journal of Atmospheric and Oceanic Technology 20, 2003). The gaps start from the
// climatology; then the field is projected onto the leading modes, and the projection replaces the gaps, repeatedly.
// The number of modes is chosen by cross-validation on some of the observed values. Unlike DINEOF it uses the archive's
// modes, which one more field would hardly change. There is no uncertainty.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// Fills gaps by iterated projection on the archive's modes.
public struct DINEOFSolver: DirectSolver {
  public let name = "iterated EOF (DINEOF)"
  private let prior: GaussianPrior

  /// Makes the solver for the modes of a prior.
  public init(_ prior: GaussianPrior) { self.prior = prior }

  public func solve(
    _ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior {
    let space = prior.space
    var measurement = measurement
    // The noise is only used to average the values of coincident cells, so invalid levels are replaced by equal ones.
    if !measurement.noise.allSatisfy({ $0 > 0 && $0.isFinite }) {
      measurement.noise = [Float](repeating: 1, count: measurement.count)
    }
    let observation = try space.observe(measurement)
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    let states = observation.dominantStates
    let values = observation.anomalies.map(Float.init)
    // Orthonormal rows.
    let modes = prior.functions.scaledModes.scalingRows(by: prior.functions.standardDeviations.map { 1 / $0 })

    var order = Array(states.indices)
    order.shuffle(using: &random)
    let hidden = Array(order.prefix(max(30, order.count * 3 / 100)).prefix(order.count / 2))
    let kept = order.dropFirst(hidden.count)
    var candidates = [1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 56, 80, 110, 150].filter { $0 <= modes.rowCount }
    if candidates.isEmpty { candidates = [modes.rowCount] }
    var best = (count: candidates[0], error: Float.infinity)
    for count in candidates {
      let filled = fill(modes.rows(0..<count), states: kept.map { states[$0] }, values: kept.map { values[$0] })
      let error = hidden.reduce(Float(0)) {
        $0 + (filled[states[$1]] - values[$1]) * (filled[states[$1]] - values[$1])
      }
      if error < best.error { best = (count, error) }
    }
    let mean = fill(modes.rows(0..<best.count), states: states, values: values)
    return space.posterior(
      mean: mean, spread: nil, samples: nil, label: measurement.label, diagnostics: ["modes": Double(best.count)])
  }

  /// Iterates until the field changes by less than a thousandth of its norm.
  private func fill(_ modes: Tensor<Float>, states: [Int], values: [Float]) -> [Float] {
    let d = modes.columnCount
    var field = Tensor<Float>.zeros([1, d])
    var projection = field
    for _ in 0..<200 {
      field = projection
      field.withUnsafeMutableScalars { field in for (state, value) in zip(states, values) { field[state] = value } }
      let next = matrixProduct(matrixProduct(field, modes, transposingSecond: true), modes)
      let change = (next - projection).dot(next - projection)
      projection = next
      if change < 1e-6 * max(next.dot(next), 1e-12) { break }
    }
    return projection.scalars
  }
}

extension Method {
  /// Iterated projection on the archive's modes.
  public static let dineof = Method(
    name: "dineof", title: "iterated EOF (DINEOF)", traits: Traits(drawsSamples: false, usesNoise: false),
    needs: .gaussian
  ) { context in
    DINEOFSolver(try context.gaussian().prior)
  }
}
