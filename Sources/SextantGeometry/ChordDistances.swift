// Straight-line distances between positions, by blocks, so that covariances of many nodes can be formed
// without a second matrix of their size. On the unit sphere a chord d spans the angle 2·asin(d / 2).

import SextantArrays

/// Distances between two lists of positions.
public struct ChordDistances: Sendable {
  /// The positions of the rows.
  public let rowPositions: [SIMD3<Double>]
  /// The positions of the columns.
  public let columnPositions: [SIMD3<Double>]

  /// The distances from each of `rows` to each of `columns`.
  public init(from rows: [SIMD3<Double>], to columns: [SIMD3<Double>]) {
    rowPositions = rows
    columnPositions = columns
  }

  /// The distances among the same positions.
  public init(among positions: [SIMD3<Double>]) { self.init(from: positions, to: positions) }

  /// A function of each distance: rows × columns, in parallel; `transform` is called once for each entry.
  public func matrix<Scalar: TensorScalar>(
    rows: Range<Int>? = nil, as type: Scalar.Type = Double.self,
    _ transform: @Sendable (Double) -> Double = { $0 }
  ) -> Tensor<Scalar> {
    let rows = rows ?? 0..<rowPositions.count
    let width = columnPositions.count
    return Tensor(shape: [rows.count, width]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEachRange(of: rows.count, grain: 16) { range in
        for i in range {
          let position = rowPositions[rows.lowerBound + i]
          for j in 0..<width {
            target[i * width + j] = Scalar(transform((columnPositions[j] - position).length))
          }
        }
      }
    }
  }

  /// Calls `body` with consecutive blocks of rows, of at most about `byteLimit` bytes each.
  public func forEachBlock<Scalar: TensorScalar>(
    as type: Scalar.Type, byteLimit: Int = 64 << 20,
    _ transform: @Sendable (Double) -> Double = { $0 },
    _ body: (_ rows: Range<Int>, _ distances: Tensor<Scalar>) throws -> Void
  ) rethrows {
    let height = max(1, byteLimit / max(1, columnPositions.count * MemoryLayout<Scalar>.stride))
    for start in stride(from: 0, to: rowPositions.count, by: height) {
      let rows = start..<min(rowPositions.count, start + height)
      try body(rows, matrix(rows: rows, as: type, transform))
    }
  }
}
