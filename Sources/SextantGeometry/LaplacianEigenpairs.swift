// The smoothest modes of a surface: the lowest eigenpairs of K·v = λ·M·v with the stiffness K and the node
// areas M. Small domains go through a dense decomposition; larger ones through block Lanczos on the inverse
// (K + σM)⁻¹ with full orthogonalisation, which finds repeated eigenvalues (Golub and Underwood, 1977).

import Foundation
import SextantArrays

/// Eigenvalues and eigenvectors of −Laplace–Beltrami.
struct LaplacianEigenpairs {
  /// The eigenvalues, rising (k).
  let eigenvalues: [Double]
  /// The eigenvectors, orthonormal under the node areas, in rows (k × nodes).
  let vectors: Tensor<Double>

  private static let denseLimit = 800
  private static let blockSize = 12

  /// The `count` lowest eigenpairs. Throws ``LinearAlgebraError`` or ``SparseCholeskyError``.
  init(stiffness: SparseMatrix, nodeAreas: [Double], count: Int) throws {
    let roots = nodeAreas.map { $0.squareRoot() }
    let (values, symmetric) =
      nodeAreas.count <= max(Self.denseLimit, 3 * count)
      ? try Self.dense(stiffness, roots, count) : try Self.lanczos(stiffness, nodeAreas, roots, count)
    // Zero is known; rounding would leave it on either side.
    eigenvalues = values.map { max(0, $0) }
    vectors = symmetric.scalingColumns(by: roots.map { 1 / $0 })
  }

  /// All eigenpairs of M^−½ K M^−½, of which the lowest are kept.
  private static func dense(
    _ stiffness: SparseMatrix, _ roots: [Double], _ count: Int
  ) throws -> ([Double], Tensor<Double>) {
    let n = roots.count
    let matrix = Tensor<Double>(shape: [n, n]) { out in
      out.initialize(repeating: 0)
      for i in 0..<n {
        for k in stiffness.rowStarts[i]..<stiffness.rowStarts[i + 1] {
          let j = Int(stiffness.columns[k])
          out[i * n + j] = stiffness.values[k] / (roots[i] * roots[j])
        }
      }
    }
    let (values, vectors) = try symmetricEigendecomposition(matrix)
    let kept = Array((n - count..<n).reversed())
    return (kept.map { values[$0] }, vectors.gatheringRows(kept))
  }

  /// The largest eigenpairs of M^½ (K + σM)⁻¹ M^½ in a growing Krylov space.
  private static func lanczos(
    _ stiffness: SparseMatrix, _ areas: [Double], _ roots: [Double], _ count: Int
  ) throws -> ([Double], Tensor<Double>) {
    let n = areas.count
    // A shift of the size of the first eigenvalue, 2π over the area.
    let shift = 2 * Double.pi / areas.reduce(0, +)
    let factor = try SparseCholesky(stiffness.addingToDiagonal(areas.map { shift * $0 }))
    var random = RandomStream(seed: 1)
    var space = KrylovSpace(columns: n, capacity: 3 * count + 2 * blockSize)
    var block = try space.orthonormalRows(random.normals([blockSize, n], as: Double.self)).rows
    var nextCheck = 2 * count + blockSize
    while true {
      space.append(block)
      let image = factor.solve(rows: block.scalingColumns(by: roots)).scalingColumns(by: roots)
      space.images.append(space.products(image))
      let (next, remainder) = try space.orthonormalRows(image)
      let isLast = space.dimension + blockSize > n
      if space.dimension >= nextCheck || isLast {
        let (values, vectors) = try symmetricEigendecomposition(space.projectedMatrix())
        let kept = vectors.rows(0..<count)
        // What a Ritz vector's image has outside of the space, against its eigenvalue.
        let tails = kept.gatheringColumns(Array(space.dimension - blockSize..<space.dimension))
        let residuals = matrixProduct(tails, remainder).transposed().columnSquaredNorms()
        if isLast || zip(residuals, values).allSatisfy({ $0.squareRoot() <= 1e-9 * abs($1) }) {
          return (values.prefix(count).map { 1 / $0 - shift }, space.combine(kept))
        }
        nextCheck = space.dimension + max(blockSize, count / 4)
      }
      block = next
    }
  }
}

