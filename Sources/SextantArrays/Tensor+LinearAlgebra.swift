// Matrix products and factorisations of tensors. A tensor is treated as a matrix whose columns are its last dimension
// and whose rows are all other dimensions together.
//
// All results have the same bits with any number of threads: OpenBLAS uses a single thread, and work that is shared among
// threads here is partitioned by the shapes alone.

/// A factorisation that failed.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
  /// The leading minor of this order is not positive.
  case notPositiveDefinite(order: Int, size: Int)
  /// The eigensolver did not converge.
  case noConvergence(size: Int)
  /// ARPACK did not find all requested eigenpairs.
  case tooFewEigenpairs(size: Int, wanted: Int, found: Int)
  /// ARPACK reported an error, with its status.
  case eigensolverRefused(size: Int, status: Int)

  public var description: String {
    switch self {
    case .notPositiveDefinite(let order, let size):
      "The \(size)×\(size) matrix is not positive definite: its leading minor of order \(order) is not positive. Check for duplicate or non-finite entries, or increase the noise level."
    case .noConvergence(let size):
      "The eigenvalues of the \(size)×\(size) matrix did not converge. Check for non-finite entries."
    case .tooFewEigenpairs(let size, let wanted, let found):
      "ARPACK found \(found) of \(wanted) eigenpairs of the operator of size \(size). Request fewer or more, so that the last eigenvalue is not in a cluster."
    case .eigensolverRefused(let size, let status):
      "ARPACK could not find eigenpairs of the operator of size \(size) (status \(status)). Check that the images of vectors are finite."
    }
  }
}

/// op(A)·op(B), where op is the transpose if requested and the identity otherwise.
///
/// If A has at most 256 rows, a row of A·B or A·Bᵀ does not depend on the other rows of A, to the last bit.
@specialized(where Scalar == Float)
public func matrixProduct<Scalar: TensorScalar>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, transposingFirst transposeA: Bool = false,
  transposingSecond transposeB: Bool = false
) -> Tensor<Scalar> {
  let (m, k) = transposeA ? (a.columnCount, a.rowCount) : (a.rowCount, a.columnCount)
  let (k2, n) = transposeB ? (b.columnCount, b.rowCount) : (b.rowCount, b.columnCount)
  precondition(k == k2, "Product of \(m)×\(k) and \(k2)×\(n) matrices")
  return Tensor(shape: [m, n]) { c in
    guard m > 0, n > 0, let out = c.baseAddress else { return }
    guard k > 0 else {
      c.initialize(repeating: 0)
      return
    }
    a.withUnsafeScalars { a in
      b.withUnsafeScalars { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return }
        guard transposeA || m > FewRowProduct.rowLimit else {
          return transposeB
            ? FewRowProduct.multiplyTransposed(m, n, k, a, b, into: out)
            : FewRowProduct.multiply(m, n, k, a, b, into: out)
        }
        BlockedProduct.multiply(
          transposeA, transposeB, m, n, k, a, transposeA ? m : k, b, transposeB ? k : n, into: out)
      }
    }
  }
}

/// A·Aᵀ, or Aᵀ·A if `transposeFirst`, with both triangles filled; without `mirroring`, the entries above the diagonal
/// are 0.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func gramMatrix<Scalar: TensorScalar>(
  _ a: Tensor<Scalar>, transposeFirst: Bool = false, mirroring: Bool = true
) -> Tensor<Scalar> {
  let (n, k) = transposeFirst ? (a.columnCount, a.rowCount) : (a.rowCount, a.columnCount)
  var result = Tensor<Scalar>(shape: [n, n]) { c in
    guard n > 0, let out = c.baseAddress else { return }
    UnsafeMutableRawPointer(out).initializeMemory(
      as: UInt8.self, repeating: 0, count: n * n * MemoryLayout<Scalar>.stride)
    guard k > 0 else { return }
    a.withUnsafeScalars {
      guard let a = $0.baseAddress else { return }
      BlockedProduct.multiplyByOwnTranspose(transposeFirst, n, k, a, transposeFirst ? n : k, into: out)
    }
  }
  if mirroring { result.mirrorLowerTriangle() }
  return result
}

extension Tensor {
  /// Copies the lower triangle of a square matrix to the upper triangle.
  @inlinable
  public mutating func mirrorLowerTriangle() {
    let n = columnCount
    precondition(rowCount == n, "Not a square matrix: \(shape)")
    withUnsafeMutableScalars { c in
      guard let base = c.baseAddress else { return }
      let out = UncheckedPointer(base)
      // Tiles keep both the rows read and the rows written in the cache.
      let tile = 64
      Parallel.forEach((n + tile - 1) / tile) { block in
        let rows = block * tile..<Swift.min(n, (block + 1) * tile)
        for columnStart in stride(from: 0, to: rows.upperBound, by: tile) {
          for i in rows {
            for j in columnStart..<Swift.min(columnStart + tile, i) { out[j * n + i] = out[i * n + j] }
          }
        }
      }
    }
  }

  /// The transposed matrix.
  @inlinable
  public func transposed() -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    return Tensor(shape: [columns, rows]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      withUnsafeScalars { source in
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: source.baseAddress!))
        let tile = 32
        Parallel.forEach((rows + tile - 1) / tile) { block in
          for columnStart in stride(from: 0, to: columns, by: tile) {
            for i in block * tile..<Swift.min(rows, (block + 1) * tile) {
              for j in columnStart..<Swift.min(columnStart + tile, columns) {
                target[j * rows + i] = source[i * columns + j]
              }
            }
          }
        }
      }
    }
  }
}

