// The sparse factor against the dense one: for every implementation, every order and every kind of graph.

import SextantArrays
import SextantSparse
import Testing

@Suite struct SparseCholeskyTests {
  static let orderings: [SparseOrdering] = [.automatic, .minimumDegree, .nestedDissection, .natural]

  /// Every implementation with every order.
  static let ways: [(by: SparseFactorisation, ordering: SparseOrdering)] = SparseFactorisation.all.flatMap { by in
    orderings.map { (by, $0) }
  }

  @Test(arguments: ways, NamedMatrix.all)
  func solvesLikeTheDenseFactor(_ way: (by: SparseFactorisation, ordering: SparseOrdering), _ named: NamedMatrix) throws {
    let (matrix, size) = (named.matrix, named.matrix.rowCount)
    let sparse = try SparseCholesky(matrix, ordering: way.ordering, by: way.by)
    let reference = NamedMatrix.dense(matrix)
    var random = RandomStream(seed: 6)
    let rows = random.normals([21, size], as: Double.self)
    let solved = sparse.solve(rows: rows)
    let scale = 1 + (reference.scalars.map { abs($0) }.max() ?? 0)
    #expect(largestDifference(matrixProduct(solved, reference), rows) < 1e-11 * scale)
    #expect(largestDifference(sparse.solve(rows.transposed()).transposed(), solved) == 0)
    #expect(zip(sparse.solve(rows.row(0).scalars), solved.row(0).scalars).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(sparse.byteCount >= 8 * sparse.factorEntryCount)
  }

  @Test(arguments: ways, NamedMatrix.all)
  func logDeterminantsAreThoseOfTheDenseFactor(
    _ way: (by: SparseFactorisation, ordering: SparseOrdering), _ named: NamedMatrix
  ) throws {
    let sparse = try SparseCholesky(named.matrix, ordering: way.ordering, by: way.by)
    let expected = try CholeskyFactor(NamedMatrix.dense(named.matrix)).logDeterminant
    #expect(abs(sparse.logDeterminant - expected) < 1e-11 * (1 + abs(expected)))
  }

  @Test(arguments: ways, NamedMatrix.all)
  func halfSolvesAreSquareRootsOfTheInverse(
    _ way: (by: SparseFactorisation, ordering: SparseOrdering), _ named: NamedMatrix
  ) throws {
    let size = named.matrix.rowCount
    let sparse = try SparseCholesky(named.matrix, ordering: way.ordering, by: way.by)
    let inverse = sparse.solve(rows: .identity(size))
    // Rows e_i of the identity give the rows of (Pᵀ L⁻ᵀ)ᵀ.
    let half = sparse.solveLowerTransposed(rows: .identity(size))
    #expect(largestDifference(gramMatrix(half, transposeFirst: true), inverse) < 1e-12)
    let other = sparse.solveLower(rows: .identity(size))
    #expect(largestDifference(gramMatrix(other), inverse) < 1e-12)
    // L is lower triangular in the order of the elimination: L⁻¹·P·e has entries from the place of e on.
    let order = try SparseCholeskyAnalysis(named.matrix, ordering: way.ordering, by: way.by).permutation
    #expect(order.sorted() == (0..<Int32(size)).map(\.self))
    for (place, row) in order.enumerated() {
      #expect((0..<place).allSatisfy { other[Int(row), $0] == 0 } && other[Int(row), place] > 0)
    }
  }

  @Test(arguments: SparseFactorisation.all, NamedMatrix.all)
  func theFactorHasAsManyEntriesAsEliminationMakes(_ by: SparseFactorisation, _ named: NamedMatrix) throws {
    let analysis = try SparseCholeskyAnalysis(named.matrix, by: by)
    let n = named.matrix.rowCount
    var places = [Int](repeating: 0, count: n)
    for (place, row) in analysis.permutation.enumerated() { places[Int(row)] = place }
    var below = [Set<Int>](repeating: [], count: n)
    for i in 0..<n {
      for k in named.matrix.rowStarts[i]..<named.matrix.rowStarts[i + 1] {
        let (a, b) = (places[i], places[Int(named.matrix.columns[k])])
        if a > b { below[b].insert(a) }
      }
    }
    for j in 0..<n {
      if let parent = below[j].min() { below[parent].formUnion(below[j].subtracting([parent])) }
    }
    #expect(analysis.factorEntryCount == n + below.reduce(0) { $0 + $1.count })
    #expect(analysis.factorOperationCount == below.reduce(0) { $0 + Double(($1.count + 1) * ($1.count + 1)) })
  }

  @Test(arguments: SparseFactorisation.all) func oneAnalysisServesAllValues(_ by: SparseFactorisation) throws {
    let matrix = NamedMatrix.random(size: 80, seed: 2)
    let analysis = try SparseCholeskyAnalysis(matrix, by: by)
    for shift in [0.0, 1, 10] {
      let shifted = matrix.addingToDiagonal([Double](repeating: shift, count: 80))
      let factor = try analysis.factorise(shifted)
      let expected = try CholeskyFactor(NamedMatrix.dense(shifted)).logDeterminant
      #expect(abs(factor.logDeterminant - expected) < 1e-9)
    }
  }

  @Test(arguments: SparseFactorisation.all, NamedMatrix.all)
  func matricesThatAreNotPositiveDefiniteAreRefused(_ by: SparseFactorisation, _ named: NamedMatrix) throws {
    let n = named.matrix.rowCount
    for bad in [-1e4, .nan] {
      for row in Set([0, n / 2, n - 1]) {
        var shift = [Double](repeating: 0, count: n)
        shift[row] = bad
        #expect(throws: LinearAlgebraError.self) {
          try SparseCholesky(named.matrix.addingToDiagonal(shift), by: by)
        }
      }
    }
  }

  @Test(arguments: SparseFactorisation.all, NamedMatrix.all)
  func bitsDoNotDependOnTheNumberOfThreads(_ by: SparseFactorisation, _ named: NamedMatrix) throws {
    let before = Parallel.threadCount
    defer { Parallel.limitThreads(to: before) }
    let size = named.matrix.rowCount
    var random = RandomStream(seed: 6)
    let rows = random.normals([37, size], as: Double.self)
    let results = try [1, 2, 3].map { threads in
      Parallel.limitThreads(to: threads)
      let factor = try SparseCholesky(named.matrix, by: by)
      return (factor.logDeterminant, factor.solve(rows: rows), factor.solveLowerTransposed(rows: rows))
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test(arguments: SparseFactorisation.all) func manyThreadsSolveWithOneFactor(_ by: SparseFactorisation) throws {
    let size = 120
    let factor = try SparseCholesky(NamedMatrix.random(size: size, seed: 12), by: by)
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

  @Test func nestedDissectionFillsLessOnALargeGrid() throws {
    let matrix = NamedMatrix.grid(rows: 120, columns: 120)
    let natural = try SparseCholeskyAnalysis(matrix, ordering: .natural).factorEntryCount
    for ordering in [SparseOrdering.minimumDegree, .nestedDissection] {
      let found = try SparseCholeskyAnalysis(matrix, ordering: ordering).factorEntryCount
      #expect(found < natural / 4, "\(ordering): \(found) of \(natural)")
    }
  }

  @Test func librariesHaveVersions() {
    for library in LinkedLibrary.sparseFactorisation { #expect(library.version.split(separator: ".").count == 3) }
  }
}
