// DINEOF over a series (Beckers and Rixen 2003): the gaps of the table of steps and entries start from the mean of each
// entry, and the leading modes of the whole table replace them, repeatedly. The number of modes is chosen by
// cross-validation on three in a hundred of the observed values. With a filter, the covariance between steps is smoothed
// by diffusion in time before its modes are taken (Alvera-Azcárate et al. 2009).

import Foundation
import SextantArrays

/// Fills a table of steps and entries by its own modes.
struct SeriesDINEOF {
  /// How often the covariance between steps is smoothed; 0 for no filter.
  var passes: Int

  private static let candidates = [1, 2, 3, 5, 7, 10, 14, 20, 28, 40]
  private static let iterations = 100

  func fill(_ table: inout SeriesTable, using random: inout RandomStream) throws {
    guard let width = table.values.first?.count else { return }
    // Entries that are never measured have no anomalies; they are left to the interpolation in space.
    var means = [Double](repeating: 0, count: width)
    var used: [Int] = []
    for entry in 0..<width {
      let own = table.values.compactMap { $0[entry].isNaN ? nil : Double($0[entry]) }
      guard !own.isEmpty else { continue }
      means[entry] = own.reduce(0, +) / Double(own.count)
      used.append(entry)
    }
    let steps = table.values.count
    guard !used.isEmpty, steps > 1 else { return }
    let anomalies = Tensor<Float>(
      table.values.flatMap { row in used.map { row[$0].isNaN ? 0 : row[$0] - Float(means[$0]) } },
      shape: [steps, used.count])
    var isKnown = table.values.flatMap { row in used.map { !row[$0].isNaN } }
    var known = isKnown.indices.filter { isKnown[$0] }
    known.shuffle(using: &random)
    let hidden = Array(known.prefix(max(30, known.count * 3 / 100)).prefix(known.count / 2))
    for place in hidden { isKnown[place] = false }
    let filter = self.filter(table.times)
    let truth = anomalies.scalars
    var best = (count: 1, error: Double.infinity)
    var start = Self.cleared(anomalies, isKnown)
    for count in Self.candidates where count <= min(steps, used.count) {
      // More modes go on from what fewer found.
      start = try iterate(start, known: truth, isKnown: isKnown, modes: count, filter: filter)
      let found = start.scalars
      let error = hidden.reduce(0.0) { $0 + pow(Double(found[$1] - truth[$1]), 2) }
      if error < best.error { best = (count, error) }
      // Two more that are worse end the search.
      if error > 1.2 * best.error { break }
    }
    for place in hidden { isKnown[place] = true }
    let filled = try iterate(anomalies, known: truth, isKnown: isKnown, modes: best.count, filter: filter).scalars
    for step in 0..<steps {
      for (column, entry) in used.enumerated() {
        table.values[step][entry] = Float(means[entry]) + filled[step * used.count + column]
      }
    }
  }

  private static func cleared(_ table: Tensor<Float>, _ isKnown: [Bool]) -> Tensor<Float> {
    var result = table
    result.withUnsafeMutableScalars { for i in $0.indices where !isKnown[i] { $0[i] = 0 } }
    return result
  }

  /// The table of rank `modes` that is reached when it replaces the gaps, again and again.
  private func iterate(
    _ start: Tensor<Float>, known: [Float], isKnown: [Bool], modes: Int, filter: Tensor<Float>?
  ) throws -> Tensor<Float> {
    var table = start
    var projection = start
    for _ in 0..<Self.iterations {
      table = projection
      table.withUnsafeMutableScalars { for i in $0.indices where isKnown[i] { $0[i] = known[i] } }
      var covariance = gramMatrix(table)
      if let filter {
        covariance = matrixProduct(matrixProduct(filter, covariance), filter, transposingSecond: true)
      }
      let vectors = try symmetricEigendecomposition(covariance).vectors.rows(0..<modes)
      let next = matrixProduct(vectors, matrixProduct(vectors, table), transposingFirst: true)
      let change = (next - projection).dot(next - projection)
      projection = next
      if change < 1e-6 * max(next.dot(next), 1e-12) { break }
    }
    return projection
  }

  /// Diffusion over the steps, T×T; nil for none. Neighbours count less the longer the time between them.
  private func filter(_ times: [Double]) -> Tensor<Float>? {
    guard passes > 0, times.count > 2 else { return nil }
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    let typical = gaps.filter { $0 > 0 }.sorted()
    let unit = typical.isEmpty ? 1 : typical[typical.count / 2]
    let n = times.count
    var once = Tensor<Float>.identity(n)
    for (i, gap) in gaps.enumerated() {
      let weight = Float(0.25 / max(1, pow(gap / unit, 2)))
      once[i, i + 1] += weight
      once[i + 1, i] += weight
      once[i, i] -= weight
      once[i + 1, i + 1] -= weight
    }
    return (1..<max(1, passes)).reduce(once) { power, _ in matrixProduct(power, once) }
  }
}