/// A = L·Lᵀ, factorised once and used several times.
public struct CholeskyFactor<Scalar: TensorScalar>: Sendable {
  /// The lower triangle L (n×n); the entries above the diagonal are undefined.
  public let lower: Tensor<Scalar>
  /// The size n.
  public var size: Int { lower.columnCount }

  /// Factorises the symmetric positive definite matrix whose lower triangle is that of `matrix` (n×n).
  ///
  /// Throws ``LinearAlgebraError/notPositiveDefinite(order:size:)``.
  public init(_ matrix: consuming Tensor<Scalar>) throws {
    let n = matrix.columnCount
    precondition(matrix.rowCount == n, "Not a square matrix: \(matrix.shape)")
    let info = n == 0 ? 0 : matrix.withUnsafeMutableScalars { blockedCholeskyFactor(n, $0.baseAddress!) }
    guard info == 0 else { throw LinearAlgebraError.notPositiveDefinite(order: info, size: n) }
    lower = matrix
  }

  /// The factor converted to another precision.
  @inlinable
  public init<Other>(rounding other: CholeskyFactor<Other>) { self.init(lower: other.lower.converted(to: Scalar.self)) }

  /// The factor whose lower triangle is `lower` (n×n).
  @usableFromInline
  package init(lower: Tensor<Scalar>) { self.lower = lower }

  /// log|A|.
  public var logDeterminant: Double {
    let n = size
    return lower.withUnsafeScalars { l in
      (0..<n).reduce(0.0) { $0 + 2 * Double(l[$1 * n + $1]).logarithm }
    }
  }

  /// A⁻¹·B for B with n rows (or n scalars).
  public func solve(_ b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    solveLowerTransposed(solveLower(b))
  }

  /// L⁻¹·B.
  public func solveLower(_ b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    overColumns(b) { Scalar.solveTriangle(false, $0, $1, $2, $0, $3, $4) }
  }

  /// L⁻ᵀ·B.
  public func solveLowerTransposed(_ b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    overColumns(b) { Scalar.solveTriangle(true, $0, $1, $2, $0, $3, $4) }
  }

  /// L·B: if B is standard normal, the columns have covariance A.
  public func multiplyLower(_ b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    overColumns(b) { Scalar.multiplyTriangle($0, $1, $2, $0, $3, $4) }
  }

  /// A⁻¹·b for each row b of B, whose last dimension is n.
  public func solve(rows b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    solveLowerTransposed(rows: solveLower(rows: b))
  }

  /// L⁻¹·b for each row b of B.
  public func solveLower(rows b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    overRows(b) { Scalar.solveTriangleForRows(false, $0, $1, $2, $0, $3, $0) }
  }

  /// L⁻ᵀ·b for each row b of B.
  public func solveLowerTransposed(rows b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    overRows(b) { Scalar.solveTriangleForRows(true, $0, $1, $2, $0, $3, $0) }
  }

  /// L·b for each row b of B: if B is standard normal, the rows have covariance A.
  public func multiplyLower(rows b: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    overRows(b) { Scalar.multiplyTriangleForRows($0, $1, $2, $0, $3, $0) }
  }

  /// A⁻¹, with both triangles filled.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func inverse() -> Tensor<Scalar> {
    var result = Tensor<Scalar>(shape: [size, size]) { out in
      lower.withUnsafeScalars { l in
        guard let l = l.baseAddress, let out = out.baseAddress else { return }
        blockedCholeskyInverse(size, l, into: out)
      }
    }
    result.mirrorLowerTriangle()
    return result
  }

  /// Calls `body` with n, a number of columns, L, the first of these columns of `b`, and the distance of the rows of `b`.
  private func overColumns(
    _ b: consuming Tensor<Scalar>,
    _ body: @Sendable (Int, Int, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Int) -> Void
  ) -> Tensor<Scalar> {
    guard size > 0, b.count > 0 else { return b }
    precondition(b.shape.first == size, "Right-hand side of shape \(b.shape) for a matrix of size \(size)")
    let (n, sides) = (size, b.count / size)
    overBlocks(&b, of: sides) { columns, l, b in body(n, columns.count, l, b + columns.lowerBound, sides) }
    return b
  }

  /// Calls `body` with n, a number of rows, L, and the first of these rows of `b`.
  private func overRows(
    _ b: consuming Tensor<Scalar>,
    _ body: @Sendable (Int, Int, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
  ) -> Tensor<Scalar> {
    guard size > 0, b.count > 0 else { return b }
    precondition(b.columnCount == size, "Rows of shape \(b.shape) for a matrix of size \(size)")
    let n = size
    overBlocks(&b, of: b.count / n) { rows, l, b in body(n, rows.count, l, b + rows.lowerBound * n) }
    return b
  }

  /// Calls `body` with ranges of right-hand sides, L and the right-hand sides. Ranges of 64 lose about a seventh of the
  /// speed to copying L.
  private func overBlocks(
    _ b: inout Tensor<Scalar>, of sides: Int,
    _ body: @Sendable (Range<Int>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
  ) {
    let isLarge = size * size * sides >= 1 << 20
    let blocks = BlockedProduct.blocks(of: sides, isLarge ? (sides >= 256 ? 128 : 64) : sides)
    lower.withUnsafeScalars { l in
      b.withUnsafeMutableScalars { b in
        guard let factor = l.baseAddress, let first = b.baseAddress else { return }
        // Sound, because each range is written by one thread.
        nonisolated(unsafe) let (l, b) = (factor, first)
        OpenBLAS.withSingleThread { Parallel.forEach(blocks.count) { body(blocks[$0], l, b) } }
      }
    }
  }
}
