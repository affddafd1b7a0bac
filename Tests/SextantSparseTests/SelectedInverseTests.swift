// Selected entries of inverses against dense inverses: for every implementation, every order and every kind of graph.

import SextantArrays
import SextantSparse
import Testing

@Suite struct SelectedInverseTests {
  static let orderings: [SparseOrdering] = [.automatic, .minimumDegree, .nestedDissection, .natural]

  /// The family of the factorisation, and precisions as fields on meshes have them.
  static let matrices = NamedMatrix.all + [
    NamedMatrix(name: "triangulated torus", matrix: torus(rows: 9, columns: 14)),
    NamedMatrix(name: "squared grid", matrix: squared(NamedMatrix.grid(rows: 15, columns: 16))),
    NamedMatrix(name: "squared torus", matrix: squared(torus(rows: 9, columns: 14))),
    NamedMatrix(name: "squared random", matrix: squared(NamedMatrix.random(size: 90, seed: 9))),
  ]

  /// The Laplacian of a torus of triangles, with a positive diagonal.
  private static func torus(rows: Int, columns: Int) -> SparseMatrix {
    func node(_ i: Int, _ j: Int) -> Int { (i % rows) * columns + j % columns }
    var edges: [(Int, Int)] = []
    for i in 0..<rows {
      for j in 0..<columns {
        for (down, right) in [(1, 0), (0, 1), (1, 1)] { edges.append((node(i, j), node(i + down, j + right))) }
      }
    }
    return NamedMatrix.laplacian(size: rows * columns, edges: edges)
  }

  private static func squared(_ matrix: SparseMatrix) -> SparseMatrix { matrix.times(matrix) }

  private static func inverse(_ matrix: SparseMatrix) throws -> Tensor<Double> {
    try CholeskyFactor(NamedMatrix.dense(matrix)).inverse()
  }

  /// Combinations of n values: of a few neighbours in each row of a matrix, whose pairs are mostly places of its factor; 70 of values
  /// at random; and one of none.
  private static func combinations(of n: Int, near matrix: SparseMatrix) -> SparseMatrix {
    var random = RandomStream(seed: 5)
    var entries: [(row: Int, column: Int, value: Double)] = []
    for i in 0..<n {
      for k in (matrix.rowStarts[i]..<matrix.rowStarts[i + 1]).prefix(12) {
        entries.append((i, Int(matrix.columns[k]), matrix.values[k]))
      }
    }
    for row in n..<n + 70 {
      let columns = Set((0..<3).map { _ in Int(random.next() % UInt64(n)) }).sorted()
      for column in columns { entries.append((row, column, random.normal())) }
    }
    return SparseMatrix(rowCount: n + 71, columnCount: n, entries: entries)
  }

  @Test(arguments: SparseFactorisation.all, matrices)
  func diagonalsAreThoseOfTheDenseInverse(_ by: SparseFactorisation, _ named: NamedMatrix) throws {
    let expected = try Self.inverse(named.matrix)
    for ordering in Self.orderings {
      let found = try SparseCholesky(named.matrix, ordering: ordering, by: by).inverseDiagonal()
      #expect(found.count == named.matrix.rowCount)
      #expect(found.indices.allSatisfy { abs(found[$0] - expected[$0, $0]) <= 1e-11 * expected[$0, $0] }, "\(ordering)")
    }
  }

  @Test(arguments: matrices)
  func entriesAreThoseOfTheDenseInverse(_ named: NamedMatrix) throws {
    let (matrix, n) = (named.matrix, named.matrix.rowCount)
    let expected = try Self.inverse(matrix).scalars
    let largest = expected.map { abs($0) }.max() ?? 0
    for ordering in Self.orderings {
      let factor = try SparseCholesky(matrix, ordering: ordering)
      let found = try factor.selectedInverse()
      var (count, worst, isSymmetric) = (0, 0.0, true)
      for i in 0..<n {
        for j in 0...i {
          guard let entry = found[i, j] else { continue }
          count += 1
          worst = max(worst, abs(entry - expected[i * n + j]))
          isSymmetric = isSymmetric && found[j, i] == entry
        }
      }
      #expect(count >= factor.factorEntryCount && isSymmetric, "\(ordering)")
      #expect(worst <= 1e-11 * largest, "\(ordering): \(worst) of \(largest)")
      let places = (0..<n).flatMap { i in
        matrix.columns[matrix.rowStarts[i]..<matrix.rowStarts[i + 1]].map { (i, Int($0)) }
      }
      #expect(places.allSatisfy { found[$0.0, $0.1] != nil }, "\(ordering)")
    }
  }

