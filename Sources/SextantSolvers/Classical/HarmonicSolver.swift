// Harmonic interpolation: the field that keeps the observed values and solves Laplace's equation everywhere else. It
// takes one sparse Cholesky factorisation per mask, which channels with the same observed vertices share. There is no
// uncertainty.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSparse

/// Fills gaps with the field of least Dirichlet energy.
public struct HarmonicSolver: Solver {
  public let name = "harmonic"
  private let domain: any Domain
  private let channelCount: Int

  /// Makes the solver for fields of `channelCount` variables on a domain.
  public init(domain: any Domain, channelCount: Int) {
    self.domain = domain
    self.channelCount = channelCount
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    var equations: [HarmonicEquations] = []
    let channels = try ObservedPlaces.byChannel(
      operation, domain: domain, channelCount: channelCount, method: name
    ).map { places -> HarmonicChannel? in
      guard !places.rows.isEmpty else { return nil }
      let nodes = nodes(of: places)
      let fixed = Set(nodes)
      if let existing = equations.first(where: { $0.fixed == fixed }) {
        return HarmonicChannel(places: places, nodes: nodes, equations: existing)
      }
      equations.append(
        try HarmonicEquations(domain.stiffness(interpolatingBetween: fixed), fixed: fixed))
      return HarmonicChannel(places: places, nodes: nodes, equations: equations[equations.count - 1])
    }
    return HarmonicPreparation(
      model: try MeasurementModel(operation: operation, noise: noise), domain: domain, channels: channels)
  }

  /// The node of each value. A value that mixes vertices is assigned to the node nearest to its place.
  private func nodes(of places: ObservedPlaces) -> [Int] {
    let nodeOfVertex = domain.nodeOfVertex
    var tree: NearestNeighbours?
    return places.vertices.enumerated().map { index, vertex in
      if vertex >= 0 { return Int(nodeOfVertex[vertex]) }
      let search = tree ?? NearestNeighbours(domain.nodePositions)
      tree = search
      return search.nearest(1, to: places.positions[index]).first?.index ?? 0
    }
  }
}

/// The factorised equations of every channel.
private struct HarmonicPreparation: PreparedSolver {
  let model: MeasurementModel
  let domain: any Domain
  /// Nil for a channel without an observation.
  let channels: [HarmonicChannel?]

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    Posterior(mean: domain.array(fromNodes: channels.map { $0?.field(given: measurement) }))
  }
}

/// The observed nodes of one channel, and the equations for the others.
private struct HarmonicChannel: Sendable {
  let places: ObservedPlaces
  /// The node of each value (m).
  let nodes: [Int]
  let equations: HarmonicEquations

  /// The field at the nodes; several values at a node are averaged.
  func field(given measurement: FieldMeasurement) -> [Double] {
    var sums: [Int: (sum: Double, count: Double)] = [:]
    for (node, value) in zip(nodes, places.values(of: measurement)) {
      sums[node, default: (0, 0)].sum += value
      sums[node, default: (0, 0)].count += 1
    }
    return equations.solve(sums.mapValues { $0.sum / $0.count })
  }
}

/// K_uu·x_u = −K_uo·x_o for the unobserved nodes u, given the observed o.
private struct HarmonicEquations: Sendable {
  /// The observed nodes.
  let fixed: Set<Int>
  private let stiffness: SparseMatrix
  private let unknowns: [Int]
  /// The factor of K_uu; nil if every node is observed.
  private let factor: SparseCholesky?
  /// The weight that ties each unknown value to the mean of the observed values.
  private let regularisation: Double

  init(_ stiffness: SparseMatrix, fixed: Set<Int>) throws {
    self.stiffness = stiffness
    self.fixed = fixed
    let n = stiffness.rowCount
    var unknownOf = [Int](repeating: -1, count: n)
    var unknowns: [Int] = []
    for node in 0..<n where !fixed.contains(node) {
      unknownOf[node] = unknowns.count
      unknowns.append(node)
    }
    self.unknowns = unknowns
    guard !unknowns.isEmpty else {
      (factor, regularisation) = (nil, 0)
      return
    }
    var entries: [(row: Int, column: Int, value: Double)] = []
    var trace = 0.0
    for (row, node) in unknowns.enumerated() {
      for k in stiffness.rowStarts[node]..<stiffness.rowStarts[node + 1] {
        let other = Int(stiffness.columns[k])
        guard unknownOf[other] >= 0 else { continue }
        entries.append((row, unknownOf[other], stiffness.values[k]))
        if other == node { trace += stiffness.values[k] }
      }
    }
    // In a part of the domain without an observation the equations are singular; a tiny weight on the mean makes them
    // regular.
    let regularisation = 1e-10 * trace / Double(unknowns.count)
    for row in unknowns.indices { entries.append((row, row, regularisation)) }
    let matrix = SparseMatrix(rowCount: unknowns.count, columnCount: unknowns.count, entries: entries)
    factor = try SparseCholesky(matrix)
    self.regularisation = regularisation
  }

  /// The field (n) with these values at the observed nodes.
  func solve(_ values: [Int: Double]) -> [Double] {
    var result = (0..<stiffness.rowCount).map { values[$0] ?? 0 }
    guard let factor else { return result }
    // Summed in the order of the nodes, because the order of a dictionary differs between runs.
    let mean = result.reduce(0, +) / Double(values.count)
    let right = unknowns.map { node in
      var sum = 0.0
      for k in stiffness.rowStarts[node]..<stiffness.rowStarts[node + 1] {
        if let value = values[Int(stiffness.columns[k])] { sum -= stiffness.values[k] * value }
      }
      return sum + regularisation * mean
    }
    for (node, value) in zip(unknowns, factor.solve(right)) { result[node] = value }
    return result
  }
}

extension Method {
  /// Harmonic (Laplace) interpolation.
  public static let harmonic = Method(
    name: "harmonic", title: "harmonic interpolation", traits: .ofPoints.needingNeighbours
  ) { context in
    HarmonicSolver(domain: context.space.domain, channelCount: context.space.channelCount)
  }
}
