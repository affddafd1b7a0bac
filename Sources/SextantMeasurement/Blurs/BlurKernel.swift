// The kernels of blurs on rows and columns: Gaussian, box, motion, and the numbers of a file. A kernel sums to 1, so that
// a blur keeps the mean. Not here: what lies beyond the frame, see RasterConvolution.

import Foundation

/// The weights of a blur, as a small image. The centre is the entry at half the size, rounded down.
struct BlurKernel: Sendable, Equatable {
  let rows: Int
  let columns: Int
  /// The weights (rows·columns).
  let weights: [Double]
  /// The weights of a row and a column of which the kernel is the product; nil if there are none.
  var factors: (row: [Double], column: [Double])? { line.map { ($0, $0) } }
  private let line: [Double]?

  /// The number of weights.
  var count: Int { weights.count }
  /// How many rows and columns the kernel reaches to either side.
  var reach: (rows: Int, columns: Int) { (max(rows / 2, (rows - 1) / 2), max(columns / 2, (columns - 1) / 2)) }

  /// A kernel of given weights, which are divided by their sum. Nil if the sum is 0, up to rounding, or not finite.
  init?(rows: Int, columns: Int, weights: [Double]) {
    let sum = weights.reduce(0, +)
    let size = weights.reduce(0) { $0 + abs($1) }
    guard sum.isFinite, abs(sum) > 1e-9 * size, size > 0 else { return nil }
    (self.rows, self.columns, self.weights) = (rows, columns, weights.map { $0 / sum })
    line = nil
  }

  private init(line: [Double]) {
    let sum = line.reduce(0, +)
    let line = line.map { $0 / sum }
    (rows, columns) = (line.count, line.count)
    weights = line.flatMap { row in line.map { row * $0 } }
    self.line = line
  }

  /// A Gaussian of a standard deviation in pixels, at `size`×`size` pixels (odd).
  static func gaussian(deviation: Double, size: Int) -> BlurKernel {
    let half = size / 2
    return BlurKernel(line: (-half...half).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) })
  }

  /// The mean of `size`×`size` pixels (odd).
  static func box(size: Int) -> BlurKernel { BlurKernel(line: [Double](repeating: 1, count: size)) }

  /// The mean along a straight line of a length in pixels, at an angle in degrees from the rows, counterclockwise.
  static func motion(length: Double, angle: Double) -> BlurKernel? {
    let half = max(0, Int(((length - 1) / 2).rounded(.up)))
    let size = 2 * half + 1
    var weights = [Double](repeating: 0, count: size * size)
    let (sine, cosine) = (sin(angle * .pi / 180), cos(angle * .pi / 180))
    // Points along the line, each shared among the four pixels around it.
    let points = max(1, Int((length * 32).rounded()))
    for point in 0..<points {
      let place = points == 1 ? 0 : (Double(point) / Double(points - 1) - 0.5) * max(0, length - 1)
      let (x, y) = (Double(half) + place * cosine, Double(half) - place * sine)
      let (column, row) = (x.rounded(.down), y.rounded(.down))
      for (dr, dc) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let (i, j) = (Int(row) + dr, Int(column) + dc)
        let weight = abs(1 - Double(dr) - (y - row)) * abs(1 - Double(dc) - (x - column))
        if weight > 1e-12, (0..<size).contains(i), (0..<size).contains(j) { weights[i * size + j] += weight }
      }
    }
    return BlurKernel(rows: size, columns: size, weights: weights)
  }

  /// The kernels of a row and of a column, applied one after the other; nil if there are none.
  var passes: [BlurKernel]? {
    guard let factors, let row = BlurKernel(rows: 1, columns: factors.row.count, weights: factors.row),
      let column = BlurKernel(rows: factors.column.count, columns: 1, weights: factors.column)
    else { return nil }
    return [row, column]
  }
}
