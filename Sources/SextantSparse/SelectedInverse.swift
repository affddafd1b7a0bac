// Variances under a Gaussian that is given by its sparse precision. The entries of A⁻¹ at the places of the factor cost about as
// much as two factorisations, where all of A⁻¹ would be dense. Other pairs, and implementations that cannot select, are solved for.

import SextantArrays

/// Entries of the inverse of a sparse matrix, at the places of its factor.
public protocol InverseEntries: Sendable {
  /// The memory of the entries, in bytes.
  var byteCount: Int { get }
  /// The diagonal of A⁻¹, in the order of the matrix (n).
  var diagonal: [Double] { get }
  /// An entry of A⁻¹ in the order of the matrix; nil where the factor has no such place.
  subscript(row: Int, column: Int) -> Double? { get }
}

/// The inverse of a sparse matrix A (n×n) where its factor has entries.
public struct SelectedInverse: Sendable {
  private let factor: SparseCholesky
  private let entries: (any InverseEntries)?
  /// The diagonal of A⁻¹ (n): the variance of each value.
  public let diagonal: [Double]

  /// The number of right-hand sides that are solved for at once.
  private static let blockSize = 64

  /// - Parameter entries: the entries at the places of the factor; nil where all has to be solved for.
  init(_ factor: SparseCholesky, entries: (any InverseEntries)?) {
    self.factor = factor
    self.entries = entries
    diagonal =
      entries?.diagonal
      ?? Self.squaredLengths(count: factor.size, by: factor) { index, row in row[index] = 1 }
  }

  /// An entry of A⁻¹; nil where it is not at hand. All places of A and of its factor L + Lᵀ are.
  public subscript(row: Int, column: Int) -> Double? {
    row == column ? diagonal[row] : entries.flatMap { $0[row, column] }
  }

  /// bᵀ·A⁻¹·b for each row b of an m×n matrix (m): the variances of such combinations of the values.
  ///
  /// Rows whose columns pairwise share a place of the factor are sums of a few entries; any other row costs a solve.
  public func variances(of rows: SparseMatrix) -> [Double] {
    precondition(
      rows.columnCount == factor.size, "Rows of \(rows.columnCount) entries for a matrix of size \(factor.size)")
    var sums = [Double?](repeating: nil, count: rows.rowCount)
    sums.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEachRange(of: rows.rowCount, grain: 1024) { range in
        for row in range { target[row] = selectedVariance(of: rows, row: row) }
      }
    }
    let missing = sums.indices.filter { sums[$0] == nil }
    let solved = Self.squaredLengths(count: missing.count, by: factor) { index, target in
      for k in rows.rowStarts[missing[index]]..<rows.rowStarts[missing[index] + 1] {
        target[Int(rows.columns[k])] += rows.values[k]
      }
    }
    for (row, value) in zip(missing, solved) { sums[row] = value }
    return sums.map { $0 ?? 0 }
  }

  /// aᵀ·A⁻¹·b for each row a of an m×n matrix and the same row b of another (m): the covariances of such combinations of
  /// the values.
  ///
  /// Rows of which each column of one and each of the other share a place of the factor are sums of a few entries; any
  /// other pair costs two solves.
  public func covariances(of first: SparseMatrix, with second: SparseMatrix) -> [Double] {
    precondition(
      first.columnCount == factor.size && second.columnCount == factor.size && first.rowCount == second.rowCount,
      "\(first.rowCount) and \(second.rowCount) rows of \(first.columnCount) and \(second.columnCount) entries for a matrix of size \(factor.size)")
    var sums = [Double?](repeating: nil, count: first.rowCount)
    sums.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEachRange(of: first.rowCount, grain: 1024) { range in
        for row in range { target[row] = selectedCovariance(of: first, with: second, row: row) }
      }
    }
    // (Var[a + b] − Var[a − b])/4.
    let missing = sums.indices.filter { sums[$0] == nil }
    let solved = Self.squaredLengths(count: 2 * missing.count, by: factor) { index, target in
      let row = missing[index / 2]
      for k in first.rowStarts[row]..<first.rowStarts[row + 1] { target[Int(first.columns[k])] += first.values[k] }
      for k in second.rowStarts[row]..<second.rowStarts[row + 1] {
        target[Int(second.columns[k])] += index % 2 == 0 ? second.values[k] : -second.values[k]
      }
    }
    for (place, row) in missing.enumerated() { sums[row] = (solved[2 * place] - solved[2 * place + 1]) / 4 }
    return sums.map { $0 ?? 0 }
  }

  /// The sum over the pairs of columns of two rows; nil where a pair is not at hand.
  private func selectedCovariance(of first: SparseMatrix, with second: SparseMatrix, row: Int) -> Double? {
    var sum = 0.0
    for k in first.rowStarts[row]..<first.rowStarts[row + 1] {
      for l in second.rowStarts[row]..<second.rowStarts[row + 1] {
        guard let entry = self[Int(first.columns[k]), Int(second.columns[l])] else { return nil }
        sum += first.values[k] * second.values[l] * entry
      }
    }
    return sum
  }

  /// The sum over the pairs of a row's columns; nil where a pair is not at hand.
  private func selectedVariance(of rows: SparseMatrix, row: Int) -> Double? {
    let range = rows.rowStarts[row]..<rows.rowStarts[row + 1]
    var sum = 0.0
    for k in range {
      let column = Int(rows.columns[k])
      sum += rows.values[k] * rows.values[k] * diagonal[column]
      for other in range.lowerBound..<k {
        guard let entry = self[column, Int(rows.columns[other])] else { return nil }
        sum += 2 * rows.values[k] * rows.values[other] * entry
      }
    }
    return sum
  }

  /// |L⁻¹·P·b|² = bᵀ·A⁻¹·b for `count` rows b, each written by `fill` into zeros.
  private static func squaredLengths(
    count: Int, by factor: SparseCholesky, of fill: (Int, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> [Double] {
    let n = factor.size
    var result: [Double] = []
    result.reserveCapacity(count)
    for start in stride(from: 0, to: count, by: blockSize) {
      let size = min(blockSize, count - start)
      var block = Tensor<Double>.zeros([size, n])
      block.withUnsafeMutableScalars { scalars in
        for row in 0..<size {
          fill(start + row, UnsafeMutableBufferPointer(rebasing: scalars[row * n..<(row + 1) * n]))
        }
      }
      block = factor.solveLower(rows: block)
      block.withUnsafeScalars { scalars in
        for row in 0..<size {
          var sum = 0.0
          for k in row * n..<(row + 1) * n { sum += scalars[k] * scalars[k] }
          result.append(sum)
        }
      }
    }
    return result
  }
}

extension SparseCholesky {
  /// The entries of A⁻¹ at the places of the factor.
  ///
  /// Takes the memory of the factor once more until the result is released. An implementation of the factorisation that cannot
  /// select entries solves n systems instead, and has the diagonal alone.
  ///
  /// - Throws: ``SparseCholeskyError/outOfMemory(size:neededBytes:)``.
  public func selectedInverse() throws -> SelectedInverse {
    SelectedInverse(self, entries: try factor.inverseEntries())
  }

  /// The diagonal of A⁻¹ (n): the variances of a Gaussian with the precision A.
  ///
  /// - Throws: ``SparseCholeskyError/outOfMemory(size:neededBytes:)``.
  public func inverseDiagonal() throws -> [Double] { try selectedInverse().diagonal }
}