/// The orthonormal basis of a block Krylov space and the matrix projected onto it.
private struct KrylovSpace {
  /// The basis in its first `dimension` rows (capacity × n).
  private var basis: Tensor<Double>
  private(set) var dimension = 0
  /// For each block of b rows, the products of its image with the basis as far as it went then: b × dimension.
  var images: [Tensor<Double>] = []

  init(columns: Int, capacity: Int) { basis = .zeros([min(capacity, columns), columns]) }

  /// Adds a block of rows, orthonormal to those there.
  mutating func append(_ block: Tensor<Double>) {
    let (start, columns) = (dimension, basis.columnCount)
    dimension += block.shape[0]
    if dimension > basis.shape[0] {
      let old = basis
      basis = .zeros([dimension + old.shape[0] / 2, columns])
      basis.replaceRows(from: 0, with: old)
    }
    basis.replaceRows(from: start, with: block)
  }

  /// The products of rows with the basis: rows × dimension.
  func products(_ rows: Tensor<Double>) -> Tensor<Double> {
    let (count, size, n) = (rows.shape[0], dimension, basis.columnCount)
    return Tensor(shape: [count, size]) { out in
      guard size > 0, let target = out.baseAddress else { return }
      rows.withUnsafeScalars { rows in
        basis.withUnsafeScalars { basis in
          Double.multiply(false, true, count, size, n, 1, rows.baseAddress!, n, basis.baseAddress!, n, 0, target, size)
        }
      }
    }
  }

  /// Adds `factor` times combinations of the basis (coefficients: rows × dimension) to rows.
  func combine(_ coefficients: Tensor<Double>, into rows: inout Tensor<Double>, factor: Double = 1) {
    let (count, size, n) = (rows.shape[0], dimension, basis.columnCount)
    guard size > 0, count > 0 else { return }
    coefficients.withUnsafeScalars { c in
      basis.withUnsafeScalars { basis in
        rows.withUnsafeMutableScalars { out in
          Double.multiply(
            false, false, count, n, size, factor, c.baseAddress!, size, basis.baseAddress!, n, 1, out.baseAddress!, n)
        }
      }
    }
  }

  /// Combinations of the basis: m × dimension coefficients to m × n rows.
  func combine(_ coefficients: Tensor<Double>) -> Tensor<Double> {
    var result = Tensor<Double>.zeros([coefficients.shape[0], basis.columnCount])
    combine(coefficients, into: &result)
    return result
  }

  /// The symmetric matrix on the basis (dimension × dimension).
  func projectedMatrix() -> Tensor<Double> {
    let size = dimension
    var matrix = Tensor<Double>.zeros([size, size])
    matrix.withUnsafeMutableScalars { out in
      var row = 0
      for image in images {
        image.withUnsafeScalars { source in
          for i in 0..<image.shape[0] {
            for j in 0..<image.columnCount { out[(row + i) * size + j] = source[i * image.columnCount + j] }
          }
        }
        row += image.shape[0]
      }
    }
    matrix.mirrorLowerTriangle()
    return matrix
  }

  /// Rows made orthonormal, and orthogonal to the basis; with the coefficients of what was left in them.
  func orthonormalRows(_ rows: Tensor<Double>) throws -> (rows: Tensor<Double>, remainder: Tensor<Double>) {
    let count = rows.shape[0]
    var result = rows
    var remainder = Tensor<Double>.identity(count)
    // Twice is enough (Kahan), for the basis and for the Cholesky factor of the block alike.
    for _ in 0..<2 {
      combine(products(result), into: &result, factor: -1)
      var gram = gramMatrix(result)
      // Keeps a block that lost a direction factorisable; the second pass restores its orthogonality.
      let floor = 1e-28 * (0..<count).reduce(0.0) { $0 + gram[$1, $1] }
      for i in 0..<count { gram[i, i] += floor }
      let factor = try CholeskyFactor(gram)
      result = factor.solveLower(result)
      // L·B for B = 1 gives L with zeros above its diagonal.
      remainder = matrixProduct(remainder, factor.multiplyLower(.identity(count)))
    }
    return (result, remainder)
  }
}

extension Tensor {
  /// Overwrites rows from `start` on with those of `other`.
  fileprivate mutating func replaceRows(from start: Int, with other: Tensor) {
    let offset = start * columnCount
    withUnsafeMutableScalars { target in
      other.withUnsafeScalars { for i in 0..<$0.count { target[offset + i] = $0[i] } }
    }
  }
}
