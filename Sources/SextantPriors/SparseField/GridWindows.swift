// Gaussian windows on a latitude–longitude grid: first along the rows, where a given distance spans more degrees the
// closer it is to a pole, then along the columns. Each pass consists of four implicit steps of one-dimensional
// diffusion, which are tridiagonal systems. Their cost does not depend on the width; they allow uneven spacing and are
// cyclic if the grid is. Poles are excluded, and are given the mean of the adjacent row.

import Foundation

/// The windows of a grid.
struct GridWindows: WindowFamily {
  /// The grid's nodes by row and column.
  let lattice: GridLattice
  /// The length of a unit, in radians.
  let unit: Double
  private static let steps = 4
  /// The largest width of a window in radians of longitude (standard deviation), because rows near a pole are short.
  private static let widestLongitude = 2 * Double.pi / 7

  func smoothed(_ fields: [[Double]], standardDeviation: Double) throws -> [[Double]] {
    var fields = fields
    let columns = lattice.columns
    let alongColumns = TridiagonalDiffusion(
      positions: lattice.rows.map(\.latitude), period: nil, time: time(standardDeviation * unit))
    let alongRows = lattice.rows.map { row in
      let width = min(standardDeviation * unit / cos(row.latitude), Self.widestLongitude)
      return TridiagonalDiffusion(
        positions: lattice.longitudes, period: lattice.wraps ? 2 * .pi : nil, time: time(width))
    }
    for f in fields.indices {
      fields[f].withUnsafeMutableBufferPointer { values in
        guard let base = values.baseAddress else { return }
        var scratch = [Double](repeating: 0, count: columns)
        for (row, diffusion) in zip(lattice.rows, alongRows) {
          for _ in 0..<Self.steps { diffusion.step(base + row.firstNode, scratch: &scratch) }
        }
        let starts = lattice.rows.map(\.firstNode)
        for _ in 0..<Self.steps { alongColumns.stepAcross(base, lineStarts: starts, lineLength: columns) }
        for pole in lattice.poles {
          // The adjacent row, because nodes are numbered row by row.
          guard let row = pole < (starts.first ?? 0) ? starts.first : starts.last else { continue }
          base[pole] = (0..<columns).reduce(0.0) { $0 + base[row + $1] } / Double(columns)
        }
      }
    }
    return fields
  }

  private func time(_ standardDeviation: Double) -> Double {
    standardDeviation * standardDeviation / Double(2 * Self.steps)
  }
}

/// One implicit step of diffusion along a line or a circle: (M + time·L)·x = M·b.
struct TridiagonalDiffusion: Sendable {
  private let masses: [Double]
  /// The coupling of each position to the next, times the time; on a circle, also of the last to the first.
  private let couplings: [Double]
  /// The factors of the elimination: reciprocal pivots, and each coupling times the pivot before it.
  private let inversePivots: [Double]
  private let isCyclic: Bool
  /// The solution for the cyclic correction, and its denominator.
  private let correction: [Double]
  private let correctionScale: Double

  /// - Parameters:
  ///   - positions: strictly monotonic.
  ///   - period: the length of the circle; nil for a line without flux through its ends.
  init(positions: [Double], period: Double?, time: Double) {
    let n = positions.count
    var gaps = zip(positions.dropFirst(), positions).map { abs($0 - $1) }
    if let period, n > 2 { gaps.append(period - abs(positions[n - 1] - positions[0])) }
    isCyclic = gaps.count == n && n > 2
    let cyclic = isCyclic
    masses = (0..<n).map { i in
      let before = i > 0 ? gaps[i - 1] : cyclic ? gaps[n - 1] : gaps.first ?? 1
      let after = i < gaps.count ? gaps[i] : gaps.last ?? 1
      return (before + after) / 2
    }
    couplings = gaps.map { time / $0 }
    var diagonal = masses
    for (i, coupling) in couplings.enumerated() {
      diagonal[i] += coupling
      diagonal[(i + 1) % n] += coupling
    }
    // Sherman–Morrison: the circle is a line plus a term of rank one, with u = (c, 0, …, 0, c) scaled as below.
    let closing = isCyclic ? couplings[n - 1] : 0
    if isCyclic {
      diagonal[0] += closing
      diagonal[n - 1] += closing
    }
    var inverse = [Double](repeating: 0, count: n)
    for i in 0..<n {
      let before = i > 0 ? couplings[i - 1] * couplings[i - 1] * inverse[i - 1] : 0
      inverse[i] = 1 / (diagonal[i] - before)
    }
    inversePivots = inverse
    guard isCyclic else {
      correction = []
      correctionScale = 0
      return
    }
    var unitEnds = [Double](repeating: 0, count: n)
    unitEnds[0] = 1
    unitEnds[n - 1] += 1
    let lineCouplings = couplings
    unitEnds.withUnsafeMutableBufferPointer { ends in
      guard let base = ends.baseAddress else { return }
      Self.solve(base, count: n, couplings: lineCouplings, inversePivots: inverse)
    }
    correction = unitEnds
    // (T − c·e·eᵀ)⁻¹ = T⁻¹ + c·T⁻¹e·eᵀT⁻¹ / (1 − c·eᵀT⁻¹e), e = first + last.
    correctionScale = closing / (1 - closing * (unitEnds[0] + unitEnds[n - 1]))
  }

  /// One step in place, on contiguous values.
  func step(_ values: UnsafeMutablePointer<Double>, scratch: inout [Double]) {
    let n = masses.count
    guard n > 1 else { return }
    for i in 0..<n { values[i] *= masses[i] }
    Self.solve(values, count: n, couplings: couplings, inversePivots: inversePivots)
    guard isCyclic else { return }
    let share = correctionScale * (values[0] + values[n - 1])
    for i in 0..<n { values[i] += share * correction[i] }
  }

  /// One step in place across lines of values, each of `lineLength` values from its start; not for circles.
  func stepAcross(_ values: UnsafeMutablePointer<Double>, lineStarts: [Int], lineLength: Int) {
    let n = masses.count
    guard n > 1 else { return }
    for i in 0..<n {
      let line = values + lineStarts[i]
      for k in 0..<lineLength { line[k] *= masses[i] }
      guard i > 0 else { continue }
      let before = values + lineStarts[i - 1]
      let factor = couplings[i - 1] * inversePivots[i - 1]
      for k in 0..<lineLength { line[k] += factor * before[k] }
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      let line = values + lineStarts[i]
      if i == n - 1 {
        for k in 0..<lineLength { line[k] *= inversePivots[i] }
      } else {
        let after = values + lineStarts[i + 1]
        for k in 0..<lineLength { line[k] = (line[k] + couplings[i] * after[k]) * inversePivots[i] }
      }
    }
  }

  private static func solve(
    _ values: UnsafeMutablePointer<Double>, count n: Int, couplings: [Double], inversePivots: [Double]
  ) {
    for i in 1..<n { values[i] += couplings[i - 1] * inversePivots[i - 1] * values[i - 1] }
    values[n - 1] *= inversePivots[n - 1]
    for i in stride(from: n - 2, through: 0, by: -1) {
      values[i] = (values[i] + couplings[i] * values[i + 1]) * inversePivots[i]
    }
  }
}
