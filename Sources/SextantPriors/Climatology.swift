// The prior mean as a function of the season and of the hour: constant, monthly, or annual harmonics, with harmonics of
// the day where they are asked for. It is fitted to an archive in one streamed pass, and does not include the
// variability about the mean. The daily cycle is the same in all seasons.

import Foundation
import SextantArrays
import SextantSignals

/// The dependence of the mean on the season and on the hour of the day.
public enum ClimatologyKind: Sendable, Equatable, Codable {
  /// One mean for all fields.
  case constant
  /// One mean for each calendar month, and one for fields without a month (annual means).
  case monthly
  /// Sines and cosines of the first `order` harmonics of the year.
  case harmonic(order: Int)
  /// A season, and sines and cosines of the first `order` harmonics of the day. The season has no daily cycle of its own.
  indirect case daily(order: Int, season: ClimatologyKind)

  /// The number of regression coefficients per state.
  public var termCount: Int {
    switch self {
    case .constant: 1
    case .monthly: 13
    case .harmonic(let order): 1 + 2 * order
    case .daily(let order, let season): season.termCount + 2 * order
    }
  }

  /// The kind without the daily cycle.
  public var season: ClimatologyKind {
    if case .daily(_, let season) = self { season } else { self }
  }

  /// The number of harmonics of the day.
  public var dailyOrder: Int {
    if case .daily(let order, _) = self { order } else { 0 }
  }

  /// Whether the numbers of harmonics are 1 to 6 of the year and 0 to 6 of the day.
  public var isValid: Bool {
    switch self {
    case .constant, .monthly: true
    case .harmonic(let order): (1...6).contains(order)
    case .daily(let order, let season): (0...6).contains(order) && season.season == season && season.isValid
    }
  }

  /// The same kind without the harmonics that the months and the hours of an archive do not determine.
  ///
  /// A harmonic whose half wave is shorter than the longest stretch without fields can take any value there.
  public func limited(by support: ArchiveSupport) -> ClimatologyKind {
    switch self {
    case .constant, .monthly: return self
    case .harmonic(let order):
      guard support.longestGap > 0 else { return self }
      // The distance between the months at the ends of the gap, with half a month's tolerance.
      let gap = Double(support.longestGap + 1) - 0.5
      return .harmonic(order: min(order, Int(6 / gap)))
    case .daily(let order, let season):
      // At a distance of exactly half a wave, the sine and the cosine are not told apart.
      let determined = support.longestTimeBetweenHours.map { (12 + $0 - 1) / $0 - 1 } ?? 0
      return .daily(order: min(order, determined), season: season.limited(by: support))
    }
  }

  /// The kind of a mean that is fitted to an archive: annual harmonics that it does not determine stay, with coefficients of 0, and a daily
  /// cycle that it does not resolve is dropped.
  func fitted(to support: ArchiveSupport) -> ClimatologyKind {
    let order = limited(by: support).dailyOrder
    return order > 0 ? .daily(order: order, season: season) : season
  }

  /// How many of the first regressors are those of a mean without any cycle, one for each month where these have means of their own.
  var constantTermCount: Int { season == .monthly ? season.termCount : 1 }

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
      return [1] + Self.harmonics(order, at: fraction)
    case .daily(let order, let season):
      // The harmonics vanish for daily means, whose hour is not known.
      return season.terms(of: label) + Self.harmonics(order, at: ArchiveSupport.dayFraction(of: label))
    }
  }

  /// The mean square of each regressor over fields (terms).
  package func meanSquares(of labels: [FieldLabel]) -> [Double] {
    var sums = [Double](repeating: 0, count: termCount)
    for label in labels { for (term, value) in terms(of: label).enumerated() { sums[term] += value * value } }
    return sums.map { $0 / Double(max(1, labels.count)) }
  }

  /// Cosines and sines of the first harmonics of a cycle at a part of it; zeros where the part is not known.
  private static func harmonics(_ order: Int, at fraction: Double?) -> [Double] {
    (1...max(1, order)).prefix(order).flatMap { multiple -> [Double] in
      guard let fraction else { return [0, 0] }
      let angle = 2 * Double.pi * Double(multiple) * fraction
      return [cos(angle), sin(angle)]
    }
  }
}

extension ClimatologyKind: CustomStringConvertible {
  public var description: String {
    switch self {
    case .constant: "constant"
    case .monthly: "monthly"
    case .harmonic(let order): "harmonic of order \(order)"
    case .daily(let order, let season): "\(season) with a daily cycle of order \(order)"
    }
  }
}

