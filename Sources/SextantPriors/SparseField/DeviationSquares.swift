// The standard deviation of samples that are not stored: their squared deviations from a known mean are added block by
// block. It stands in where there is no memory for the exact one.

import SextantArrays

/// The sums of squares of many samples, one for each node.
package struct DeviationSquares: Sendable {
  private var sums: [Double]
  private var drawCount = 0

  package init(count: Int) { sums = [Double](repeating: 0, count: count) }

  /// Adds B × nodes deviations from a known mean.
  package mutating func add(_ block: Tensor<Float>) {
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

  /// The standard deviation at each node about the known mean; 0 without samples.
  package var rootMean: [Float] { sums.map { Float(($0 / Double(max(1, drawCount))).squareRoot()) } }
}
