// Squared distances in the metric of a covariance, as densities of Gaussians need them for many points: differences, solutions and
// sums are done for some points at a time, which stay in the cache.

import SextantArrays

extension CholeskyFactor {
  /// The number of points that are worked on together: enough for fast solutions, few enough for the inner caches.
  private static var grain: Int { 128 }

  /// |L⁻¹·(b − m)|² for each row b of B: its squared distance from m, relative to the covariance A.
  ///
  /// - Parameters:
  ///   - rows: B (rows×n).
  ///   - centre: m (n).
  package func squaredDistances(of rows: Tensor<Scalar>, from centre: [Scalar]) -> [Scalar] {
    let (n, count) = (size, rows.rowCount)
    precondition(
      rows.columnCount == n && centre.count == n,
      "Rows of shape \(rows.shape) and a centre of \(centre.count) for size \(n)")
    guard n > 0, count > 0 else { return [Scalar](repeating: 0, count: count) }
    let distances = Tensor<Scalar>(shape: [count]) { out in
      rows.withUnsafeScalars { rows in
        lower.withUnsafeScalars { l in
          centre.withUnsafeBufferPointer { centre in
            guard let out = out.baseAddress, let rows = rows.baseAddress, let l = l.baseAddress,
              let centre = centre.baseAddress
            else { return }
            // Sound, because each range is written by one thread.
            nonisolated(unsafe) let (target, source, factor, middle) = (out, rows, l, centre)
            OpenBLAS.withSingleThread {
              Parallel.forEachRange(of: count, grain: Self.grain) { range in
                Self.addDistances(target, source, factor, middle, n: n, range)
              }
            }
          }
        }
      }
    }
    return distances.scalars
  }

  private static func addDistances(
    _ out: UnsafeMutablePointer<Scalar>, _ rows: UnsafePointer<Scalar>, _ l: UnsafePointer<Scalar>,
    _ centre: UnsafePointer<Scalar>, n: Int, _ range: Range<Int>
  ) {
    _ = Tensor<Scalar>(shape: [range.count, n]) { scratch in
      guard let scratch = scratch.baseAddress else { return }
      for (place, row) in range.enumerated() {
        Scalar.kernels.subtract(count: n, rows + row * n, centre, to: scratch + place * n)
      }
      Scalar.solveTriangleForRows(false, n, range.count, l, n, scratch, n)
      for (place, row) in range.enumerated() {
        let own = UnsafePointer(scratch + place * n)
        out[row] = Scalar(Scalar.kernels.dot(count: n, own, own))
      }
    }
  }
}
