// Places that no field of an archive of measurements has a value at, where the prior is asked for all the same
// (`archive.measured.fill: all`). Nothing was learned there: no mode reaches them, and what is known is the climatology and the
// variance of the places around them, found by kriging. What is not known of the climatology is added to the variance, so that the
// spread says how little is known; with a two-scale prior, the Matérn field ties them to what is measured nearby.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSolvers

/// The states that no field has a value of.
struct UnmeasuredStates {
  private let domain: any Domain
  private let layout: StateLayout
  private let isMeasured: [Bool]
  /// The mean number of values of a measured state.
  private let valuesPerState: Double

  /// The states without a value; nil where each has one.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - layout: the states of the prior.
  ///   - hasValue: whether at least one field has a value at each entry (V·C).
  ///   - valueCount: how many values there are in all fields.
  init?(on domain: any Domain, layout: StateLayout, hasValue: [Bool], valueCount: Int) {
    var isMeasured = [Bool](repeating: false, count: layout.count)
    for (entry, state) in layout.stateOfEntry.enumerated() where state >= 0 && hasValue[entry] { isMeasured[Int(state)] = true }
    guard isMeasured.contains(false) else { return nil }
    self.domain = domain
    self.layout = layout
    self.isMeasured = isMeasured
    valuesPerState = Double(valueCount) / Double(max(1, hasValue.count { $0 }))
  }

  /// The states with the climatology of the places around at those without a value, and the variance of what is not known of it
  /// (d), standardised and 0 at the others.
  ///
  /// - Parameters:
  ///   - space: the states, with a climatology that knows nothing of those without a value.
  ///   - squares: the mean square over the fields of each regressor of the climatology.
  /// - Throws: the errors of kriging.
  func extending(_ space: StateSpace, squares: [Double]) throws -> (space: StateSpace, variance: [Double]) {
    let d = space.count
    let scales = space.stateScales
    var coefficients = space.climatology.coefficients
    var variance = [Double](repeating: 0, count: d)
    for term in 0..<coefficients.rowCount {
      let own = coefficients.row(term).scalars
      // A coefficient is as uncertain as a mean of so many anomalies.
      let noise = scales.map { $0 / Float(max(1, valuesPerState).squareRoot()) }
      for (state, value) in try kriged(own, noise: noise) {
        coefficients[term, state] = value.mean
        variance[state] += squares[term] * pow(Double(value.spread) / Double(scales[state]), 2)
      }
    }
    let climatology = Climatology(kind: space.climatology.kind, coefficients: coefficients)
    return (StateSpace(layout: space.layout, climatology: climatology, scales: space.scales), variance)
  }

  /// What was learned, with the variance of the places around at the states without a value, besides that of their climatology.
  ///
  /// - Parameters:
  ///   - prior: what was learned.
  ///   - variance: that of what is not known of the climatology (d).
  /// - Throws: the errors of kriging.
  func extending(_ prior: CompletedPrior, variance: [Double]) throws -> CompletedPrior {
    let functions = prior.functions
    // In logarithms, whose error is that of a variance of so many values.
    let logarithms = functions.totalVariance.map { Float(log(max($0, 1e-6))) }
    let noise = [Float](repeating: Float((2 / max(1, valuesPerState)).squareRoot()), count: logarithms.count)
    var residual = functions.residualVariance
    for (state, value) in try kriged(logarithms, noise: noise) {
      residual[state] = Float(exp(Double(value.mean)) + variance[state])
    }
    var result = prior
    result.functions = EmpiricalOrthogonalFunctions(
      scaledModes: functions.scaledModes, standardDeviations: functions.standardDeviations, residualVariance: residual)
    return result
  }

  /// Numbers at the states without a value by kriging, one variable after the other.
  ///
  /// - Parameters:
  ///   - values: a number for each state (d), of which those of measured states are used.
  ///   - noise: the standard deviation of each (d), above 0.
  private func kriged(_ values: [Float], noise: [Float]) throws -> [(state: Int, value: (mean: Float, spread: Float))] {
    let vertices = domain.representativeVertices
    func vertex(_ state: Int) -> Int { Int(vertices[Int(layout.nodeOfState[state])]) }
    var result: [(state: Int, value: (mean: Float, spread: Float))] = []
    for channel in 0..<layout.channelCount {
      let states = layout.states(ofChannel: channel)
      let (known, unknown) = (states.filter { isMeasured[$0] }, states.filter { !isMeasured[$0] })
      guard let first = known.first, !unknown.isEmpty else { continue }
      guard known.contains(where: { values[$0] != values[first] }) else {
        result += unknown.map { ($0, (values[first], 0)) }
        continue
      }
      let measurement = FieldMeasurement(
        values: known.map { values[$0] }, noise: known.map { noise[$0] },
        operation: SelectionOperator(inputCount: domain.vertexCount, indices: known.map(vertex)))
      let solver: any Solver =
        known.count <= CompletionRounds.stateLimit
        ? KrigingSolver(domain: domain, channelCount: 1) : try SparseFieldSolver(domain: domain)
      var random = RandomStream(seed: 0)
      let posterior = try solver.posterior(given: measurement, samples: 0, using: &random)
      result += unknown.map { ($0, (posterior.mean[vertex($0)], posterior.spread?[vertex($0)] ?? 0)) }
    }
    return result
  }
}
