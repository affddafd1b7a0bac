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

  /// The mean along a straight line of a length in pixels, at an angle in degrees from the rows, counterclockwise: along a row, of as many
  /// pixels as it is long. The kernel has the rows and columns that the line crosses.
  static func motion(length: Double, angle: Double) -> BlurKernel? {
    let (sine, cosine) = (sin(angle * .pi / 180), cos(angle * .pi / 180))
    // The middles of many equal parts of the line; each belongs to the nearest pixel.
    let parts = max(1, Int((length * 32).rounded()))
    let pixels = (0..<parts).map { part -> (row: Int, column: Int) in
      let place = ((Double(part) + 0.5) / Double(parts) - 0.5) * length
      return (Int((-place * sine).rounded()), Int((place * cosine).rounded()))
    }
    let reach = pixels.reduce((rows: 0, columns: 0)) { (max($0.rows, abs($1.row)), max($0.columns, abs($1.column))) }
    let (rows, columns) = (2 * reach.rows + 1, 2 * reach.columns + 1)
    var weights = [Double](repeating: 0, count: rows * columns)
    for pixel in pixels { weights[(pixel.row + reach.rows) * columns + pixel.column + reach.columns] += 1 }
    return BlurKernel(rows: rows, columns: columns, weights: weights)
  }

  /// The kernels of a row and of a column, applied one after the other; nil if there are none.
  var passes: [BlurKernel]? {
    guard let factors, let row = BlurKernel(rows: 1, columns: factors.row.count, weights: factors.row),
      let column = BlurKernel(rows: factors.column.count, columns: 1, weights: factors.column)
    else { return nil }
    return [row, column]
  }
}
