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
  let kernels = Scalar.kernels
  return columnSums(segments: segments, of: x.count, columns: columns, hasProducts: y != nil) {
    start, rows, sums, products in
    reading(x, y ?? x) { x, second in
      kernels.columnSums(
        rows: rows, columns: columns, of: x + start, times: products == nil ? nil : second + start, sums: sums,
        products: products)
    }
  }
}

/// The sums that `add` adds up for runs of rows, in the order of their parts.
///
/// - Parameters:
///   - count: the number of scalars of the matrix.
///   - add: adds the column sums of some rows of the matrix, of which the first begins at `start`, and the sums of products.
func columnSums(
  segments: Int, of count: Int, columns: Int, hasProducts: Bool,
  _ add: (
    _ start: Int, _ rows: Int, _ sums: UnsafeMutablePointer<Double>, _ products: UnsafeMutablePointer<Double>?
  ) -> Void
) -> (sums: Tensor<Double>, products: Tensor<Double>) {
  let rows = segments * columns == 0 ? 0 : count / (segments * columns)
  let parts = Work.partCount(rows: rows, columns: columns)
  var partialProducts = Tensor<Double>.zeros([hasProducts ? segments * parts : 0, columns])
  var partialSums = Tensor<Double>.zeros([segments * parts, columns])
  partialSums.withUnsafeMutableScalars { sums in
    partialProducts.withUnsafeMutableScalars { products in
      guard let sums = sums.baseAddress else { return }
      let products = hasProducts ? products.baseAddress : nil
      Work.overSegments(segments, rows: rows, columns: columns) { segment, part, range in
        let place = (segment * parts + part) * columns
        add((segment * rows + range.lowerBound) * columns, range.count, sums + place, products.map { $0 + place })
      }
    }
  }
  return (
    sumOfParts(partialSums, segments: segments, parts: parts, columns: columns),
    hasProducts ? sumOfParts(partialProducts, segments: segments, parts: parts, columns: columns) : partialProducts
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
