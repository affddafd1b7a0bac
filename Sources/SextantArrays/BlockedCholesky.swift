// The Cholesky factor of a large matrix, tile by tile. Each tile is one thread's call to the library, and the tiling
// depends on the size alone, so the factor has the same bits with any number of threads. OpenBLAS's own LAPACK routine
// partitions its sums by threads.
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
        let (i, j) = tilePlace(index)
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

/// The row and column of entry `index` in a lower triangle, stored row by row.
private func tilePlace(_ index: Int) -> (row: Int, column: Int) {
  var (row, rest) = (0, index)
  while rest > row {
    row += 1
    rest -= row
  }
  return (row, rest)
}
