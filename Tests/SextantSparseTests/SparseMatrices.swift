// The family of matrices that the laws of sparse factorisations are held against.

import SextantArrays

/// A symmetric positive definite matrix with a name.
struct NamedMatrix: CustomStringConvertible, Sendable {
  let name: String
  let matrix: SparseMatrix
  var description: String { "\(name) (\(matrix.rowCount))" }

  /// Each kind of graph that changes the shape of the elimination tree.
  static let all: [NamedMatrix] = [
    NamedMatrix(name: "single", matrix: laplacian(size: 1, edges: [])),
    NamedMatrix(name: "diagonal", matrix: laplacian(size: 7, edges: [])),
    NamedMatrix(name: "path", matrix: laplacian(size: 40, edges: (1..<40).map { ($0 - 1, $0) })),
    NamedMatrix(name: "ring", matrix: laplacian(size: 41, edges: (0..<41).map { ($0, ($0 + 1) % 41) })),
    NamedMatrix(name: "star", matrix: laplacian(size: 30, edges: (1..<30).map { (0, $0) })),
    NamedMatrix(name: "star, centre last", matrix: laplacian(size: 30, edges: (0..<29).map { ($0, 29) })),
    NamedMatrix(name: "grid", matrix: grid(rows: 13, columns: 17)),
    NamedMatrix(name: "two grids", matrix: twoGrids),
    NamedMatrix(name: "complete", matrix: complete(50)),
    // Wider than the tiles of dense work, so that there are several.
    NamedMatrix(name: "complete", matrix: complete(450)),
    NamedMatrix(name: "comb of complete parts", matrix: comb),
    NamedMatrix(name: "random", matrix: random(size: 60, seed: 4)),
    NamedMatrix(name: "random", matrix: random(size: 150, seed: 4)),
  ]

  /// A random graph's Laplacian plus a positive diagonal, with a few long-range couplings.
  static func random(size: Int, seed: UInt64) -> SparseMatrix {
    var random = RandomStream(seed: seed)
    var entries: [(row: Int, column: Int, value: Double)] = []
    for i in 0..<size {
      entries.append((i, i, 0.1 + random.uniform()))
      for j in [i + 1, i + 7, Int(random.next() % UInt64(size))] where j < size && j != i {
        let weight = random.uniform()
        entries += [(i, j, -weight), (j, i, -weight), (i, i, weight), (j, j, weight)]
      }
    }
    return SparseMatrix(rowCount: size, columnCount: size, entries: entries)
  }

  /// The Laplacian of a graph with random weights, plus a positive diagonal.
  static func laplacian(size: Int, edges: [(Int, Int)]) -> SparseMatrix {
    var random = RandomStream(seed: 11)
    var entries: [(row: Int, column: Int, value: Double)] = []
    for i in 0..<size { entries.append((i, i, 0.2 + random.uniform())) }
    for (i, j) in edges {
      let weight = 0.1 + random.uniform()
      entries += [(i, j, -weight), (j, i, -weight), (i, i, weight), (j, j, weight)]
    }
    return SparseMatrix(rowCount: size, columnCount: size, entries: entries)
  }

  static func grid(rows: Int, columns: Int) -> SparseMatrix {
    var edges: [(Int, Int)] = []
    for i in 0..<rows {
      for j in 0..<columns {
        if i + 1 < rows { edges.append((i * columns + j, (i + 1) * columns + j)) }
        if j + 1 < columns { edges.append((i * columns + j, i * columns + j + 1)) }
      }
    }
    return laplacian(size: rows * columns, edges: edges)
  }

  private static func complete(_ size: Int) -> SparseMatrix {
    laplacian(size: size, edges: (0..<size).flatMap { i in (0..<i).map { (i, $0) } })
  }

  /// Two grids that are not connected, with their rows in turns.
  private static var twoGrids: SparseMatrix {
    let one = grid(rows: 6, columns: 5)
    var entries: [(row: Int, column: Int, value: Double)] = []
    for i in 0..<30 {
      for k in one.rowStarts[i]..<one.rowStarts[i + 1] {
        for half in 0..<2 { entries.append((2 * i + half, 2 * Int(one.columns[k]) + half, one.values[k])) }
      }
    }
    return SparseMatrix(rowCount: 60, columnCount: 60, entries: entries)
  }

  /// A path each of whose nodes belongs to a complete graph of its own.
  private static var comb: SparseMatrix {
    var edges: [(Int, Int)] = []
    for part in 0..<8 {
      for i in 0..<12 {
        for j in 0..<i { edges.append((12 * part + i, 12 * part + j)) }
      }
      if part > 0 { edges.append((12 * part, 12 * (part - 1))) }
    }
    return laplacian(size: 96, edges: edges)
  }

  /// The matrix as a dense one.
  static func dense(_ matrix: SparseMatrix) -> Tensor<Double> {
    var result = Tensor<Double>.zeros([matrix.rowCount, matrix.columnCount])
    for i in 0..<matrix.rowCount {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] { result[i, Int(matrix.columns[k])] = matrix.values[k] }
    }
    return result
  }
}

/// The largest difference between two tensors.
func largestDifference(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
  zip(a.scalars, b.scalars).map { abs($0 - $1) }.max() ?? 0
}
