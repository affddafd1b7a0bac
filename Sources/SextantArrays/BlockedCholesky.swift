// The Cholesky factor of a large matrix, tile by tile: each tile is one thread's call into the library, and which tiles there
// are depends on the size alone, so that the factor has the same bits on any number of threads. LAPACK's own, as OpenBLAS has it,
// parts its sums by threads.
//
// Right-looking: factorise a block on the diagonal, solve for the rows below it, take their products off what remains
// (Golub and Van Loan, "Matrix Computations", 4.2.9).

/// Factorises the row-major symmetric matrix (n×n) whose lower triangle is at `a`, in place. Returns LAPACK's info.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func blockedCholeskyFactor<Scalar: TensorScalar>(_ n: Int, _ a: UnsafeMutablePointer<Scalar>) -> Int {
  let width = 192
  // Sound: no two calls write to one tile.
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

/// The place in a lower triangle, row by row, of entry `index`.
private func tilePlace(_ index: Int) -> (row: Int, column: Int) {
  var (row, rest) = (0, index)
  while rest > row {
    row += 1
    rest -= row
  }
  return (row, rest)
}
