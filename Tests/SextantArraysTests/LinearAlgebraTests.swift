// Matrix products and factorisations against their definitions, in both precisions.

import Testing

@testable import SextantArrays

@Suite struct LinearAlgebraTests {
  static let sizes = [1, 2, 7, 33, 90]

  static func random<Scalar: TensorScalar>(_ shape: [Int], _ seed: UInt64, as type: Scalar.Type) -> Tensor<Scalar> {
    var stream = RandomStream(seed: seed)
    return stream.normals(shape)
  }

  /// A symmetric positive definite matrix with eigenvalues of at least 1.
  static func covariance<Scalar: TensorScalar>(_ n: Int, as type: Scalar.Type) -> Tensor<Scalar> {
    let a = random([n, n + 3], UInt64(n), as: type)
    return matrixProduct(a, a, transposingSecond: true) + Tensor.identity(n)
  }

  static func largestDifference<Scalar: TensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Double {
    #expect(a.shape == b.shape)
    return zip(a.scalars, b.scalars).map { abs(Double($0) - Double($1)) }.max() ?? 0
  }

  /// Rounding of one scalar type with room for sums of about a hundred products.
  static func tolerance<Scalar: TensorScalar>(_ type: Scalar.Type) -> Double { Double(Scalar.ulpOfOne) * 2000 }

  @Test(
    arguments: [(1, 1, 1), (3, 4, 5), (17, 2, 33), (40, 70, 9)],
    [(false, false), (false, true), (true, false), (true, true)])
  func productIsTheSumOverTheInnerIndex(size: (Int, Int, Int), transposed: (Bool, Bool)) {
    let (m, k, n) = size
    let a = Self.random([m, k], 1, as: Double.self)
    let b = Self.random([k, n], 2, as: Double.self)
    let expected = Tensor<Double>(shape: [m, n]) { out in
      for i in 0..<m {
        for j in 0..<n { out[i * n + j] = (0..<k).reduce(0) { $0 + a[i, $1] * b[$1, j] } }
      }
    }
    let left = transposed.0 ? a.transposed() : a
    let right = transposed.1 ? b.transposed() : b
    let product = matrixProduct(left, right, transposingFirst: transposed.0, transposingSecond: transposed.1)
    #expect(Self.largestDifference(product, expected) < 1e-12)
    let single = matrixProduct(
      left.converted(to: Float.self), right.converted(to: Float.self), transposingFirst: transposed.0,
      transposingSecond: transposed.1)
    #expect(Self.largestDifference(single.converted(to: Double.self), expected) < 1e-4)
  }

  @Test func productWithNothingInsideIsZero() {
    let product = matrixProduct(Tensor<Float>.zeros([2, 0]), Tensor<Float>.zeros([0, 3]))
    #expect(product == Tensor.zeros([2, 3]))
  }

