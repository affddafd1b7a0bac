// The Cholesky factor of a large matrix and its inverse, tile by tile. Each tile is one thread's call to the library, and
// the tiling depends on the size alone, so results have the same bits with any number of threads. OpenBLAS's own LAPACK
// routines partition their sums by threads.
//
// Right-looking: factorise a diagonal block, solve for the rows below it, and subtract their products from the rest
// (Golub and Van Loan, "Matrix Computations", 4.2.9).

/// Factorises in place the row-major symmetric matrix (n×n) whose lower triangle is at `a`. Returns LAPACK's info.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func blockedCholeskyFactor<Scalar: TensorScalar>(_ n: Int, _ a: UnsafeMutablePointer<Scalar>) -> Int {
  let width = 192
  // Sound, because no two calls write to the same tile.
  nonisolated(unsafe) let a = a
  return OpenBLAS.withSingleThread {
    for start in stride(from: 0, to: n, by: width) {
      let block = start..<min(n, start + width)
      let info = Scalar.choleskyFactor(block.count, a + start * n + start, n)
      guard info == 0 else { return start + info }
      let tiles = stride(from: block.upperBound, to: n, by: width).map { $0..<min(n, $0 + width) }
      Parallel.forEach(tiles.count) { i in
        let rows = tiles[i]
        Scalar.solveTriangleForRows(
          false, block.count, rows.count, a + start * n + start, n, a + rows.lowerBound * n + start, n)
      }
      Parallel.forEach(tiles.count * (tiles.count + 1) / 2) { index in
        let (i, j) = BlockedProduct.trianglePlace(index)
        let (rows, columns) = (tiles[i], tiles[j])
        let (left, right) = (a + rows.lowerBound * n + start, a + columns.lowerBound * n + start)
        let target = a + rows.lowerBound * n + columns.lowerBound
        if i == j {
          Scalar.multiplyByOwnTranspose(false, rows.count, block.count, -1, left, n, 1, target, n)
        } else {
          Scalar.multiply(false, true, rows.count, columns.count, block.count, -1, left, n, right, n, 1, target, n)
        }
      }
    }
    return 0
  }
}

/// The lower triangle of A⁻¹ = L⁻ᵀ·L⁻¹ from the row-major lower triangle L (n×n): the columns of L⁻¹, block by block, and
/// then the tiles of the product.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func blockedCholeskyInverse<Scalar: TensorScalar>(
  _ n: Int, _ l: UnsafePointer<Scalar>, into out: UnsafeMutablePointer<Scalar>
) {
  let blocks = BlockedProduct.blocks(of: n, 128)
  // Sound, because no two calls write to the same tile.
  nonisolated(unsafe) let (l, out) = (l, out)
  OpenBLAS.withSingleThread {
    let factorInverse = Tensor<Scalar>(shape: [n, n]) { columns in
      guard let start = columns.baseAddress else { return }
      nonisolated(unsafe) let base = start
      Parallel.forEach(blocks.count) { index in
        let block = blocks[index]
        let target = base + block.lowerBound * n + block.lowerBound
        for row in 0..<n - block.lowerBound {
          (target + row * n).update(repeating: 0, count: block.count)
          if row < block.count { target[row * n + row] = 1 }
        }
        Scalar.solveTriangle(
          false, n - block.lowerBound, block.count, l + block.lowerBound * n + block.lowerBound, n, target, n)
      }
    }
    factorInverse.withUnsafeScalars { columns in
      guard let start = columns.baseAddress else { return }
      nonisolated(unsafe) let base = start
      Parallel.forEach(blocks.count * (blocks.count + 1) / 2) { index in
        let (i, j) = BlockedProduct.trianglePlace(index)
        let (rows, columns) = (blocks[i], blocks[j])
        let start = rows.lowerBound * n
        let (left, right) = (base + start + rows.lowerBound, base + start + columns.lowerBound)
        let target = out + start + columns.lowerBound
        if i == j {
          Scalar.multiplyByOwnTranspose(true, rows.count, n - rows.lowerBound, 1, left, n, 0, target, n)
        } else {
          Scalar.multiply(
            true, false, rows.count, columns.count, n - rows.lowerBound, 1, left, n, right, n, 0, target, n)
        }
      }
    }
  }
}
