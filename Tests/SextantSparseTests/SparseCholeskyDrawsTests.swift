// Given orders, and draws: they have the inverse as their covariance, and depend on nothing but their numbers.

import SextantArrays
import SextantSparse
import Testing

@Suite struct SparseCholeskyDrawsTests {
  let matrix = NamedMatrix.random(size: 60, seed: 3)

  @Test func aGivenOrderIsUsed() throws {
    let order = (0..<60).map { Int32(59 - $0) }
    let b = (0..<60).map { Double($0 % 7) - 3 }
    let expected = try SparseCholesky(matrix).solve(b)
    let found = try SparseCholesky(matrix, ordering: .given(order)).solve(b)
    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test(arguments: SparseFactorisation.all) func onlyTheLowerTriangleIsRead(_ by: SparseFactorisation) throws {
    var lower: [(row: Int, column: Int, value: Double)] = []
    for i in 0..<60 {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] where Int(matrix.columns[k]) <= i {
        lower.append((i, Int(matrix.columns[k]), matrix.values[k]))
      }
    }
    let half = SparseMatrix(rowCount: 60, columnCount: 60, entries: lower)
    #expect(try SparseCholesky(half, by: by).logDeterminant == SparseCholesky(matrix, by: by).logDeterminant)
  }

  @Test(arguments: SparseFactorisation.all) func drawsHaveTheInverseAsCovariance(_ by: SparseFactorisation) throws {
    let factor = try SparseCholesky(matrix, by: by)
    let inverse = factor.solve(rows: .identity(60))
    let count = 20_000
    var covariance = Tensor<Double>.zeros([60, 60])
    factor.forEachDrawBlock(count: count, random: RandomStream(seed: 8)) { _, block in
      covariance = covariance + gramMatrix(block, transposeFirst: true)
    }
    for i in 0..<60 {
      for j in 0..<60 {
        let error = ((inverse[i, i] * inverse[j, j] + inverse[i, j] * inverse[i, j]) / Double(count)).squareRoot()
        #expect(abs(covariance[i, j] / Double(count) - inverse[i, j]) < 6 * error)
      }
    }
  }

  @Test(arguments: [1, 5, 16])
  func drawsDependOnTheirNumbersAlone(blockSize: Int) throws {
    let factor = try SparseCholesky(matrix)
    func draws(_ count: Int, blockSize: Int) -> [Double] {
      var result: [Double] = []
      var next = 0
      factor.forEachDrawBlock(count: count, blockSize: blockSize, random: RandomStream(seed: 4)) { first, block in
        #expect(first == next)
        next += block.rowCount
        result += block.scalars
      }
      return result
    }
    let (all, some) = (draws(23, blockSize: 16), draws(7, blockSize: blockSize))
    #expect(some.count == 7 * 60 && zip(all, some).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test(arguments: SparseFactorisation.all, NamedMatrix.all)
  func implementationsDrawTheSameInAGivenOrder(_ by: SparseFactorisation, _ named: NamedMatrix) throws {
    let n = named.matrix.rowCount
    let order = try SparseCholeskyAnalysis(named.matrix, ordering: .nestedDissection).permutation
    func draws(_ by: SparseFactorisation) throws -> [Double] {
      let factor = try SparseCholesky(named.matrix, ordering: .given(order), by: by)
      var result: [Double] = []
      factor.forEachDrawBlock(count: 3, random: RandomStream(seed: 4)) { result += $1.scalars }
      return result
    }
    let (expected, found) = (try draws(.supernodal), try draws(by))
    #expect(found.count == 3 * n && zip(expected, found).allSatisfy { abs($0 - $1) < 1e-12 * (1 + abs($0)) })
  }
}
