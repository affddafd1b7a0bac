// The observation operator of one step in terms of the state of a series: F·v = H·(Φᵀ·c + r) for v = (c, r). F is dense
// in the coefficients and sparse in the local part, and is applied as such.

import SextantArrays

/// F of one step, with the noise of each value.
struct SeriesObservationOperator<Scalar: TensorScalar>: Sendable {
  /// H·Φᵀ as its transpose (k×m).
  private let modesAtValues: Tensor<Scalar>
  private let operation: ObservationOperator
  private let modeCount: Int
  private let stateCount: Int

  init(_ operation: ObservationOperator, dynamics: SeriesDynamics<Scalar>) {
    self.operation = operation
    (modeCount, stateCount) = (dynamics.modeCount, dynamics.stateCount)
    modesAtValues = operation.apply(dynamics.modes)
  }

  /// m.
  var count: Int { operation.count }
  var noiseVariance: [Double] { operation.noiseVariance }
  /// The state that each value is if each is one; nil for other operators.
  var selectedStates: [Int]? { operation.selectedStates }
  private var size: Int { modeCount + stateCount }

  /// v·Fᵀ for each row v of `vectors`: B×D to B×m.
  func apply(_ vectors: Tensor<Scalar>) -> Tensor<Scalar> {
    var result = operation.apply(vectors.columns(modeCount..<size))
    if modeCount > 0 { result.add(matrixProduct(vectors.columns(0..<modeCount), modesAtValues)) }
    return result
  }

  /// The diagonal of G·Fᵀ for G (m×D).
  func diagonal(_ rows: Tensor<Scalar>) -> [Double] {
    let (m, n, k) = (count, size, modeCount)
    let matrix = operation.matrix
    return rows.withUnsafeScalars { rows in
      modesAtValues.withUnsafeScalars { modes in
        (0..<m).map { i in
          var sum = 0.0
          for j in 0..<k { sum += Double(rows[i * n + j]) * Double(modes[j * m + i]) }
          for place in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
            sum += Double(rows[i * n + k + Int(matrix.columns[place])]) * matrix.values[place]
          }
          return sum
        }
      }
    }
  }

  /// F·P for a symmetric matrix P (D×D): m×D.
  func rows(of covariance: Tensor<Scalar>) -> Tensor<Scalar> {
    var result: Tensor<Scalar>
    if let states = operation.selectedStates {
      result = covariance.gatheringRows(states.map { $0 + modeCount })
    } else {
      result = operation.apply(covariance.columns(modeCount..<size)).transposed()
    }
    if modeCount > 0 {
      result.add(matrixProduct(modesAtValues, covariance.rows(0..<modeCount), transposingFirst: true))
    }
    return result
  }

  /// w·F for each row w of `weights`: B×m to B×D.
  func spread(_ weights: Tensor<Scalar>) -> Tensor<Scalar> {
    let (rows, m, n, k) = (weights.rowCount, count, size, modeCount)
    let ofModes = k > 0 ? matrixProduct(weights, modesAtValues, transposingSecond: true) : nil
    let matrix = operation.matrix
    return Tensor(shape: [rows, n]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      weights.withUnsafeScalars { weights in
        guard let start = weights.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        Parallel.forEachRange(of: rows, grain: 16) { range in
          for row in range {
            for j in k..<n { target[row * n + j] = 0 }
            for i in 0..<m {
              let weight = source[row * m + i]
              for place in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
                target[row * n + k + Int(matrix.columns[place])] += weight * Scalar(matrix.values[place])
              }
            }
          }
        }
      }
      ofModes?.withUnsafeScalars { modes in
        for row in 0..<rows { for j in 0..<k { out[row * n + j] = modes[row * k + j] } }
      }
    }
  }
}
