// The prior mean as a function of the season: constant, monthly, or annual harmonics. It is fitted to an archive in one
// streamed pass, and does not include the variability about the mean.

import Foundation
import SextantArrays
import SextantSignals

/// The dependence of the mean on the season.
public enum ClimatologyKind: Sendable, Equatable, Codable {
  /// One mean for all fields.
  case constant
  /// One mean for each calendar month, and one for fields without a month (annual means).
  case monthly
  /// Sines and cosines of the first `order` harmonics of the year.
  case harmonic(order: Int)

  /// The number of regression coefficients per state.
  public var termCount: Int {
    switch self {
    case .constant: 1
    case .monthly: 13
    case .harmonic(let order): 1 + 2 * order
    }
  }

  /// The same kind without the harmonics that the months of an archive do not determine.
  ///
  /// A harmonic whose half wave is shorter than the longest stretch without fields can take any value there.
  public func limited(by support: ArchiveSupport) -> ClimatologyKind {
    guard case .harmonic(let order) = self, support.longestGap > 0 else { return self }
    // The distance between the months at the ends of the gap, with half a month's tolerance.
    let gap = Double(support.longestGap + 1) - 0.5
    return .harmonic(order: min(order, Int(6 / gap)))
  }

  /// The regressors of a field: `termCount` values.
  func terms(of label: FieldLabel) -> [Double] {
    switch self {
    case .constant: return [1]
    case .monthly:
      var terms = [Double](repeating: 0, count: 13)
      terms[label.month.map { min(max($0, 0), 12) } ?? 0] = 1
      return terms
    case .harmonic(let order):
      // The middle of the month if only the month is known; the harmonics vanish for annual means.
      let fraction = label.yearFraction ?? label.month.map { (Double($0) - 0.5) / 12 }
      return [1]
        + (1...max(1, order)).prefix(order).flatMap { multiple -> [Double] in
          guard let fraction else { return [0, 0] }
          let angle = 2 * Double.pi * Double(multiple) * fraction
          return [cos(angle), sin(angle)]
        }
    }
  }
}

/// The mean state as a function of the season.
public struct Climatology: Sendable {
  /// How the mean depends on the season.
  public let kind: ClimatologyKind
  /// Regression coefficients (terms × d), in the variables' units.
  public let coefficients: Tensor<Float>

  public init(kind: ClimatologyKind, coefficients: Tensor<Float>) {
    precondition(coefficients.rowCount == kind.termCount, "Coefficients of shape \(coefficients.shape)")
    self.kind = kind
    self.coefficients = coefficients
  }

  /// The mean state at the season of `label` (d), in the variables' units.
  public func mean(for label: FieldLabel) -> [Float] {
    let terms = kind.terms(of: label)
    var result = [Float](repeating: 0, count: coefficients.columnCount)
    coefficients.withUnsafeScalars { source in
      for (row, term) in terms.enumerated() where term != 0 {
        for j in result.indices { result[j] += Float(term) * source[row * result.count + j] }
      }
    }
    return result
  }

  /// The mean over the year (d), in the variables' units.
  public var overallMean: [Float] {
    switch kind {
    case .constant, .harmonic: coefficients.row(0).scalars
    case .monthly: coefficients.columnMeans().map(Float.init)
    }
  }

