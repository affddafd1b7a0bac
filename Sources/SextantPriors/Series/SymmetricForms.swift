// Products of which a triangle is enough, as the smoother needs them: they take half the work of a whole product. OpenBLAS
// has triangular products in place only, which would copy matrices as large as a state's covariance.

import SextantArrays

/// rᵀ·S·r for each row r of `vectors` (B×n) and a symmetric matrix S (n×n), from one triangle of S. The image S·r is never
/// held: a tile of it is multiplied by its vectors and forgotten.
func quadraticForms<Scalar: TensorScalar>(_ vectors: Tensor<Scalar>, of matrix: Tensor<Scalar>) -> [Double] {
  let (count, n) = (vectors.rowCount, vectors.columnCount)
  precondition(matrix.rowCount == n && matrix.columnCount == n, "Another size")
  let (rows, columns) = (pieces(of: count, 512), pieces(of: n, 384))
  // What each tile adds to each row (columns.count × B): the order of the sums does not depend on threads.
  var sums = [Double](repeating: 0, count: columns.count * count)
  sums.withUnsafeMutableBufferPointer { sums in
    vectors.withUnsafeScalars { vectors in
      matrix.withUnsafeScalars { matrix in
        guard let first = sums.baseAddress, let rowsOfA = vectors.baseAddress, let rowsOfS = matrix.baseAddress else { return }
        // Sound: the sums of a tile are written by one thread.
        nonisolated(unsafe) let (out, a, s) = (first, rowsOfA, rowsOfS)
        OpenBLAS.withSingleThread {
          Parallel.forEach(rows.count * columns.count) { tile in
            // The last columns have the longest sums and are taken first.
            let column = columns.count - 1 - tile / rows.count
            addForms(a, s, n, rows: rows[tile % rows.count], columns: columns[column], to: out + column * count)
          }
        }
      }
    }
  }
  return (0..<count).map { row in columns.indices.reduce(0.0) { $0 + sums[$1 * count + row] } }
}

/// The part of the forms of `rows` to which S contributes its entries in `columns` and, twice, those before them.
private func addForms<Scalar: TensorScalar>(
  _ a: UnsafePointer<Scalar>, _ s: UnsafePointer<Scalar>, _ n: Int, rows: Range<Int>, columns: Range<Int>,
  to sums: UnsafeMutablePointer<Double>
) {
  let (start, width) = (columns.lowerBound, columns.count)
  // A tile takes up to 1.6 MB, too much for a stack.
  let image = UnsafeMutablePointer<Scalar>.allocate(capacity: rows.count * width)
  defer { image.deallocate() }
  let (own, block) = (a + rows.lowerBound * n, s + start * n)
  Scalar.multiply(false, true, rows.count, width, width, 1, own + start, n, block + start, n, 0, image, width)
  if start > 0 { Scalar.multiply(false, true, rows.count, width, start, 2, own, n, block, n, 1, image, width) }
  for row in 0..<rows.count {
    let (left, right) = (image + row * width, own + row * n + start)
    var sum = 0.0
    for column in 0..<width { sum += Double(left[column]) * Double(right[column]) }
    sums[rows.lowerBound + row] = sum
  }
}

/// A·Bᵀ (n×n) where it is known to be symmetric, from its lower triangle.
func symmetricProduct<Scalar: TensorScalar>(_ a: Tensor<Scalar>, transposed b: Tensor<Scalar>) -> Tensor<Scalar> {
  let (n, depth) = (a.rowCount, a.columnCount)
  precondition(b.rowCount == n && b.columnCount == depth, "Another size")
  let blocks = pieces(of: n, 256)
  var result = Tensor<Scalar>.zeros([n, n])
  result.withUnsafeMutableScalars { c in
    a.withUnsafeScalars { a in
      b.withUnsafeScalars { b in
        guard let first = c.baseAddress, let rowsOfA = a.baseAddress, let rowsOfB = b.baseAddress else { return }
        // Sound: each tile is written by one thread.
        nonisolated(unsafe) let (out, a, b) = (first, rowsOfA, rowsOfB)
        OpenBLAS.withSingleThread {
          Parallel.forEach(blocks.count * (blocks.count + 1) / 2) { tile in
            let place = BlockedProduct.trianglePlace(tile)
            let (row, column) = (blocks[place.row], blocks[place.column])
            Scalar.multiply(
              false, true, row.count, column.count, depth, 1, a + row.lowerBound * depth, depth,
              b + column.lowerBound * depth, depth, 0, out + row.lowerBound * n + column.lowerBound, n)
          }
        }
      }
    }
  }
  result.mirrorLowerTriangle()
  return result
}

/// The ranges of at most `length` that cover `0..<extent`. They depend on the sizes alone, so that threads change no bit.
private func pieces(of extent: Int, _ length: Int) -> [Range<Int>] {
  stride(from: 0, to: extent, by: length).map { $0..<min(extent, $0 + length) }
}
