// What holds to the last bit: threads change no product and no factorisation, and a row of a product does not depend on the
// rows beside it.

import SextantSparse
import SextantTestSupport
import Testing

@testable import SextantArrays

@Suite(.serialized) struct LinearAlgebraBits {
  /// Everything that the module computes with the help of OpenBLAS.
  enum Operation: String, CaseIterable, Sendable {
    case fewRows, fewRowsTransposed, manyRows, transposedFirst, transposedBoth, longSums, column
    case gram, gramTransposed, gramOfLongRows, smallGram
    case factor, solve, solveRows, multiplyLower, multiplyLowerRows, inverse
    case eigenpairs, largestEigenpairs, sparseSolve, sparseProduct

    func result<Scalar: TensorScalar>(_ type: Scalar.Type) throws -> [Tensor<Scalar>] {
      var stream = RandomStream(seed: 3).split(rawValue)
      func random(_ shape: Int...) -> Tensor<Scalar> { stream.normals(shape) }
      func factor() throws -> CholeskyFactor<Scalar> {
        try CholeskyFactor(LinearAlgebraTests.covariance(517, as: type))
      }
      switch self {
      case .fewRows: return [matrixProduct(random(37, 700), random(700, 333))]
      case .fewRowsTransposed: return [matrixProduct(random(37, 700), random(333, 700), transposingSecond: true)]
      case .manyRows: return [matrixProduct(random(611, 407), random(407, 530))]
      case .transposedFirst: return [matrixProduct(random(1041, 611), random(1041, 530), transposingFirst: true)]
      case .transposedBoth:
        return [matrixProduct(random(801, 611), random(530, 801), transposingFirst: true, transposingSecond: true)]
      case .longSums: return [matrixProduct(random(9001, 70), random(9001, 33), transposingFirst: true)]
      case .column: return [matrixProduct(random(1200, 1100), random(1100, 1))]
      case .gram: return [gramMatrix(random(650, 450))]
      case .gramTransposed: return [gramMatrix(random(450, 650), transposeFirst: true)]
      case .gramOfLongRows: return [gramMatrix(random(70, 9001))]
      case .smallGram: return [gramMatrix(random(13, 21), mirroring: false)]
      case .factor: return [try factor().lower]
      case .solve: return [try factor().solve(random(517, 150)), try factor().solve(random(517, 1))]
      case .solveRows: return [try factor().solve(rows: random(301, 517)), try factor().solve(rows: random(1, 517))]
      case .multiplyLower: return [try factor().multiplyLower(random(517, 150))]
      case .multiplyLowerRows: return [try factor().multiplyLower(rows: random(301, 517))]
      case .inverse: return [try factor().inverse()]
      case .eigenpairs:
        let (values, vectors) = try symmetricEigendecomposition(LinearAlgebraTests.covariance(301, as: type))
        let leading = try symmetricEigendecomposition(
          LinearAlgebraTests.covariance(301, as: type), count: 77)
        return [Tensor(values), vectors, Tensor(leading.values), leading.vectors]
      case .largestEigenpairs:
        let matrix = LinearAlgebraTests.covariance(301, as: Double.self)
        let pairs = try LargestEigenpairs(size: 301, count: 5, random: stream) { matrixProduct($0, matrix) }
        return [pairs.vectors.converted(to: type)]
      case .sparseSolve:
        let factor = try SparseCholesky(Self.lattice(40))
        let sides: Tensor<Double> = stream.normals([70, 1600])
        return [factor.solve(rows: sides).converted(to: type), factor.solveLower(rows: sides).converted(to: type)]
      case .sparseProduct:
        let x: Tensor<Double> = stream.normals([1600, 70])
        return [Self.lattice(40).times(x).converted(to: type)]
      }
    }

    /// The Laplacian of a square lattice of side n, and one.
    static func lattice(_ n: Int) -> SparseMatrix {
      var entries: [(row: Int, column: Int, value: Double)] = []
      for i in 0..<n {
        for j in 0..<n {
          entries.append((i * n + j, i * n + j, 5))
          if j > 0 { entries.append((i * n + j, i * n + j - 1, -1)) }
          if i > 0 { entries.append((i * n + j, (i - 1) * n + j, -1)) }
        }
      }
      return SparseMatrix(
        rowCount: n * n, columnCount: n * n,
        entries: entries
          + entries.filter { $0.row != $0.column }
          .map { ($0.column, $0.row, $0.value) })
    }
  }

  @Test(arguments: Operation.allCases) func threadsChangeNoBit(operation: Operation) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let results = try ThreadCounts.forEach([1, 2, 5]) { try operation.result(type) }
      #expect(results[0].allSatisfy { $0.isFinite })
      #expect(results[1] == results[0] && results[2] == results[0])
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test(arguments: [(33, 20), (700, 333), (2100, 7), (5, 64)], [false, true])
  func aRowDoesNotDependOnTheRowsBesideIt(size: (depth: Int, columns: Int), transposed: Bool) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) {
      var stream = RandomStream(seed: 4)
      let x: Tensor<Scalar> = stream.normals([256, size.depth])
      let w: Tensor<Scalar> = stream.normals(transposed ? [size.columns, size.depth] : [size.depth, size.columns])
      let all = matrixProduct(x, w, transposingSecond: transposed)
      for rows in [0..<1, 3..<4, 255..<256, 2..<9, 1..<17, 100..<133, 5..<205] {
        #expect(matrixProduct(x.rows(rows), w, transposingSecond: transposed) == all.rows(rows))
      }
    }
    check(Float.self)
    check(Double.self)
  }

  /// Sizes on both sides of all that products are divided by.
  @Test(arguments: [(257, 130, 300), (300, 5, 9000), (512, 600, 700), (1100, 1000, 3), (260, 1, 1)])
  func dividedProductsAreTheSumOverTheInnerIndex(size: (m: Int, n: Int, k: Int)) {
    let (m, n, k) = size
    var stream = RandomStream(seed: 5)
    let a: Tensor<Double> = stream.normals([m, k])
    let b: Tensor<Double> = stream.normals([k, n])
    let products = [
      matrixProduct(a, b), matrixProduct(a.transposed(), b, transposingFirst: true),
      matrixProduct(a, b.transposed(), transposingSecond: true),
      matrixProduct(a.transposed(), b.transposed(), transposingFirst: true, transposingSecond: true),
    ]
    let square = gramMatrix(a)
    for (i, j) in [(0, 0), (m - 1, n - 1), (m / 2, n / 3), (m - 1, 0), (127, n - 1), (255, n / 2)] {
      let expected = (0..<k).reduce(0.0) { $0 + a[i, $1] * b[$1, j] }
      for product in products { #expect(abs(product[i, j] - expected) < 1e-12 * Double(k)) }
      let own = (0..<k).reduce(0.0) { $0 + a[i, $1] * a[m / 2, $1] }
      #expect(abs(square[i, m / 2] - own) < 1e-12 * Double(k) && square[m / 2, i] == square[i, m / 2])
    }
  }
}