  /// Of a pattern with empty rows: the product with the same matrix as a dense one, and, to the last bit, the sums over its entries
  /// in their order.
  @Test(arguments: sizes, [1, 5]) func sparseProductIsTheDenseOne(size: Int, width: Int) {
    var random = RandomStream(seed: UInt64(size))
    var entries: [(row: Int, column: Int, value: Double)] = []
    for row in 0..<size + 2 where row % 4 != 3 {
      for column in 0..<size where random.uniform() < 0.4 { entries.append((row: row, column: column, value: random.normal())) }
    }
    let matrix = SparseMatrix(rowCount: size + 2, columnCount: size, entries: entries)
    var dense = Tensor<Double>.zeros([size + 2, size])
    for entry in entries { dense[entry.row, entry.column] = entry.value }
    let x: Tensor<Double> = random.normals([size, width])
    let product = matrix.times(x)
    #expect(Self.largestDifference(product, matrixProduct(dense, x)) < 1e-12)
    var sums = Tensor<Double>.zeros([size + 2, width])
    for row in 0..<size + 2 {
      for column in 0..<width {
        for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
          sums[row, column] += matrix.values[k] * x[Int(matrix.columns[k]), column]
        }
      }
    }
    #expect(product == sums)
  }

  @Test(arguments: sizes, [false, true]) func gramMatrixIsTheProductWithItself(size: Int, transposeFirst: Bool) {
    let a = Self.random([size, 2 * size + 1], 3, as: Double.self)
    let expected =
      transposeFirst ? matrixProduct(a, a, transposingFirst: true) : matrixProduct(a, a, transposingSecond: true)
    #expect(Self.largestDifference(gramMatrix(a, transposeFirst: transposeFirst), expected) < 1e-11)
  }

  @Test(arguments: sizes) func choleskyFactorSolvesAndInverts(size: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let matrix = Self.covariance(size, as: type)
      let factor = try CholeskyFactor(matrix)
      let tolerance = Self.tolerance(type) * Double(size)
      let b = Self.random([size, 4], 9, as: type)
      #expect(Self.largestDifference(matrixProduct(matrix, factor.solve(b)), b) < tolerance)
      #expect(Self.largestDifference(matrixProduct(matrix, factor.inverse()), .identity(size)) < tolerance)
      // L·Lᵀ = A, by way of L·(L⁻¹·B) = B and L·(Lᵀ·(A⁻¹·B)) = B.
      #expect(Self.largestDifference(factor.multiplyLower(factor.solveLower(b)), b) < tolerance)
      // Right-hand sides in rows are the same, lying otherwise.
      let rows = b.transposed()
      #expect(Self.largestDifference(factor.solve(rows: rows).transposed(), factor.solve(b)) < tolerance)
      #expect(Self.largestDifference(factor.solveLower(rows: rows).transposed(), factor.solveLower(b)) < tolerance)
      #expect(
        Self.largestDifference(
          factor.solveLowerTransposed(rows: rows).transposed(), factor.solveLowerTransposed(b)) < tolerance)
      #expect(
        Self.largestDifference(factor.multiplyLower(rows: rows).transposed(), factor.multiplyLower(b)) < tolerance)
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// One tile and less, several, and some left over.
  @Test(arguments: [150, 192, 500, 1000]) func choleskyFactorIsTheSameOnAnyNumberOfThreads(size: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let matrix = Self.covariance(size, as: type)
      let threads = Parallel.threadCount
      defer { Parallel.limitThreads(to: threads) }
      var factors: [Tensor<Scalar>] = []
      for count in [1, 2, 5] {
        Parallel.limitThreads(to: count)
        factors.append(try CholeskyFactor(matrix).lower)
      }
      #expect(factors[1] == factors[0] && factors[2] == factors[0])
      let b = Self.random([size, 4], 9, as: type)
      let solved = try CholeskyFactor(matrix).solve(b)
      #expect(Self.largestDifference(matrixProduct(matrix, solved), b) < Self.tolerance(type) * Double(size))
      var broken = matrix
      broken[size - 1, size - 1] = -1
      #expect(throws: LinearAlgebraError.notPositiveDefinite(order: size, size: size)) { try CholeskyFactor(broken) }
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test(arguments: sizes) func logDeterminantIsTheSumOfLogEigenvalues(size: Int) throws {
    let matrix = Self.covariance(size, as: Double.self)
    let values = try symmetricEigendecomposition(matrix).values
    let determinant = try CholeskyFactor(matrix).logDeterminant
    let product = values.reduce(0.0) { $0 + $1.logarithm }
    #expect(abs(determinant - product) < 1e-9)
  }

  @Test(arguments: sizes) func eigenvectorsDiagonalise(size: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let matrix = Self.covariance(size, as: type)
      let (values, vectors) = try symmetricEigendecomposition(matrix)
      let tolerance = Self.tolerance(type) * Double(values[0])
      #expect(values == values.sorted(by: >))
      #expect(Self.largestDifference(gramMatrix(vectors), .identity(size)) < Self.tolerance(type))
      let rebuilt = matrixProduct(vectors, vectors.scalingRows(by: values), transposingFirst: true)
      #expect(Self.largestDifference(rebuilt, matrix) < tolerance)

      // The leading eigenvectors alone, of a matrix whose squares are beyond the type's range.
      let count = (size + 2) / 3
      let large = try symmetricEigendecomposition(
        matrix * Scalar(sign: .plus, exponent: Scalar.greatestFiniteMagnitude.exponent * 3 / 4, significand: 1),
        count: count)
      #expect(large.values.count == count && large.vectors.shape == [count, size])
      for (found, expected) in zip(large.values, values) {
        #expect(abs(Double(found.significand / expected.significand) - 1) < Self.tolerance(type))
      }
      let images = matrixProduct(large.vectors, matrix)
      let expected = large.vectors.scalingRows(by: Array(values.prefix(count)))
      #expect(Self.largestDifference(images, expected) < tolerance)
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test func notPositiveDefiniteSaysSo() {
    let matrix = Tensor<Double>([1, 2, 2, 1], shape: [2, 2])
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 2, size: 2)) { try CholeskyFactor(matrix) }
  }
}
