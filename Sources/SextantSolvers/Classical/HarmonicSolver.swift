// Harmonic interpolation: the field that solves Laplace's equation where nothing was observed and keeps
// the observed values. One sparse Cholesky factorisation for a mask. No uncertainty.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSparse

/// Fills gaps with the smoothest field in the sense of Dirichlet's energy.
public struct HarmonicSolver: Solver {
  public let name = "harmonic"
  private let domain: any Domain
  private let channelCount: Int

  public init(domain: any Domain, channelCount: Int) {
    self.domain = domain
    self.channelCount = channelCount
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver {
    Prepared(domain: domain, channelCount: channelCount)
  }

  private struct Prepared: PreparedSolver {
    let domain: any Domain
    let channelCount: Int

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      let stiffness = domain.stiffness
      let nodeOfVertex = domain.nodeOfVertex
      let mean = try fillingChannels(measurement, domain: domain, channelCount: channelCount) { places, channel in
        let atNodes = try Self.solve(stiffness, constraints(places, channel: channel, measurement))
        return nodeOfVertex.map { atNodes[Int($0)] }
      }
      return Posterior(mean: mean)
    }

    /// The observed value of each node that has one; several values of a node are averaged.
    ///
    /// A value that mixes vertices is put on the vertex with the largest weight.
    private func constraints(
      _ places: ObservedPlaces, channel: Int, _ measurement: FieldMeasurement
    ) -> [Int: Double] {
      var tree: NearestNeighbours?
      var sums: [Int: (sum: Double, count: Double)] = [:]
      for (index, vertex) in places.vertices.enumerated() {
        let node: Int
        if vertex >= 0 {
          node = Int(domain.nodeOfVertex[vertex])
        } else {
          let search = tree ?? NearestNeighbours(domain.nodePositions)
          tree = search
          node = search.nearest(1, to: places.positions[index]).first?.index ?? 0
        }
        sums[node, default: (0, 0)].sum += places.values[index]
        sums[node, default: (0, 0)].count += 1
      }
      return sums.mapValues { $0.sum / $0.count }
    }

    /// K_uu·x_u = −K_uo·x_o for the unobserved nodes u, given the observed o.
    private static func solve(_ stiffness: SparseMatrix, _ fixed: [Int: Double]) throws -> [Double] {
      let n = stiffness.rowCount
      var unknownOf = [Int](repeating: -1, count: n)
      var unknowns: [Int] = []
      for node in 0..<n where fixed[node] == nil {
        unknownOf[node] = unknowns.count
        unknowns.append(node)
      }
      var result = (0..<n).map { fixed[$0] ?? 0 }
      guard !unknowns.isEmpty else { return result }
      var entries: [(row: Int, column: Int, value: Double)] = []
      var right = [Double](repeating: 0, count: unknowns.count)
      var trace = 0.0
      for (row, node) in unknowns.enumerated() {
        for k in stiffness.rowStarts[node]..<stiffness.rowStarts[node + 1] {
          let other = Int(stiffness.columns[k])
          if let value = fixed[other] {
            right[row] -= stiffness.values[k] * value
          } else {
            entries.append((row, unknownOf[other], stiffness.values[k]))
            if other == node { trace += stiffness.values[k] }
          }
        }
      }
      // Parts of the domain without an observation have no equation of their own: a tiny pull to the mean settles them.
      let mean = fixed.values.reduce(0, +) / Double(fixed.count)
      let pull = 1e-10 * trace / Double(unknowns.count)
      for row in unknowns.indices {
        entries.append((row, row, pull))
        right[row] += pull * mean
      }
      let matrix = SparseMatrix(rowCount: unknowns.count, columnCount: unknowns.count, entries: entries)
      let solution = try SparseCholesky(matrix).solve(right)
      for (row, node) in unknowns.enumerated() { result[node] = solution[row] }
      return result
    }
  }
}
