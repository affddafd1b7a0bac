// A prior from measurements, carried on to the places that no field has measured (`archive.measured.fill: all`). Nothing was learned
// there. The climatology is found by kriging from the places around, the modes and the total variance by harmonic interpolation. What
// the modes leave of the variance, and what is not known of the climatology, is a Matérn field of these places alone, so that their
// spread says how little is known. What was learned of the other places stays as it is.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantSolvers

extension GaussianPrior {
  /// The same prior on all places of a domain.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - landShare: the fraction of land at each vertex (V), or nil.
  ///   - labels: those of the fields that were learned from.
  ///   - valuesPerState: the mean number of values of a measured state.
  ///   - random: the stream for the archive's coefficients of the further modes.
  /// - Throws: the errors of the interpolations.
  func extended(
    on domain: any Domain, landShare: [Float]?, labels: [FieldLabel], valuesPerState: Double, random: RandomStream
  ) throws -> GaussianPrior {
    let places = UnmeasuredStates(beyond: space.layout, on: domain)
    guard places.layout.count > space.count else { return self }
    let squares = space.climatology.kind.meanSquares(of: labels)
    // A coefficient of the climatology is as uncertain as a mean of so many anomalies.
    let noise = space.stateScales.map { $0 / Float(max(1, valuesPerState).squareRoot()) }
    let climatology = try places.kriged(space.climatology.coefficients, noise: noise)
    let known = StateSpace(
      layout: places.layout, climatology: Climatology(kind: space.climatology.kind, coefficients: climatology.means),
      scales: space.scales)
    let modes = try places.harmonic(functions.scaledModes)
    let total = try places.harmonic(Tensor(functions.totalVariance.map { Float($0) }, shape: [1, space.count])).scalars
    let (held, scales) = (modes.columnSquaredNorms(), known.stateScales)
    // What is left at the places that were not measured; the others keep what the modes leave.
    var left = (0..<known.count).map { state -> Double in
      if let old = places.known(state) { return Double(functions.residualVariance[old]) }
      let unknown = squares.indices.reduce(0.0) { sum, term in
        sum + squares[term] * pow(Double(climatology.spreads[term, state]) / Double(scales[state]), 2)
      }
      return max(0, Double(total[state]) - held[state]) + unknown
    }
    func whole(_ learned: EmpiricalOrthogonalFunctions, _ coefficients: Tensor<Float>) -> GaussianPrior {
      GaussianPrior(
        configuration: configuration, space: known, functions: learned, archiveCoefficients: coefficients,
        landShare: landShare.map { places.layout.landOfStates($0, domain: domain) }, channelCorrelation: channelCorrelation)
    }
    func carriedOn() -> EmpiricalOrthogonalFunctions {
      EmpiricalOrthogonalFunctions(
        scaledModes: modes, standardDeviations: functions.standardDeviations, residualVariance: left.map { Float($0) })
    }
    let further = try places.field(of: left, as: whole(carriedOn(), archiveCoefficients).covarianceModel(on: domain))
    for (state, variance) in further.columnSquaredNorms().enumerated() { left[state] = max(0, left[state] - variance) }
    let (all, rotation) = try carriedOn().adding(modes: further)
    var stream = random.split("unmeasured")
    let draws: Tensor<Float> = stream.normals([archiveCoefficients.rowCount, further.rowCount])
    let (own, old) = (archiveCoefficients, functions.modeCount)
    let coefficients = Tensor<Float>(shape: [own.rowCount, old + further.rowCount]) { out in
      for i in out.indices {
        let (row, mode) = i.quotientAndRemainder(dividingBy: old + further.rowCount)
        out[i] = mode < old ? own[row, mode] : draws[row, mode - old]
      }
    }
    return whole(all, matrixProduct(coefficients, rotation))
  }
}

/// All states of a domain, of which some are known.
private struct UnmeasuredStates {
  /// The states of the whole domain.
  let layout: StateLayout
  private let domain: any Domain
  /// The number of each state among those that are known, or −1.
  private let knownState: [Int]

  /// The largest number of places at which the field of a variable is described.
  private static let placeLimit = 200