/// The mean state as a function of the season and of the hour.
public struct Climatology: Sendable {
  /// How the mean depends on the season and on the hour.
  public let kind: ClimatologyKind
  /// Regression coefficients (terms × d), in the variables' units.
  public let coefficients: Tensor<Float>

  public init(kind: ClimatologyKind, coefficients: Tensor<Float>) {
    precondition(coefficients.rowCount == kind.termCount, "Coefficients of shape \(coefficients.shape)")
    self.kind = kind
    self.coefficients = coefficients
  }

  /// The mean state at the season and the hour of `label` (d), in the variables' units.
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
    switch kind.season {
    case .constant, .harmonic, .daily: coefficients.row(0).scalars
    case .monthly: coefficients.rows(0..<kind.season.termCount).columnMeans().map(Float.init)
    }
  }

  /// Fits the season to the fields with the given indices by least squares in one pass; missing entries are skipped
  /// state by state.
  ///
  /// A month that the archive lacks at a place takes the mean of all fields there. Harmonics that the months and hours of the
  /// archive do not determine are left out, see ``ClimatologyKind/limited(by:)``: annual ones have coefficients of 0, and
  /// those of the day are not in the kind of the result.
  ///
  /// - Throws: ``PriorError/notFinite(_:)`` where the time of year of a field is not a number, and what reading throws.
  public static func fit(
    _ wanted: ClimatologyKind, to source: some SignalSource, indices: [Int], layout: StateLayout,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> Climatology {
    let support = ArchiveSupport(of: indices.map { source.labels[$0] })
    let kind = wanted.limited(by: support)
    let fitted = wanted.fitted(to: support)
    let places = Array(0..<kind.season.termCount) + (0..<2 * kind.dailyOrder).map { wanted.season.termCount + $0 }
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
    let coefficients = try Tensor<Float>(shape: [fitted.termCount, d]) { out in
      for entry in out.indices { out[entry] = 0 }
      for j in 0..<d {
        let equations =
          try gaps[j].map { lost in
            try NormalEquations(
              zip(common, lost).map { $0 - $1 }, terms: terms, kind: kind, shrinkage: shrinkage)
          } ?? shared
        let solution = equations.solve((0..<terms).map { products[$0 * d + j] })
        for p in 0..<terms { out[places[p] * d + j] = Float(solution[p]) }
      }
    }
    return Climatology(kind: fitted, coefficients: coefficients)
  }
}

/// Small least-squares systems, in which a month without data must not make the others unsolvable.
private struct NormalEquations {
  private let terms: Int
  private let form: Form
  /// The number of fields of each month; empty where the season is not monthly.
  private let monthCounts: [Double]

  private enum Form {
    /// One count for each month: the matrix is diagonal.
    case counts([Double])
    case factor(CholeskyFactor<Double>)
    /// A state that no field has.
    case nothing
  }

  /// Throws ``PriorError/notFinite(_:)`` where the regressors of a field are not finite.
  ///
  /// - Parameter shrinkage: the ridge on the coefficients of the year's harmonics, as a share of the trace.
  init(_ matrix: [Double], terms: Int, kind: ClimatologyKind, shrinkage: Double) throws {
    self.terms = terms
    let diagonal = (0..<terms).map { matrix[$0 * terms + $0] }
    let trace = diagonal.reduce(0, +)
    guard trace.isFinite else { throw Self.notFinite }
    let months = kind.season == .monthly ? kind.season.termCount : 0
    monthCounts = Array(diagonal.prefix(months))
    if months == terms {
      form = .counts(diagonal)
    } else if trace <= 0 {
      form = .nothing
    } else {
      // A ridge keeps harmonics that the archive does not determine near zero.
      var regular = Tensor(matrix, shape: [terms, terms])
      for p in max(1, months)..<max(1, months, terms) {
        regular[p, p] += (p < kind.season.termCount ? shrinkage : 1e-6) * trace
      }
      // A month without fields has the coefficient 0 here, and then that of the others.
      for p in 0..<months where regular[p, p] <= 0 { regular[p, p] = 1 }
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
    case .factor(let factor):
      var solution = factor.solve(Tensor(right)).scalars
      let total = monthCounts.reduce(0, +)
      guard total > 0 else { return solution }
      let overall = zip(solution, monthCounts).reduce(0.0) { $0 + $1.0 * $1.1 } / total
      for (month, count) in monthCounts.enumerated() where count <= 0 { solution[month] = overall }
      return solution
    case .nothing: return [Double](repeating: 0, count: terms)
    }
  }
}