  @Test(arguments: SparseFactorisation.all, matrices)
  func variancesOfCombinationsAreThoseOfTheDenseInverse(_ by: SparseFactorisation, _ named: NamedMatrix) throws {
    let n = named.matrix.rowCount
    let expected = try Self.inverse(named.matrix)
    let rows = Self.combinations(of: n, near: named.matrix)
    let dense = NamedMatrix.dense(rows)
    let products = matrixProduct(dense, expected)
    let found = try SparseCholesky(named.matrix, by: by).selectedInverse().variances(of: rows)
    #expect(found.count == n + 71 && found.last == 0)
    let (a, b) = (products.scalars, dense.scalars)
    for row in 0..<n + 70 {
      var (variance, scale) = (0.0, expected[0, 0])
      for k in row * n..<(row + 1) * n {
        variance += a[k] * b[k]
        scale += abs(a[k] * b[k])
      }
      #expect(abs(found[row] - variance) <= 1e-10 * scale, "row \(row)")
    }
  }

  @Test(arguments: SparseFactorisation.all, matrices)
  func covariancesOfCombinationsAreThoseOfTheDenseInverse(_ by: SparseFactorisation, _ named: NamedMatrix) throws {
    let n = named.matrix.rowCount
    let first = Self.combinations(of: n, near: named.matrix)
    // Each row beside another one: neighbours, pairs that are solved for, and none.
    let second = SparseMatrix(
      rowCount: first.rowCount, columnCount: n,
      entries: (0..<first.rowCount).flatMap { row in
        let other = (row + 1) % first.rowCount
        return (first.rowStarts[other]..<first.rowStarts[other + 1]).map {
          (row: row, column: Int(first.columns[$0]), value: 2 * first.values[$0])
        }
      })
    let products = matrixProduct(NamedMatrix.dense(first), try Self.inverse(named.matrix)).scalars
    let dense = NamedMatrix.dense(second).scalars
    let inverse = try SparseCholesky(named.matrix, by: by).selectedInverse()
    let found = inverse.covariances(of: first, with: second)
    for row in 0..<first.rowCount {
      let terms = (row * n..<(row + 1) * n).map { products[$0] * dense[$0] }
      let scale = terms.reduce(1.0) { $0 + abs($1) }
      #expect(abs(found[row] - terms.reduce(0, +)) <= 1e-9 * scale, "row \(row)")
    }
    let variances = inverse.variances(of: first)
    #expect(zip(inverse.covariances(of: first, with: first), variances).allSatisfy { abs($0 - $1) <= 1e-9 * (1 + $1) })
  }

  @Test(arguments: matrices + [NamedMatrix(name: "large grid", matrix: NamedMatrix.grid(rows: 70, columns: 60))])
  func bitsDoNotDependOnTheNumberOfThreads(_ named: NamedMatrix) throws {
    let before = Parallel.threadCount
    defer { Parallel.limitThreads(to: before) }
    let rows = Self.combinations(of: named.matrix.rowCount, near: named.matrix)
    let results = try [1, 2, 3].map { threads in
      Parallel.limitThreads(to: threads)
      let inverse = try SparseCholesky(named.matrix).selectedInverse()
      return (inverse.diagonal, inverse.variances(of: rows))
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  /// The sum of weighted entries is the trace of A⁻¹·A = I, on a grid too large for a dense inverse.
  @Test func theTraceOfTheProductIsTheSize() throws {
    let matrix = NamedMatrix.grid(rows: 90, columns: 80)
    let factor = try SparseCholesky(matrix)
    let inverse = try factor.selectedInverse()
    var trace = 0.0
    for i in 0..<matrix.rowCount {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        trace += matrix.values[k] * (inverse[i, Int(matrix.columns[k])] ?? .nan)
      }
    }
    #expect(abs(trace - 7200) < 1e-8)
    for row in [0, 3333, 7199] {
      let unit = (0..<7200).map { $0 == row ? 1.0 : 0 }
      #expect(abs(inverse.diagonal[row] - factor.solve(unit)[row]) < 1e-12)
    }
  }
}
