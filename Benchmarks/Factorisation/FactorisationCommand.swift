// `SextantBenchmarks factorisation`: sparse Cholesky factorisations of the matrices of the package, by each
// implementation in this build and by Eigen. All get the same order of the rows. If built with `--traits
// CommandLine,SupernodalCHOLMOD`, the table also has CHOLMOD's rows.

import SextantSparse
import ArgumentParser
import Foundation
import Sextant

/// The subcommand `factorisation` of the benchmarks.
struct FactorisationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "factorisation",
    abstract: "Times sparse Cholesky factorisations on latitude–longitude grids, by each implementation.")

  @Option(help: "The grids' numbers of rows; each has twice as many columns.")
  var rows = [225, 720]

  @Option(help: "The implementations; all if none is named.")
  var by: [String] = []

  @Option(help: "The matrices.")
  var matrices = GridMatrix.allCases

  @Option(help: "Factorisations of each matrix; the median counts.")
  var rounds = 3

  @Option(help: "Threads.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds: expected 1 or more, found \(rounds)") }
    guard threads >= 1 else { throw ValidationError("--threads: expected 1 or more, found \(threads)") }
    guard rows.allSatisfy({ $0 >= 4 }) else { throw ValidationError("--rows: expected numbers from 4, found \(rows)") }
    let names = Self.implementations.map(\.name)
    if let unknown = by.first(where: { !names.contains($0) }) {
      throw ValidationError("--by: expected some of \(names.joined(separator: ", ")), found \(unknown)")
    }
  }

  private static let implementations = SparseFactorisation.all + [.eigenLLT, .eigenLDLT]

  func run() throws {
    if let advice = OpenBLAS.takeAdvice() { note(advice) }
    RowMeasurement.use(threads)
    print(
      """
      | matrix | rows | order | by | entries of L | ordering | analysis | factorisation | 1 solve | 16 solves | memory |
      |---|---:|---|---|---:|---:|---:|---:|---:|---:|---:|
      """)
    for count in rows {
      let prior = try SparseFieldPrior(domain: Self.grid(rows: count))
      for kind in matrices {
        let (matrix, orderings) = try kind.make(prior, rows: count)
        for (name, ordering) in orderings { try measure(kind, matrix, order: name, ordering) }
      }
    }
  }

  static func grid(rows: Int) throws -> LatitudeLongitudeGrid {
    let step = 180 / Double(rows)
    return try LatitudeLongitudeGrid(
      latitudes: (0...rows).map { 90 - step * Double($0) }, longitudes: (0..<2 * rows).map { step * Double($0) })
  }

  /// Prints a row of the table for each implementation.
  private func measure(_ kind: GridMatrix, _ matrix: SparseMatrix, order name: String, _ ordering: SparseOrdering) throws {
    // The order is made once, and handed to all.
    let ordered = try timed { try SparseCholeskyAnalysis(matrix, ordering: ordering).permutation }
    var determinants: [Double] = []
    for implementation in Self.implementations where by.isEmpty || by.contains(implementation.name) {
      let analysis = try timed {
        try SparseCholeskyAnalysis(matrix, ordering: .given(ordered.value), by: implementation)
      }
      var seconds: [Double] = []
      var last: SparseCholesky?
      for _ in 0..<rounds {
        last = nil
        let made = try timed { try analysis.value.factorise(matrix) }
        seconds.append(made.seconds)
        last = made.value
      }
      guard let factor = last else { continue }
      determinants.append(factor.logDeterminant)
      let sides = Tensor<Double>(repeating: 1, shape: [16, matrix.rowCount])
      let single = timed { factor.solve(rows: Tensor(repeating: 1, shape: [1, matrix.rowCount])) }
      let several = timed { factor.solve(rows: sides) }
      let cells = [
        kind.rawValue, "\(matrix.rowCount)", name, implementation.name,
        String(format: "%.1f million", Double(analysis.value.factorEntryCount) / 1e6),
        String(format: "%.2f s", ordered.seconds), String(format: "%.2f s", analysis.seconds),
        String(format: "%.2f s", seconds.sorted()[rounds / 2]), String(format: "%.3f s", single.seconds),
        String(format: "%.2f s", several.seconds), "\(factor.byteCount >> 20) MiB",
      ]
      print("| " + cells.joined(separator: " | ") + " |")
      fflush(nil)
    }
    if let most = determinants.max(), let least = determinants.min(), most - least > 1e-9 * abs(most) {
      throw SuiteError.failed(
        "\(kind.rawValue), \(matrix.rowCount) rows: the implementations' log-determinants differ: \(determinants)")
    }
  }

  private func timed<Value>(_ body: () throws -> Value) rethrows -> (value: Value, seconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let value = try body()
    return (value, (clock.now - start) / .seconds(1))
  }
}

/// A matrix of a grid.
enum GridMatrix: String, CaseIterable, ExpressibleByArgument {
  /// κ²·C + G: stiffness and mass, five entries in each row.
  case stiffness
  /// The sparse field's precision (κ²·C + G)ᵀ·C⁻¹·(κ²·C + G): thirteen entries in each row.
  case precision

  /// The matrix and the orders to try.
  func make(_ prior: SparseFieldPrior, rows: Int) throws -> (SparseMatrix, [(String, SparseOrdering)]) {
    let general: [(String, SparseOrdering)] = [
      ("minimum degree", .minimumDegree), ("nested dissection", .nestedDissection),
    ]
    switch self {
    case .stiffness:
      let grid = try FactorisationCommand.grid(rows: rows)
      let areas = grid.nodeAreas
      let unit = areas.reduce(0, +) / Double(areas.count)
      return (grid.stiffness.addingToDiagonal(areas.map { 1e-2 * $0 / unit }), general)
    case .precision:
      let (matrix, ordering) = prior.finestPrecision
      return (matrix, general + [("lattice", ordering)])
    }
  }
}
