// Matrix products by blocks. OpenBLAS partitions the sums of a product by the number of threads, and so rounds them
// differently. Here each block is one call of it on one thread, and the blocks depend on the shapes alone, so a product
// has the same bits on any number of threads.

/// Products of row-major matrices, block by block.
package enum BlockedProduct {
  /// C ← op(A)·op(B), where op is the transpose if requested: C is m×n without gaps, and k is the depth.
  static func multiply<Scalar: TensorScalar>(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Scalar>, _ lda: Int,
    _ b: UnsafePointer<Scalar>, _ ldb: Int, into c: UnsafeMutablePointer<Scalar>
  ) {
    let length = blockLength(m, n, k)
    let (rows, columns) = (blocks(of: m, length), blocks(of: n, length))
    // Sound: these are only read.
    nonisolated(unsafe) let (a, b) = (a, b)
    forEachTile(rows.count * columns.count, depth: k, size: m * n, into: c) { tile, depth, c in
      let (row, column) = (rows[tile / columns.count], columns[tile % columns.count])
      Scalar.multiply(
        transposeA, transposeB, row.count, column.count, depth.count, 1,
        a + (transposeA ? depth.lowerBound * lda + row.lowerBound : row.lowerBound * lda + depth.lowerBound), lda,
        b + (transposeB ? column.lowerBound * ldb + depth.lowerBound : depth.lowerBound * ldb + column.lowerBound), ldb,
        0, c + row.lowerBound * n + column.lowerBound, n)
    }
  }

  /// The lower triangle of C ← A·Aᵀ (or Aᵀ·A): C is n×n without gaps, zero above the diagonal, and k is the depth.
  static func multiplyByOwnTranspose<Scalar: TensorScalar>(
    _ transposeFirst: Bool, _ n: Int, _ k: Int, _ a: UnsafePointer<Scalar>, _ lda: Int,
    into c: UnsafeMutablePointer<Scalar>
  ) {
    let rows = blocks(of: n, blockLength(n, n, k))
    // Sound: this is only read.
    nonisolated(unsafe) let a = a
    forEachTile(rows.count * (rows.count + 1) / 2, depth: k, size: n * n, into: c) { tile, depth, c in
      let place = trianglePlace(tile)
      let (row, column) = (rows[place.row], rows[place.column])
      func start(_ block: Range<Int>) -> UnsafePointer<Scalar> {
        a + (transposeFirst ? depth.lowerBound * lda + block.lowerBound : block.lowerBound * lda + depth.lowerBound)
      }
      let target = c + row.lowerBound * n + column.lowerBound
      if row == column {
        Scalar.multiplyByOwnTranspose(transposeFirst, row.count, depth.count, 1, start(row), lda, 0, target, n)
      } else {
        Scalar.multiply(
          transposeFirst, !transposeFirst, row.count, column.count, depth.count, 1, start(row), lda, start(column), lda,
          0, target, n)
      }
    }
  }

  /// Calls `body` for each tile of a result of `size` scalars and each part of the depth; parts are summed in order.
  private static func forEachTile<Scalar: TensorScalar>(
    _ tiles: Int, depth: Int, size: Int, into c: UnsafeMutablePointer<Scalar>,
    _ body: @Sendable (_ tile: Int, _ depth: Range<Int>, _ result: UnsafeMutablePointer<Scalar>) -> Void
  ) {
    // If the result is small and the sums are long, there are too few tiles, and the sums are divided as well.
    let parts = tiles < 16 ? max(1, min(16 / tiles, depth / 2048)) : 1
    // Sound: no two calls write to one tile of one part.
    nonisolated(unsafe) let c = c
    OpenBLAS.withSingleThread {
      guard parts > 1 else { return Parallel.forEach(tiles) { body($0, 0..<depth, c) } }
      var sums = Tensor<Scalar>.zeros([parts, size])
      sums.withUnsafeMutableScalars { sums in
        guard let base = sums.baseAddress else { return }
        nonisolated(unsafe) let sums = base
        Parallel.forEach(parts * tiles) { index in
          let (part, tile) = index.quotientAndRemainder(dividingBy: tiles)
          body(tile, part * depth / parts..<(part + 1) * depth / parts, sums + part * size)
        }
        c.update(from: sums, count: size)
        for part in 1..<parts {
          Scalar.kernels.add(
            UnsafeBufferPointer(start: sums + part * size, count: size), scaledBy: 1,
            to: UnsafeMutableBufferPointer(start: c, count: size))
        }
      }
    }
  }

  /// The longest side of a block. Long blocks lose less time to copying, but there must be some tiles for each thread.
  private static func blockLength(_ m: Int, _ n: Int, _ k: Int) -> Int {
    guard m * n * k >= 1 << 20 else { return max(m, n) }
    return m * n >= 1 << 22 ? 512 : m * n >= 3 << 18 ? 256 : 128
  }

  /// The ranges of at most `length` that cover `0..<extent`, equally long except for the last.
  static func blocks(of extent: Int, _ length: Int) -> [Range<Int>] {
    let count = max(1, (extent + length - 1) / max(1, length))
    // Whole vectors of every processor.
    let even = ((extent + count - 1) / count + 15) / 16 * 16
    return stride(from: 0, to: extent, by: max(1, even)).map { $0..<min(extent, $0 + even) }
  }

  /// The place in a lower triangle, row by row, of entry `index`.
  package static func trianglePlace(_ index: Int) -> (row: Int, column: Int) {
    var (row, rest) = (0, index)
    while rest > row {
      row += 1
      rest -= row
    }
    return (row, rest)
  }
}
