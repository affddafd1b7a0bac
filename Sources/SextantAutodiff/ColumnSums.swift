// Sums over rows in double precision, as needed for the gradients of biases, gains and broadcasts. The partition into
// parts depends on the shape alone.

import SextantArrays

/// For each of `segments` equal blocks of rows: the column sums of `x` and, if `y` is given, the column sums of x·y.
///
/// - Returns: both as segments×columns tensors; the second is empty if `y` is nil.
@specialized(where Scalar == Float)
func columnSums<Scalar: TensorScalar>(
  _ x: Tensor<Scalar>, timesSecond y: Tensor<Scalar>?, segments: Int, columns: Int
) -> (sums: Tensor<Double>, products: Tensor<Double>) {
  let rows = segments * columns == 0 ? 0 : x.count / (segments * columns)
  let parts = Work.partCount(rows: rows, columns: columns)
  let kernels = Scalar.kernels
  var partialProducts = Tensor<Double>.zeros([y == nil ? 0 : segments * parts, columns])
  var partialSums = Tensor<Double>.zeros([segments * parts, columns])
  partialSums.withUnsafeMutableScalars { sums in
    partialProducts.withUnsafeMutableScalars { products in
      guard let sums = sums.baseAddress else { return }
      let products = y == nil ? nil : products.baseAddress
      reading(x, y ?? x) { x, second in
        Work.overSegments(segments, rows: rows, columns: columns) { segment, part, range in
          let start = (segment * rows + range.lowerBound) * columns
          let place = (segment * parts + part) * columns
          kernels.columnSums(
            rows: range.count, columns: columns, of: x + start, times: products == nil ? nil : second + start,
            sums: sums + place,
            products: products.map { $0 + place })
        }
      }
    }
  }
  return (
    sumOfParts(partialSums, segments: segments, parts: parts, columns: columns),
    y == nil ? partialProducts : sumOfParts(partialProducts, segments: segments, parts: parts, columns: columns)
  )
}

/// Adds the parts of each segment in order, from (segments·parts)×columns to segments×columns.
func sumOfParts(_ partial: Tensor<Double>, segments: Int, parts: Int, columns: Int) -> Tensor<Double> {
  guard parts != 1 else { return partial.reshaped(to: [segments, columns]) }
  var result = Tensor<Double>.zeros([segments, columns])
  result.withUnsafeMutableScalars { out in
    partial.withUnsafeScalars { partial in
      for row in 0..<segments * parts {
        let segment = row / parts
        Double.kernels.accumulate(
          UnsafeBufferPointer(rebasing: partial[row * columns..<(row + 1) * columns]),
          into: UnsafeMutableBufferPointer(rebasing: out[segment * columns..<(segment + 1) * columns]))
      }
    }
  }
  return result
}

extension Tensor {
  /// A vector with the given double-precision values, rounded to `Scalar`.
  init(doubles: [Double]) {
    self.init(writing: [doubles.count]) { out in
      doubles.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress else { return }
        Scalar.kernels.fromDoubles(count: doubles.count, source, adds: false, to: out)
      }
    }
  }
}

extension Cotangents {
  /// Adds sums in double precision to the gradient of `input`.
  mutating func add(sums: Tensor<Double>, to input: DifferentiableTensor<Scalar>) {
    add(sums: sums, to: input.slot)
  }

  /// Adds sums in double precision to the gradient in `slot`.
  mutating func add(sums: Tensor<Double>, to slot: GradientSlot<Scalar>) {
    write(to: slot) { out, adds in
      sums.reading { Scalar.kernels.fromDoubles(count: sums.count, $0, adds: adds, to: out) }
    }
  }
}
