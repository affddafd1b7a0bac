// Neighbours in an archive that were measured at the same places with the same noise, as all images of a noisy archive without gaps
// are: the covariance of their values is factorised once, and their equations are solved together.

import SextantArrays

/// Fields with the same places, noise and operator.
struct AlikeFields {
  /// The places and the noise, and the anomalies of the first field.
  let values: ObservedStates
  /// S = H·K·Hᵀ + R of each field.
  let factor: CholeskyFactor<Double>
  /// The number of fields.
  private(set) var count = 0
  /// The anomalies (n×m) and the regressors (n×terms) of those that were not solved yet.
  private var anomalies: [Double] = []
  private var terms: [Double] = []
  private(set) var waiting = 0

  /// - Parameters:
  ///   - values: the first field.
  ///   - covariance: K (d×d).
  /// - Throws: `LinearAlgebraError` where the covariance of the values is not positive definite.
  init(_ values: ObservedStates, covariance: Tensor<Double>) throws {
    self.values = values
    factor = try CholeskyFactor(values.innovation(under: covariance))
  }

  /// Adds a field with these places.
  mutating func append(_ anomalies: [Double], terms: [Double]) {
    self.anomalies += anomalies
    self.terms += terms
    waiting += 1
    count += 1
  }

  /// Solves for the fields that are waiting.
  ///
  /// - Returns: aᵀ·S⁻¹·a of all together.
  mutating func solve(into sums: inout AdjointSums) -> Double {
    guard waiting > 0 else { return 0 }
    let (n, m) = (waiting, values.count)
    let right = Tensor(anomalies, shape: [n, m])
    let solved = factor.solve(rows: right)
    for field in 0..<n {
      let own = terms.count / n
      sums.append(solved.row(field).scalars, of: values, terms: Array(terms[field * own..<(field + 1) * own]))
    }
    anomalies.removeAll(keepingCapacity: true)
    terms.removeAll(keepingCapacity: true)
    waiting = 0
    return zip(right.scalars, solved.scalars).reduce(0.0) { $0 + $1.0 * $1.1 }
  }
}

/// Sums over fields of products of Hᵀ·α, which is a row of d numbers for each, made of many fields at once.
struct AdjointSums {
  /// The sum of Hᵀ·α·αᵀ·H (d×d), its lower triangle.
  private(set) var squares: Tensor<Double>
  /// The sum of t·(Hᵀ·α)ᵀ (terms × d).
  private(set) var slopes: Tensor<Double>
  private var rows: [Double] = []
  private var terms: [Double] = []

  /// The number of fields whose products are made together.
  static let batch = 128

  init(stateCount: Int, termCount: Int) {
    squares = .zeros([stateCount, stateCount])
    slopes = .zeros([termCount, stateCount])
  }

  /// Adds a field with α (m) and its regressors.
  mutating func append(_ alpha: [Double], of values: ObservedStates, terms: [Double]) {
    let (start, d) = (rows.count, squares.columnCount)
    rows.append(contentsOf: repeatElement(0, count: d))
    rows.withUnsafeMutableBufferPointer {
      values.addAdjoint(of: alpha, to: UnsafeMutableBufferPointer(rebasing: $0[start..<start + d]))
    }
    self.terms += terms
    if rows.count == Self.batch * d { flush() }
  }

  /// Makes the products that are due. The sums are complete afterwards.
  mutating func flush() {
    let (d, q) = (squares.columnCount, slopes.rowCount)
    guard !rows.isEmpty else { return }
    let adjoints = Tensor(rows, shape: [rows.count / d, d])
    squares.add(gramMatrix(adjoints, transposeFirst: true, mirroring: false))
    slopes.add(matrixProduct(Tensor(terms, shape: [rows.count / d, q]), adjoints, transposingFirst: true))
    rows.removeAll(keepingCapacity: true)
    terms.removeAll(keepingCapacity: true)
  }

  /// Adds the complete sums of other fields.
  mutating func add(_ other: AdjointSums) {
    squares.add(other.squares)
    slopes.add(other.slopes)
  }
}