  init(beyond known: StateLayout, on domain: any Domain) {
    let count = domain.vertexCount * known.channelCount
    layout = StateLayout(domain: domain, channelCount: known.channelCount, isInside: [Bool](repeating: true, count: count))
    self.domain = domain
    var knownState = [Int](repeating: -1, count: layout.count)
    for (entry, state) in layout.stateOfEntry.enumerated() where known.stateOfEntry[entry] >= 0 {
      knownState[Int(state)] = Int(known.stateOfEntry[entry])
    }
    self.knownState = knownState
  }

  /// The number of a state among those that are known; nil for the others.
  func known(_ state: Int) -> Int? { knownState[state] >= 0 ? knownState[state] : nil }

  /// Rows of numbers (k×known) at all states (k×d), with those of the least Dirichlet energy at the others.
  func harmonic(_ rows: Tensor<Float>) throws -> Tensor<Float> {
    try filled(rows, by: HarmonicSolver(domain: domain, channelCount: 1), noise: [Float](repeating: 1, count: rows.columnCount)).means
  }

  /// Rows of numbers (k×known) at all states (k×d) by kriging from values with noise (known), and what is not known of them.
  func kriged(_ rows: Tensor<Float>, noise: [Float]) throws -> (means: Tensor<Float>, spreads: Tensor<Float>) {
    let solver: any Solver =
      rows.columnCount / layout.channelCount <= CompletionRounds.stateLimit
      ? KrigingSolver(domain: domain, channelCount: 1) : try SparseFieldSolver(domain: domain)
    return try filled(rows, by: solver, noise: noise)
  }

  private func filled(
    _ rows: Tensor<Float>, by solver: any Solver, noise: [Float]
  ) throws -> (means: Tensor<Float>, spreads: Tensor<Float>) {
    var (means, spreads) = (Tensor<Float>.zeros([rows.rowCount, layout.count]), Tensor<Float>.zeros([rows.rowCount, layout.count]))
    let vertices = domain.representativeVertices
    func vertex(_ state: Int) -> Int { vertices[Int(layout.nodeOfState[state])] }
    var random = RandomStream(seed: 0)
    for channel in 0..<layout.channelCount {
      let states = layout.states(ofChannel: channel)
      let (seen, unseen) = (states.filter { knownState[$0] >= 0 }, states.filter { knownState[$0] < 0 })
      let levels = seen.map { noise[knownState[$0]] }
      let operation = SelectionOperator(inputCount: domain.vertexCount, indices: seen.map(vertex))
      let prepared = unseen.isEmpty ? nil : try solver.prepare(for: operation, noise: levels)
      for row in 0..<rows.rowCount {
        let values = seen.map { rows[row, knownState[$0]] }
        for (state, value) in zip(seen, values) { means[row, state] = value }
        guard let prepared, let first = values.first else { continue }
        // Numbers that are all the same, such as those of a harmonic that the archive does not determine, are not in doubt.
        guard values.contains(where: { $0 != first }) else {
          for state in unseen { means[row, state] = first }
          continue
        }
        let posterior = try prepared.solve(
          FieldMeasurement(values: values, noise: levels, operation: operation), samples: 0, using: &random)
        for state in unseen {
          means[row, state] = posterior.mean[vertex(state)]
          spreads[row, state] = posterior.spread?[vertex(state)] ?? 0
        }
      }
    }
    return (means, spreads)
  }

  /// A Matérn field of variances (d) at the states that are not known, as modes (j×d), as far as its values at some places determine it.
  ///
  /// - Parameters:
  ///   - variance: the variance of each state (d).
  ///   - model: a covariance of all states, whose positions and usual range the field has.
  func field(of variance: [Double], as model: CovarianceModel) throws -> Tensor<Float> {
    let range = exp(model.parameters.first { $0.name == "field.log-range" }?.start ?? log(0.1))
    var modes = Tensor<Float>.zeros([0, layout.count])
    for channel in 0..<layout.channelCount {
      let states = layout.states(ofChannel: channel).filter { knownState[$0] < 0 && variance[$0] > 0 }
      guard !states.isEmpty else { continue }
      let points = states.map { SIMD4(model.positions[$0] / range, 0) }
      let own = try Tensor<Float>.modes(ofFieldAt: points, placeLimit: Self.placeLimit, states: states, count: layout.count) { a, b in
        let between = points[a] - points[b]
        return (variance[states[a]] * variance[states[b]]).squareRoot() * exp(-(between * between).sum().squareRoot())
      }
      modes = modes.stacked(on: own)
    }
    return modes
  }
}
