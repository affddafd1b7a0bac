// The spread of samples that are not kept: their squared deviations from a known mean, added up block by block.

import SextantArrays

/// Sums of squares of many draws, one for each node.
public struct DeviationSquares: Sendable {
  private var sums: [Double]
  private var drawCount = 0

  public init(count: Int) { sums = [Double](repeating: 0, count: count) }

  /// Adds the rows of B × nodes deviations from a known mean.
  public mutating func add(_ block: Tensor<Float>) {
    let (rows, nodes) = (block.rowCount, sums.count)
    drawCount += rows
    sums.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let target = UncheckedPointer(base)
      block.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        Parallel.forEachRange(of: nodes, grain: 16384) { range in
          for row in 0..<rows {
            for i in range {
              let value = Double(source[row * nodes + i])
              target[i] = target[i] + value * value
            }
          }
        }
      }
    }
  }

  /// The standard deviation of each node about the mean that was taken off; 0 without draws.
  public var rootMean: [Float] { sums.map { Float(($0 / Double(max(1, drawCount))).squareRoot()) } }
}
