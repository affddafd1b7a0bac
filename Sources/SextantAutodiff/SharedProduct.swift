// Matrix products parallelised by this package rather than by OpenBLAS. OpenBLAS's threads spin while they wait for
// each other and for more work, which is costly if anything else runs, and they cannot share the other products of a
// batch. The partition depends on the shape alone.

import SextantArrays

/// Matrix products computed in parts.
enum SharedProduct {
  /// The initial value of a result, to which the product is added.
  enum Beginning<Scalar: TensorScalar> {
    case zeros
    /// The present content.
    case itself
    /// This row in each row.
    case row(UnsafePointer<Scalar>)
  }

  /// C ← beginning + X·op(W) for row-major matrices without gaps: X is rows×depth in each of `samples`, and op(W) is
  /// depth×columns. The parts of a large product are so small that they stay in the outer caches between their
  /// initialisation and the product. No part extends across samples, so a sample has the same bits in any batch.
  static func multiply<Scalar: TensorScalar>(
    samples: Int = 1, _ rows: Int, _ columns: Int, _ depth: Int, _ x: UnsafePointer<Scalar>,
    _ weight: UnsafePointer<Scalar>, transposingWeight: Bool, from beginning: Beginning<Scalar>,
    into c: UnsafeMutablePointer<Scalar>
  ) {
    let beta: Scalar = if case .zeros = beginning { 0 } else { 1 }
    func multiply(_ sample: Int, _ rowRange: Range<Int>, _ columnRange: Range<Int>) {
      let first = sample * rows + rowRange.lowerBound
      let start = first * columns + columnRange.lowerBound
      if case .row(let row) = beginning {
        for r in 0..<rowRange.count {
          (c + start + r * columns).update(from: row + columnRange.lowerBound, count: columnRange.count)
        }
      }
      guard depth > 0 else { return }
      Scalar.multiply(
        false, transposingWeight, rowRange.count, columnRange.count, depth, 1, x + first * depth, depth,
        weight + (transposingWeight ? columnRange.lowerBound * depth : columnRange.lowerBound),
        transposingWeight ? depth : columns, beta, c + start, columns)
    }
    if depth == 0, case .zeros = beginning { return c.clear(count: samples * rows * columns) }
    OpenBLAS.withSingleThread {
      let work = rows * columns * depth
      if rows >= columns {
        let cached = max(64, (1 << 19) / (columns + depth) / 16 * 16)
        Work.overSamples(samples, of: rows, grain: min(cached, grain(rows, work: work))) {
          multiply($0, $1, 0..<columns)
        }
      } else {
        Work.overSamples(samples, of: columns, grain: grain(columns, work: work)) { multiply($0, 0..<rows, $1) }
      }
    }
  }

  /// C ← Aᵀ·B, or C += Aᵀ·B, for row-major A (depth×m) and B (depth×n). If they have many rows and the result is small,
  /// each part of the rows has its own sum.
  static func multiplyTransposed<Scalar: TensorScalar>(
    _ m: Int, _ n: Int, _ depth: Int, _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, adds: Bool,
    into c: UnsafeMutablePointer<Scalar>
  ) {
    let beta: Scalar = adds ? 1 : 0
    if depth >= 2048, depth >= 4 * max(m, n) { return sumOfProducts(m, n, depth, a, b, adds: adds, into: c) }
    OpenBLAS.withSingleThread {
      if m >= n {
        Work.overRanges(m, grain: grain(m, work: m * n * depth)) {
          let start = $0.lowerBound
          Scalar.multiply(true, false, $0.count, n, depth, 1, a + start, m, b, n, beta, c + start * n, n)
        }
      } else {
        Work.overRanges(n, grain: grain(n, work: m * n * depth)) {
          let start = $0.lowerBound
          Scalar.multiply(true, false, m, $0.count, depth, 1, a, m, b + start, n, beta, c + start, n)
        }
      }
    }
  }

  private static func sumOfProducts<Scalar: TensorScalar>(
    _ m: Int, _ n: Int, _ depth: Int, _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, adds: Bool,
    into c: UnsafeMutablePointer<Scalar>
  ) {
    let parts = min(8, depth / 1024)
    let length = (depth + parts - 1) / parts
    let size = m * n
    let partial = Tensor<Scalar>(writing: [parts, size]) { sums in
      forEach(parts) { part in
        let start = part * length
        Scalar.multiply(
          true, false, m, n, min(depth - start, length), 1, a + start * m, m, b + start * n, n, 0, sums + part * size,
          n)
      }
    }
    partial.reading { partial in
      Work.overScalars(size) { range in
        let result = UnsafeMutableBufferPointer(start: c + range.lowerBound, count: range.count)
        for part in 0..<parts {
          let sums = UnsafeBufferPointer(start: partial + part * size + range.lowerBound, count: range.count)
          if part == 0 && !adds {
            _ = result.update(from: sums)
          } else {
            Scalar.kernels.add(sums, scaledBy: 1, to: result)
          }
        }
      }
    }
  }

  /// Parts for one thread lose about a twentieth of the speed at 256 rows or columns and a seventh at 64. Small
  /// products are not split.
  private static func grain(_ extent: Int, work: Int) -> Int {
    guard work >= 1 << 20 else { return max(1, extent) }
    let eighth = (extent / 8 + 15) / 16 * 16
    return max(eighth, extent >= 256 ? 128 : 64)
  }

  /// Calls `product` for each of `count` pairs of matrices, on as many threads at once as there are.
  static func forEach(_ count: Int, _ product: (Int) -> Void) {
    guard count > 0 else { return }
    OpenBLAS.withSingleThread { Work.overSamples(count, product) }
  }
}
