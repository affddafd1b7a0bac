// The stochastic partial differential equation of the prior on one mesh (Lindgren, Rue and Lindström 2011):
//
//     (κ²·C + G)·x = √(θ·C)·noise,
//
// where C are the areas, G is the stiffness matrix with weakened couplings across coasts, and θ is the roughness at
// each node. The precision of the field is Kᵀ·diag(1/(θ·C))·K for a smoothness of 1. For a smoothness of 2 the noise is
// itself a solution of the square root of the equation, and the precision is Kᵀ·S·K·S·K with S = diag(1/(√θ·C)).
//
// A node with very many neighbours, such as the pole of a fine grid, would couple all of them to each other; its
// equation uses a few evenly chosen neighbours instead, which are close together and hardly differ. For a smoothness of 2,
// which needs a symmetric K, the other neighbours are not coupled to it either.

import Foundation
import SextantArrays

/// K of one mesh, by rows and by columns, and the precision W of its noise.
struct FieldEquations: Sendable {
  /// The largest number of neighbours in a node's equation.
  static let neighbourLimit = 24
  /// The number of neighbours that represent all if there are more.
  static let chosenNeighbours = 8

  /// K (n×n): row i is the equation of node i.
  let rows: SparseMatrix
  /// Kᵀ: row j has the equations in which node j occurs.
  let columns: SparseMatrix
  /// C (n).
  let areas: [Double]
  /// The smoothness of the field.
  let smoothness: SparseFieldSmoothness
  /// Whether K is symmetric, as it is for a smoothness of 2, and where no node has too many neighbours.
  let isSymmetric: Bool

  /// The number of nodes n.
  var count: Int { areas.count }

  /// - Parameters:
  ///   - landShare: the fraction of land at each node (n); nil if coasts are unknown.
  ///   - barrier: see ``SparseFieldConfiguration/barrier``.
  init(
    _ level: MeshLevel, landShare: [Float]?, kappaSquared: Double, barrier: Double, smoothness: SparseFieldSmoothness = .one
  ) {
    self.smoothness = smoothness
    let (stiffness, areas) = (level.stiffness, level.areas)
    let n = areas.count
    // The neighbours of the nodes that have too many.
    var chosen: [Int: [Int]] = [:]
    for i in 0..<n where stiffness.rowStarts[i + 1] - stiffness.rowStarts[i] > Self.neighbourLimit + 1 {
      chosen[i] = Self.seenEntries(of: i, in: stiffness)
    }
    /// By how much the coupling of a node with many neighbours to one of them counts in the equation of that neighbour.
    func share(of node: Int, to neighbour: Int) -> Double {
      guard smoothness == .two, let seen = chosen[node] else { return 1 }
      guard seen.contains(where: { Int(stiffness.columns[$0]) == neighbour }) else { return 0 }
      return Self.share(of: node, seen: seen, in: stiffness)
    }
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    starts.reserveCapacity(n + 1)
    columns.reserveCapacity(stiffness.entryCount)
    values.reserveCapacity(stiffness.entryCount)
    for i in 0..<n {
      let seen = chosen[i] ?? Array(stiffness.rowStarts[i]..<stiffness.rowStarts[i + 1])
      let own = Self.share(of: i, seen: seen, in: stiffness)
      var couplings = 0.0
      var diagonal: Int?
      for k in seen {
        let j = Int(stiffness.columns[k])
        let share = j == i ? 1 : own * share(of: j, to: i)
        guard share > 0 else { continue }
        columns.append(stiffness.columns[k])
        if j == i {
          diagonal = values.count
          values.append(0)
        } else {
          var value = stiffness.values[k] * share
          if let landShare {
            value /= 1 + barrier * abs(Double(landShare[i]) - Double(landShare[j])) / level.step
          }
          couplings += value
          values.append(value)
        }
      }
      // The stiffness matrix of every domain stores its diagonal.
      if let diagonal { values[diagonal] = kappaSquared * areas[i] - couplings }
      starts.append(columns.count)
    }
    rows = SparseMatrix(rowCount: n, columnCount: n, rowStarts: starts, columns: columns, values: values)
    self.columns = rows.transposed()
    self.areas = areas
    isSymmetric = smoothness == .two || chosen.isEmpty
  }

  /// W: the precision of the noise u = S·K·x, times θ and with areas; nil where it is diag(C).
  var coupling: SparseMatrix? { smoothness == .two ? rows : nil }

