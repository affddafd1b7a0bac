// What sums over measured fields need of the operator of one field: products with H, which selects states or combines them.

import SextantArrays

extension ObservedStates {
  /// H·K for K of d columns (m×d).
  func rows(of covariance: Tensor<Double>) -> Tensor<Double> {
    matrix?.times(covariance) ?? covariance.gatheringRows(states)
  }

  /// H·K·H′ᵀ, the covariance of these values and of others (m×m′).
  func covariance(with other: ObservedStates, under k: Tensor<Double>) -> Tensor<Double> {
    let (m, n, d) = (count, other.count, k.columnCount)
    if matrix == nil, other.matrix == nil {
      let (own, others) = (states, other.states)
      return Tensor(shape: [m, n]) { out in
        k.withUnsafeScalars { k in
          nonisolated(unsafe) let (out, k) = (out, k)
          Parallel.forEachRange(of: m, grain: 32) { rows in
            for i in rows { for j in 0..<n { out[i * n + j] = k[own[i] * d + others[j]] } }
          }
        }
      }
    }
    let rows = rows(of: k)
    guard let own = other.matrix else { return rows.gatheringColumns(other.states) }
    return Tensor(shape: [m, n]) { out in
      rows.withUnsafeScalars { rows in
        nonisolated(unsafe) let (out, rows) = (out, rows)
        Parallel.forEachRange(of: m, grain: 16) { range in
          for i in range {
            for j in 0..<n {
              var sum = 0.0
              for entry in own.rowStarts[j]..<own.rowStarts[j + 1] {
                sum += own.values[entry] * rows[i * d + Int(own.columns[entry])]
              }
              out[i * n + j] = sum
            }
          }
        }
      }
    }
  }

  /// H·K·Hᵀ + R (m×m).
  func innovation(under k: Tensor<Double>) -> Tensor<Double> {
    var result = covariance(with: self, under: k)
    let m = count
    result.withUnsafeMutableScalars { out in for i in 0..<m { out[i * m + i] += noiseVariance[i] } }
    return result
  }

  /// The diagonal of H·K·Hᵀ (m).
  func variances(under k: Tensor<Double>) -> [Double] {
    guard let matrix else { return states.map { k[$0, $0] } }
    let rows = rows(of: k)
    return (0..<count).map { i in
      (matrix.rowStarts[i]..<matrix.rowStarts[i + 1]).reduce(0.0) {
        $0 + matrix.values[$1] * rows[i, Int(matrix.columns[$1])]
      }
    }
  }

  /// H·x for x of d states (m).
  func observed(_ x: (_ state: Int) -> Double) -> [Double] {
    guard let matrix else { return states.map(x) }
    return (0..<count).map { i in
      (matrix.rowStarts[i]..<matrix.rowStarts[i + 1]).reduce(0.0) {
        $0 + matrix.values[$1] * x(Int(matrix.columns[$1]))
      }
    }
  }

  /// Adds Hᵀ·a to the numbers of states (d).
  func addAdjoint(of a: [Double], to out: UnsafeMutableBufferPointer<Double>) {
    guard let matrix else {
      for i in 0..<count { out[states[i]] += a[i] }
      return
    }
    for i in 0..<count {
      for entry in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        out[Int(matrix.columns[entry])] += matrix.values[entry] * a[i]
      }
    }
  }

  /// Adds w·Hᵀ·B·H to the lower triangle of a matrix (d×d), of which the upper one means nothing.
  ///
  /// - Parameter b: B (m×m), of which the lower triangle is read.
  func addPrecision(_ b: Tensor<Double>, times weight: Double, to sum: inout Tensor<Double>) {
    let (m, d) = (count, sum.columnCount)
    guard let matrix else {
      let states = states
      sum.withUnsafeMutableScalars { out in
        b.withUnsafeScalars { b in
          // Sound: the states ascend, and each of their rows is written by one thread.
          nonisolated(unsafe) let (out, b) = (out, b)
          Parallel.forEachRange(of: m, grain: 32) { rows in
            for i in rows {
              let row = states[i] * d
              for j in 0...i { out[row + states[j]] += weight * b[i * m + j] }
            }
          }
        }
      }
      return
    }
    // B·H (m×d), and Hᵀ times that.
    let right = Tensor<Double>(shape: [m, d]) { out in
      out.initialize(repeating: 0)
      b.withUnsafeScalars { b in
        nonisolated(unsafe) let (out, b) = (out, b)
        Parallel.forEachRange(of: m, grain: 16) { rows in
          for i in rows {
            for k in 0..<m {
              let value = b[max(i, k) * m + min(i, k)]
              for entry in matrix.rowStarts[k]..<matrix.rowStarts[k + 1] {
                out[i * d + Int(matrix.columns[entry])] += matrix.values[entry] * value
              }
            }
          }
        }
      }
    }
    let transposed = matrix.transposed()
    sum.withUnsafeMutableScalars { out in
      right.withUnsafeScalars { right in
        nonisolated(unsafe) let (out, right) = (out, right)
        Parallel.forEachRange(of: d, grain: 16) { states in
          for state in states {
            for entry in transposed.rowStarts[state]..<transposed.rowStarts[state + 1] {
              let (factor, row) = (weight * transposed.values[entry], Int(transposed.columns[entry]) * d)
              for j in 0...state { out[state * d + j] += factor * right[row + j] }
            }
          }
        }
      }
    }
  }
}

extension SparseMatrix {
  /// Some rows of the matrix.
  func rows(_ rows: [Int]) -> SparseMatrix {
    var (starts, columns, values): ([Int], [Int32], [Double]) = ([0], [], [])
    for row in rows {
      columns += self.columns[rowStarts[row]..<rowStarts[row + 1]]
      values += self.values[rowStarts[row]..<rowStarts[row + 1]]
      starts.append(columns.count)
    }
    return SparseMatrix(
      rowCount: rows.count, columnCount: columnCount, rowStarts: starts, columns: columns, values: values)
  }
}
