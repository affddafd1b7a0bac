// The singular value decomposition of a measurement operator in units of its noise: H/σ = U·diag(1/σ_i)·Vᵀ, so that the
// coordinates c = Vᵀx of the states are measured independently, with noise of standard deviation σ_i. For a mask these
// are the measured states. Pseudo-inverses, projections and conditional means then act on each coordinate separately.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// The singular value decomposition of a whitened operator, for all measurements by it.
struct WhitenedSVD: Sendable {
  /// The largest number of measured values or of states, whichever is smaller, of an operator that mixes entries: a
  /// square matrix of this size is decomposed, and its eigenvectors are kept.
  static let limit = 4096

  private enum Basis {
    /// The coordinates are states.
    case states([Int])
    /// Vᵀ (r×d), orthonormal, in both precisions.
    case rows(Tensor<Float>, exact: Tensor<Double>)
  }

  private let basis: Basis
  private let operation: ObservationOperator
  /// σ_i (r).
  let standardDeviations: [Double]

  /// The number of measured coordinates r.
  var rank: Int { standardDeviations.count }

  /// - Throws: `MeasurementError.operatorNotSupported` beyond ``limit``, `LinearAlgebraError`.
  init(_ operation: ObservationOperator, method: String) throws {
    self.operation = operation
    if let states = operation.selectedStates {
      basis = .states(states)
      standardDeviations = operation.noiseVariance.map { $0.squareRoot() }
      return
    }
    let matrix = operation.matrix
    let (m, d) = (operation.count, matrix.columnCount)
    guard min(m, d) <= Self.limit else {
      throw MeasurementError.operatorNotSupported(
        method: method, form: .sparse,
        reason:
          "it decomposes operators that mix entries for at most \(Self.limit) measured values or states, and there are \(min(m, d))",
        hint: "Use dps or red-diff, which need no decomposition, or measure entries one by one.")
    }
    let roots = operation.noiseVariance.map { 1 / $0.squareRoot() }
    var whitened = Tensor<Double>.zeros([m, d])
    whitened.withUnsafeMutableScalars { out in
      for row in 0..<m {
        for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
          out[row * d + Int(matrix.columns[k])] += matrix.values[k] * roots[row]
        }
      }
    }
    // The smaller of the two Gram matrices. Directions below a millionth of the largest singular value count as not
    // measured.
    let isWide = m <= d
    let (squares, vectors) = try symmetricEigendecomposition(gramMatrix(whitened, transposeFirst: !isWide))
    let kept = squares.prefix { $0 > 1e-12 * (squares.first ?? 0) && $0 > 0 }
    let singular = kept.map { $0.squareRoot() }
    var rows = vectors.rows(0..<kept.count)
    if isWide { rows = matrixProduct(rows, whitened).scalingRows(by: singular.map { 1 / $0 }) }
    basis = .rows(rows.converted(to: Float.self), exact: rows)
    standardDeviations = singular.map { 1 / $0 }
  }

  /// The measured values z (r) of the coordinates for an observation by this operator.
  func measured(_ observation: StateObservation) -> [Float] {
    switch basis {
    case .states: return observation.anomalies.map { Float($0) }
    case .rows(_, let rows):
      // z = diag(σ²)·Vᵀ·(H/σ)ᵀ·(y/σ).
      let matrix = operation.matrix
      var adjoint = Tensor<Double>.zeros([1, matrix.columnCount])
      adjoint.withUnsafeMutableScalars { out in
        for row in 0..<matrix.rowCount {
          let weighted = observation.anomalies[row] / operation.noiseVariance[row]
          for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
            out[Int(matrix.columns[k])] += matrix.values[k] * weighted
          }
        }
      }
      let coordinates = matrixProduct(adjoint, rows, transposingSecond: true).scalars
      return zip(coordinates, standardDeviations).map { Float($0 * $1 * $1) }
    }
  }

  /// Vᵀx for each row x: B×d to B×r.
  func coordinates(of states: Tensor<Float>) -> Tensor<Float> {
    switch basis {
    case .states(let indices): states.gatheringColumns(indices)
    case .rows(let rows, _): matrixProduct(states, rows, transposingSecond: true)
    }
  }

  /// Adds V·c to the states (B×d) for coordinates c (B×r).
  func add(_ coordinates: Tensor<Float>, to states: inout Tensor<Float>) {
    switch basis {
    case .rows(let rows, _): states.add(matrixProduct(coordinates, rows))
    case .states(let indices):
      let d = states.columnCount
      states.withUnsafeMutableScalars { out in
        coordinates.withUnsafeScalars { source in
          guard let base = out.baseAddress, let start = source.baseAddress else { return }
          let target = UncheckedPointer(base)
          let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
          Parallel.forEach(out.count / Swift.max(1, d)) { row in
            for (i, state) in indices.enumerated() { target[row * d + state] += source[row * indices.count + i] }
          }
        }
      }
    }
  }
}