  /// The nodes that each node's part of the precision reaches, without the values.
  var reach: SparseMatrix { coupling?.times(rows) ?? rows }

  /// The prior precision as Kᵀ·diag(weights)·right, for a roughness at each node (n).
  func factors(roughness: [Double]) -> (weights: [Double], right: SparseMatrix) {
    guard let coupling else { return (zip(roughness, areas).map { 1 / ($0 * $1) }, rows) }
    let weights = zip(roughness, areas).map { 1 / ($0.squareRoot() * $1) }
    return (weights, coupling.times(rows.scalingRows(by: weights)))
  }

  /// log|Q| for a roughness of 1, from the determinant of K, which is symmetric here.
  func logDeterminant(ofEquations logDeterminant: Double) -> Double {
    // |Kᵀ·C⁻¹·K| or |K·C⁻¹·K·C⁻¹·K|.
    let order = Double(smoothness.rawValue)
    return (order + 1) * logDeterminant - order * areas.reduce(0.0) { $0 + log($1) }
  }

  /// The factor by which the chosen neighbours of a node compensate for the omitted ones; 1 where none is omitted.
  private static func share(of node: Int, seen: [Int], in stiffness: SparseMatrix) -> Double {
    Double(stiffness.rowStarts[node + 1] - stiffness.rowStarts[node] - 1) / Double(max(1, seen.count - 1))
  }

  /// The entries in a row of the stiffness matrix that the equation of a node with many neighbours uses, including the diagonal.
  private static func seenEntries(of node: Int, in stiffness: SparseMatrix) -> [Int] {
    let range = stiffness.rowStarts[node]..<stiffness.rowStarts[node + 1]
    let others = range.filter { Int(stiffness.columns[$0]) != node }
    var seen = (0..<chosenNeighbours).map { others[$0 * others.count / chosenNeighbours] }
    if let diagonal = range.first(where: { Int(stiffness.columns[$0]) == node }) { seen.append(diagonal) }
    return seen.sorted()
  }

  /// θ·u·(W·u) with u = S·K·x at each node, averaged over the rows x of a B×n matrix: (K·x)²/C for a smoothness of 1. Its
  /// expectation under the prior is θ.
  func meanSquaredResiduals(_ x: Tensor<Double>, roughness: [Double]) -> [Double] {
    let (batch, n) = (x.rowCount, count)
    if let coupling {
      let weights = factors(roughness: roughness).weights
      var result = [Double](repeating: 0, count: n)
      for b in 0..<batch {
        let noise = zip(rows.times(x.row(b).scalars), weights).map { $0 * $1 }
        for (i, value) in coupling.times(noise).enumerated() { result[i] += roughness[i] * noise[i] * value / Double(batch) }
      }
      return result
    }
    return [Double](unsafeUninitializedCapacity: n) { out, initialized in
      initialized = n
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      x.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        rows.withUnsafeRows { rowStarts, columns, values in
          Parallel.forEachRange(of: n, grain: 4096) { range in
            for i in range { target[i] = 0 }
            for b in 0..<batch {
              let offset = b * n
              for i in range {
                var sum = 0.0
                for k in rowStarts[i]..<rowStarts[i + 1] { sum += values[k] * source[offset + Int(columns[k])] }
                target[i] = target[i] + sum * sum
              }
            }
            for i in range { target[i] = target[i] / (areas[i] * Double(batch)) }
          }
        }
      }
    }
  }
}

extension SparseMatrix {
  /// Calls `body` with the row starts, columns and values, for read-only loops that may run on several threads.
  func withUnsafeRows<R>(
    _ body: (_ rowStarts: UncheckedPointer<Int>, _ columns: UncheckedPointer<Int32>, _ values: UncheckedPointer<Double>)
      -> R
  ) -> R? {
    rowStarts.withUnsafeBufferPointer { starts in
      columns.withUnsafeBufferPointer { columns in
        values.withUnsafeBufferPointer { values in
          guard let s = starts.baseAddress, let c = columns.baseAddress, let v = values.baseAddress else { return nil }
          return body(
            UncheckedPointer(UnsafeMutablePointer(mutating: s)), UncheckedPointer(UnsafeMutablePointer(mutating: c)),
            UncheckedPointer(UnsafeMutablePointer(mutating: v)))
        }
      }
    }
  }
}
