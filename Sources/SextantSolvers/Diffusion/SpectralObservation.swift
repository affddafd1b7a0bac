// A linear measurement in coordinates of its own: H/σ = U·diag(1/σ_i)·Vᵀ, so that the coordinates c = Vᵀx of the states
// are each measured by themselves, z_i = c_i + noise of standard deviation σ_i. For a mask these are the measured states.
// Pseudo-inverses, projections and conditional means are then numbers, one for each coordinate.

import SextantArrays
import SextantPriors

/// The singular value decomposition of a measurement in units of its noise.
struct SpectralObservation: Sendable {
  /// The most measured values or states, whichever are fewer, of an operator that mixes entries: a square matrix of that
  /// size is decomposed, and its eigenvectors are kept.
  static let limit = 4096

  private enum Basis {
    /// The coordinates are states.
    case states([Int])
    /// Vᵀ (r×d), orthonormal.
    case rows(Tensor<Float>)
  }

  private let basis: Basis
  private let stateCount: Int
  /// z (r).
  let measured: [Float]
  /// σ_i (r).
  let deviations: [Double]

  /// r.
  var rank: Int { deviations.count }

  /// - Throws: ``SolverError/operatorTooLarge(method:rank:limit:)``, ``LinearAlgebraError``.
  init(_ observation: StateObservation, method: String) throws {
    stateCount = observation.matrix.columnCount
    if let states = observation.selectedStates {
      basis = .states(states)
      measured = observation.anomalies.map { Float($0) }
      deviations = observation.noiseVariance.map { $0.squareRoot() }
      return
    }
    let (m, d) = (observation.count, stateCount)
    guard min(m, d) <= Self.limit else {
      throw SolverError.operatorTooLarge(method: method, rank: min(m, d), limit: Self.limit)
    }
    var whitened = Tensor<Double>.zeros([m, d])
    let matrix = observation.matrix
    let roots = observation.noiseVariance.map { 1 / $0.squareRoot() }
    whitened.withUnsafeMutableScalars { out in
      for row in 0..<m {
        for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
          out[row * d + Int(matrix.columns[k])] += matrix.values[k] * roots[row]
        }
      }
    }
    // The smaller of the two Gram matrices; what lies below a millionth of the largest singular value is not measured.
    let isWide = m <= d
    let (squares, vectors) = try symmetricEigendecomposition(gramMatrix(whitened, transposeFirst: !isWide))
    let kept = squares.prefix { $0 > 1e-12 * (squares.first ?? 0) && $0 > 0 }
    let singular = kept.map { $0.squareRoot() }
    var rows = vectors.rows(0..<kept.count)
    if isWide { rows = matrixProduct(rows, whitened).scalingRows(by: singular.map { 1 / $0 }) }
    let target = Tensor(zip(observation.anomalies, roots).map { $0 * $1 }, shape: [1, m])
    // z = diag(σ²)·Vᵀ·(H/σ)ᵀ·(y/σ).
    let pulled = matrixProduct(matrixProduct(target, whitened), rows, transposingSecond: true).scalars
    basis = .rows(rows.converted(to: Float.self))
    measured = zip(pulled, kept).map { Float($0 / $1) }
    deviations = singular.map { 1 / $0 }
  }

  /// Vᵀx of each row: from B×d to B×r.
  func coordinates(of states: Tensor<Float>) -> Tensor<Float> {
    switch basis {
    case .states(let indices): states.gatheringColumns(indices)
    case .rows(let rows): matrixProduct(states, rows, transposingSecond: true)
    }
  }

  /// Adds V·c to each row: c is B×r, `states` B×d.
  func add(_ coordinates: Tensor<Float>, to states: inout Tensor<Float>) {
    switch basis {
    case .rows(let rows): states.add(matrixProduct(coordinates, rows))
    case .states(let indices):
      let d = stateCount
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

  /// z − c, each times its own factor: B×r.
  func innovations(of coordinates: Tensor<Float>, times factors: [Float]) -> Tensor<Float> {
    let (measured, rank) = (measured, rank)
    var result = coordinates
    result.withUnsafeMutableScalars { values in
      for i in values.indices { values[i] = (measured[i % rank] - values[i]) * factors[i % rank] }
    }
    return result
  }
}