  /// Fits the season to the fields with the given indices by least squares in one pass; missing entries are skipped
  /// state by state.
  ///
  /// A month that the archive lacks at a place takes the mean of all fields there. Harmonics that months of the archive
  /// do not determine are left out, see ``ClimatologyKind/limited(by:)``: their coefficients are 0.
  ///
  /// - Throws: ``PriorError/notFinite(_:)`` where the time of year of a field is not a number, and what reading throws.
  public static func fit(
    _ wanted: ClimatologyKind, to source: some SignalSource, indices: [Int], layout: StateLayout,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> Climatology {
    let support = ArchiveSupport(of: indices.map { source.labels[$0] })
    let kind = wanted.limited(by: support)
    // Where months are missing, harmonics are shrunk, because the others hardly tell some of them apart.
    let shrinkage = support.longestGap > 0 ? 1e-2 : 1e-6
    let (terms, d) = (kind.termCount, layout.count)
    // Sums over fields of x·yᵗ and of x·xᵗ, the latter shared by all states and corrected for gaps, because few fields
    // have gaps.
    var products = [Double](repeating: 0, count: terms * d)
    var common = [Double](repeating: 0, count: terms * terms)
    var gaps: [Int: [Double]] = [:]
    try source.forEachChunk(of: indices) { chunk in
      let states = layout.reduced(chunk.values, isValid: chunk.isValid)
      states.withUnsafeScalars { values in
        for (row, label) in chunk.labels.enumerated() {
          let x = kind.terms(of: label)
          for p in 0..<terms { for q in 0..<terms { common[p * terms + q] += x[p] * x[q] } }
          let active = x.indices.filter { x[$0] != 0 }
          for j in 0..<d {
            let value = Double(values[row * d + j])
            if value.isNaN {
              var lost = gaps[j] ?? [Double](repeating: 0, count: terms * terms)
              for p in active { for q in active { lost[p * terms + q] += x[p] * x[q] } }
              gaps[j] = lost
            } else {
              for p in active { products[p * d + j] += x[p] * value }
            }
          }
        }
      }
      try progress(chunk.count)
    }
    let shared = try NormalEquations(common, terms: terms, kind: kind, shrinkage: shrinkage)
    let coefficients = try Tensor<Float>(shape: [wanted.termCount, d]) { out in
      for entry in out.indices { out[entry] = 0 }
      for j in 0..<d {
        let equations =
          try gaps[j].map { lost in
            try NormalEquations(
              zip(common, lost).map { $0 - $1 }, terms: terms, kind: kind, shrinkage: shrinkage)
          } ?? shared
        let solution = equations.solve((0..<terms).map { products[$0 * d + j] })
        for p in 0..<terms { out[p * d + j] = Float(solution[p]) }
      }
    }
    return Climatology(kind: wanted, coefficients: coefficients)
  }
}

/// Small least-squares systems, in which a month without data must not make the others unsolvable.
private struct NormalEquations {
  private let terms: Int
  private let form: Form

  private enum Form {
    /// One count for each month: the matrix is diagonal.
    case counts([Double])
    case factor(CholeskyFactor<Double>)
    /// A state that no field has.
    case nothing
  }

  /// Throws ``PriorError/notFinite(_:)`` where the regressors of a field are not finite.
  ///
  /// - Parameter shrinkage: the ridge on all coefficients but the mean, as a share of the trace.
  init(_ matrix: [Double], terms: Int, kind: ClimatologyKind, shrinkage: Double) throws {
    self.terms = terms
    let diagonal = (0..<terms).map { matrix[$0 * terms + $0] }
    let trace = diagonal.reduce(0, +)
    guard trace.isFinite else { throw Self.notFinite }
    if kind == .monthly {
      form = .counts(diagonal)
    } else if trace <= 0 {
      form = .nothing
    } else {
      // A ridge keeps harmonics that the archive does not determine near zero.
      var regular = Tensor(matrix, shape: [terms, terms])
      for p in 1..<max(1, terms) { regular[p, p] += shrinkage * trace }
      do {
        form = .factor(try CholeskyFactor(regular))
      } catch is LinearAlgebraError {
        throw Self.notFinite
      }
    }
  }

  private static var notFinite: PriorError { .notFinite("The time of year of a field of the archive") }

  func solve(_ right: [Double]) -> [Double] {
    switch form {
    case .counts(let counts):
      let total = counts.reduce(0, +)
      let overall = total > 0 ? right.reduce(0, +) / total : 0
      return zip(right, counts).map { $1 > 0 ? $0 / $1 : overall }
    case .factor(let factor): return factor.solve(Tensor(right)).scalars
    case .nothing: return [Double](repeating: 0, count: terms)
    }
  }
}
