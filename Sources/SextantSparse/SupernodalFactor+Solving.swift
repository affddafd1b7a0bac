// Triangular solves with a supernodal factor for blocks of right-hand sides, so that one pass over the factor serves a
// whole block. Blocks are independent and may run on several threads.

import COpenBLAS
import SextantArrays

extension SupernodalFactor {
  /// The number of right-hand sides that share one pass over the factor.
  private static let blockSize = 16

  func solve(_ part: FactorPart, _ rows: inout Tensor<Double>) {
    let (count, n) = (rows.rowCount, pattern.size)
    guard rows.count > 0 else { return }
    rows.withUnsafeMutableScalars { scalars in
      guard let base = scalars.baseAddress else { return }
      let target = UncheckedPointer(base)
      OpenBLAS.withSingleThread {
        Parallel.forEachRange(of: count, grain: Self.blockSize) { range in
          solve(part, target.base + range.lowerBound * n, count: range.count)
        }
      }
    }
  }

  /// Solves for `count` rows of n values, in place.
  private func solve(_ part: FactorPart, _ rows: UnsafeMutablePointer<Double>, count: Int) {
    let n = pattern.size
    var work = Tensor<Double>(shape: [n, count]) { work in
      guard let work = work.baseAddress else { return }
      pattern.permutation.withUnsafeBufferPointer { permutation in
        for i in 0..<n {
          // On the side of L, the values of half-solves are in the order of the factor.
          let place = part == .lowerTransposedInverse ? i : Int(permutation[i])
          for b in 0..<count { work[i * count + b] = rows[b * n + place] }
        }
      }
    }
    work.withUnsafeMutableScalars { work in
      guard let work = work.baseAddress else { return }
      if part != .lowerTransposedInverse { solveLower(work, count) }
      if part != .lowerInverse { solveLowerTransposed(work, count) }
      pattern.permutation.withUnsafeBufferPointer { permutation in
        for i in 0..<n {
          let place = part == .lowerInverse ? i : Int(permutation[i])
          for b in 0..<count { rows[b * n + place] = work[i * count + b] }
        }
      }
    }
  }

  /// X ← L⁻¹·X for n×count values.
  private func solveLower(_ x: UnsafeMutablePointer<Double>, _ count: Int) {
    withRowBuffer(count) { buffer, rows in
      for s in 0..<pattern.count {
        let (columns, below) = (pattern.columnCount(s), pattern.rowCount(s) - pattern.columnCount(s))
        let block = values + pattern.valueStarts[s]
        let own = x + Int(pattern.firstColumns[s]) * count
        let places = rows + pattern.rowStarts[s] + columns
        if count == 1 {
          cblas_dtrsv(
            CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, Int32(columns), block, Int32(columns), own, 1)
          guard below > 0 else { continue }
          cblas_dgemv(
            CblasRowMajor, CblasNoTrans, Int32(below), Int32(columns), 1, block + columns * columns, Int32(columns),
            own,
            1, 0, buffer, 1)
          for i in 0..<below { x[Int(places[i])] -= buffer[i] }
        } else {
          Double.solveTriangle(false, columns, count, block, columns, own, count)
          guard below > 0 else { continue }
          Double.multiply(
            false, false, below, count, columns, 1, block + columns * columns, columns, own, count, 0, buffer, count)
          for i in 0..<below {
            let target = x + Int(places[i]) * count
            for b in 0..<count { target[b] -= buffer[i * count + b] }
          }
        }
      }
    }
  }

  /// X ← L⁻ᵀ·X for n×count values.
  private func solveLowerTransposed(_ x: UnsafeMutablePointer<Double>, _ count: Int) {
    withRowBuffer(count) { buffer, rows in
      for s in (0..<pattern.count).reversed() {
        let (columns, below) = (pattern.columnCount(s), pattern.rowCount(s) - pattern.columnCount(s))
        let block = values + pattern.valueStarts[s]
        let own = x + Int(pattern.firstColumns[s]) * count
        let places = rows + pattern.rowStarts[s] + columns
        for i in 0..<below {
          let source = x + Int(places[i]) * count
          for b in 0..<count { buffer[i * count + b] = source[b] }
        }
        if count == 1 {
          if below > 0 {
            cblas_dgemv(
              CblasRowMajor, CblasTrans, Int32(below), Int32(columns), -1, block + columns * columns, Int32(columns),
              buffer, 1, 1, own, 1)
          }
          cblas_dtrsv(
            CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, Int32(columns), block, Int32(columns), own, 1)
        } else {
          if below > 0 {
            Double.multiply(
              true, false, columns, count, below, -1, block + columns * columns, columns, buffer, count, 1, own, count)
          }
          Double.solveTriangle(true, columns, count, block, columns, own, count)
        }
      }
    }
  }

  /// Calls `body` with memory for the rows below any supernode, and with the rows of all supernodes.
  private func withRowBuffer(
    _ count: Int, _ body: (UnsafeMutablePointer<Double>, UnsafePointer<Int32>) -> Void
  ) {
    let most = (0..<pattern.count).map { pattern.rowCount($0) - pattern.columnCount($0) }.max() ?? 0
    pattern.rows.withUnsafeBufferPointer { rows in
      guard let rows = rows.baseAddress else { return }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, most * count)) { buffer in
        guard let buffer = buffer.baseAddress else { return }
        body(buffer, rows)
      }
    }
  }
}
