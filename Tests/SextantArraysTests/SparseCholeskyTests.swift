// The sparse factor against the dense one, for every ordering.

import SextantArrays
import Testing

@Suite struct SparseCholeskyTests {
  /// A random graph's Laplacian plus a positive diagonal, with a few long-range couplings.
  static func matrix(size: Int, seed: UInt64) -> SparseMatrix {
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

  static func dense(_ matrix: SparseMatrix) -> Tensor<Double> {
    var result = Tensor<Double>.zeros([matrix.rowCount, matrix.columnCount])
    for i in 0..<matrix.rowCount {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] { result[i, Int(matrix.columns[k])] = matrix.values[k] }
    }
    return result
  }

  static func largestDifference(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    zip(a.scalars, b.scalars).map { abs($0 - $1) }.max() ?? 0
  }

  @Test(arguments: [SparseOrdering.automatic, .minimumDegree, .nestedDissection, .natural], [1, 2, 60, 150])
  func solvesLikeTheDenseFactor(_ ordering: SparseOrdering, _ size: Int) throws {
    let matrix = Self.matrix(size: size, seed: 4)
    let sparse = try SparseCholesky(matrix, ordering: ordering)
    let reference = Self.dense(matrix)
    var random = RandomStream(seed: 6)
    let rows = random.normals([5, size], as: Double.self)
    let solved = sparse.solve(rows: rows)
    #expect(Self.largestDifference(matrixProduct(solved, reference), rows) < 1e-11)
    #expect(Self.largestDifference(sparse.solve(rows.transposed()).transposed(), solved) == 0)
    #expect(zip(sparse.solve(rows.row(0).scalars), solved.row(0).scalars).allSatisfy { abs($0 - $1) < 1e-13 })
    let denseFactor = try CholeskyFactor(reference)
    #expect(abs(sparse.logDeterminant - denseFactor.logDeterminant) < 1e-10)
    #expect(sparse.factorEntryCount >= size && sparse.byteCount >= 8 * sparse.factorEntryCount)
  }

  @Test func halfSolvesAreSquareRootsOfTheInverse() throws {
    let size = 40
    let matrix = Self.matrix(size: size, seed: 9)
    let sparse = try SparseCholesky(matrix)
    let inverse = sparse.solve(rows: .identity(size))
    // Rows e_i of the identity give the rows of (Pᵀ L⁻ᵀ)ᵀ.
    let half = sparse.solveLowerTransposed(rows: .identity(size))
    #expect(Self.largestDifference(gramMatrix(half, transposeFirst: true), inverse) < 1e-12)
    let other = sparse.solveLower(rows: .identity(size))
    #expect(Self.largestDifference(gramMatrix(other), inverse) < 1e-12)
  }

  @Test func oneAnalysisServesAllValues() throws {
    let matrix = Self.matrix(size: 80, seed: 2)
    let analysis = try SparseCholeskyAnalysis(matrix)
    for shift in [0.0, 1, 10] {
      let shifted = matrix.addingToDiagonal([Double](repeating: shift, count: 80))
      let factor = try analysis.factorise(shifted)
      let expected = try CholeskyFactor(Self.dense(shifted)).logDeterminant
      #expect(abs(factor.logDeterminant - expected) < 1e-9)
    }
  }

  @Test func matricesThatAreNotPositiveDefiniteAreRefused() throws {
    let matrix = Self.matrix(size: 30, seed: 2)
    #expect(throws: LinearAlgebraError.self) {
      try SparseCholesky(matrix.addingToDiagonal([Double](repeating: -5, count: 30)))
    }
    #expect(throws: LinearAlgebraError.self) {
      try SparseCholesky(matrix.addingToDiagonal([Double](repeating: .nan, count: 30)))
    }
  }

  @Test func manyThreadsSolveWithOneFactor() throws {
    let size = 120
    let matrix = Self.matrix(size: size, seed: 12)
    let factor = try SparseCholesky(matrix)
    let sides = (0..<16).map { side in (0..<size).map { Double(($0 * 7 + side) % 11) } }
    let expected = sides.map { factor.solve($0) }
    var agrees = [Bool](repeating: false, count: sides.count)
    agrees.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEach(sides.count) { out[$0] = factor.solve(sides[$0]) == expected[$0] }
    }
    #expect(agrees.allSatisfy { $0 })
  }
}
