// Arithmetic on matrices that mixtures of patches need, in training and in posteriors.

import Foundation
import SextantArrays

extension Tensor {
  /// The square matrix with `additions[i]` added to its entry (i, i).
  package func addingDiagonal(_ additions: [Scalar]) -> Tensor {
    var result = self
    let n = columnCount
    precondition(rowCount == n && additions.count == n, "\(additions.count) numbers for the diagonal of \(shape)")
    result.withUnsafeMutableScalars { out in
      for i in 0..<n { out[i * n + i] += additions[i] }
    }
    return result
  }

  /// The entries on the diagonal of a square matrix.
  package var diagonal: [Scalar] {
    let n = columnCount
    return withUnsafeScalars { values in (0..<n).map { values[$0 * n + $0] } }
  }

  /// Every row less `row`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func subtractingRow(_ row: [Scalar]) -> Tensor {
    let n = columnCount
    return Tensor(shape: shape) { out in
      withUnsafeScalars { source in
        for start in Swift.stride(from: 0, to: source.count, by: Swift.max(1, n)) {
          for j in 0..<n { out[start + j] = source[start + j] - row[j] }
        }
      }
    }
  }

  /// The sum of the squares of each row.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func rowSquaredNorms() -> [Scalar] {
    let n = columnCount
    return withUnsafeScalars { values in
      (0..<rowCount).map { row in (row * n..<(row + 1) * n).reduce(Scalar(0)) { $0 + values[$1] * values[$1] } }
    }
  }
}

extension Tensor {
  /// The softmax of some rows, in place.
  fileprivate static func softmax(rows: Int, columns: Int, _ x: UnsafeMutablePointer<Scalar>) {
    Scalar.kernels.softmaxRows(rows: rows, columns: columns, from: x, to: x)
  }
}

extension Tensor<Float> {
  /// The exponentials of each row divided by their sum, and the logarithm of that sum for each row: the probabilities of
  /// components from their logarithms. The rows are shared among threads.
  package mutating func normaliseExponentials() -> [Double] {
    let (rows, columns) = (rowCount, columnCount)
    return withUnsafeMutableScalars { values in
      [Double](unsafeUninitializedCapacity: rows) { sums, filled in
        filled = rows
        guard rows > 0, let base = values.baseAddress, let sumBase = sums.baseAddress else { return }
        // Sound, because each range is written by one thread.
        nonisolated(unsafe) let (values, sums) = (base, sumBase)
        Parallel.forEachRange(of: rows, grain: 256) { range in
          let first = values + range.lowerBound * columns
          for row in 0..<range.count {
            var most = -Float.infinity
            for place in row * columns..<(row + 1) * columns where first[place] > most { most = first[place] }
            sums[range.lowerBound + row] = Double(most)
          }
          Self.softmax(rows: range.count, columns: columns, first)
          for row in 0..<range.count {
            // The largest of them is one over the sum, relative to its own logarithm.
            var largest = Float(0)
            for place in row * columns..<(row + 1) * columns where first[place] > largest { largest = first[place] }
            sums[range.lowerBound + row] -= log(Double(largest))
          }
        }
      }
    }
  }

  /// The rows in which a column has more than `least`, and what it has there, for each column.
  package func rowsOfColumns(above least: Float) -> [(rows: [Int], values: [Float])] {
    let columns = columnCount
    var parts = [(rows: [Int], values: [Float])](repeating: ([], []), count: columns)
    withUnsafeScalars { values in
      for row in 0..<rowCount {
        for k in 0..<columns where values[row * columns + k] > least {
          parts[k].rows.append(row)
          parts[k].values.append(values[row * columns + k])
        }
      }
    }
    return parts
  }
}
