// Element-wise arithmetic of tensors and sums over them, with the vector kernels and in parallel for large tensors.
// Sums are partitioned by the shape alone, so they have the same bits with any number of threads.

import Foundation

extension BinaryFloatingPoint {
  /// The natural logarithm, in double precision.
  var logarithm: Double { log(Double(self)) }
}

extension Tensor {
  /// A tensor of the same shape with `transform` applied to each scalar.
  @inlinable
  public func map<Result: TensorScalar>(_ transform: (Scalar) -> Result) -> Tensor<Result> {
    Tensor<Result>(shape: shape) { out in
      withUnsafeScalars { source in for i in 0..<source.count { out[i] = transform(source[i]) } }
    }
  }

  /// The same scalars in another precision.
  public func converted<Result: TensorScalar>(to type: Result.Type) -> Tensor<Result> {
    if let same = self as? Tensor<Result> { return same }
    return Tensor<Result>(shape: shape) { out in
      withUnsafeScalars { source in
        // Loops over concrete types: generic conversion of single values takes thirty times as long.
        if let source = source as? UnsafeBufferPointer<Float>, let out = out as? UnsafeMutableBufferPointer<Double> {
          convert(source, into: out) { Double($0) }
        } else if let source = source as? UnsafeBufferPointer<Double>,
          let out = out as? UnsafeMutableBufferPointer<Float>
        {
          convert(source, into: out) { Float($0) }
        } else {
          preconditionFailure("Tensors of \(Scalar.self) and \(Result.self)")
        }
      }
    }
  }

  /// The sum of two tensors of equal shape.
  @specialized(where Scalar == Float)
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    a.combined(with: b) { Scalar.kernels.add($0, $1, into: $2) }
  }

  /// The difference of two tensors of equal shape.
  @specialized(where Scalar == Float)
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    a.combined(with: b) { Scalar.kernels.subtract($0, $1, into: $2) }
  }

  /// The element-wise product of two tensors of equal shape.
  @specialized(where Scalar == Float)
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    a.combined(with: b) { Scalar.kernels.multiply($0, $1, into: $2) }
  }

  /// Every scalar times `factor`.
  @specialized(where Scalar == Float)
  public static func * (a: Tensor, factor: Scalar) -> Tensor {
    Tensor(shape: a.shape) { out in
      a.withUnsafeScalars { source in
        Self.forEachPart(of: source, out) { Scalar.kernels.scale($0, by: factor, into: $1) }
      }
    }
  }

  /// Adds `factor` times `other`, in place.
  @specialized(where Scalar == Float)
  public mutating func add(_ other: Tensor, scaledBy factor: Scalar = 1) {
    precondition(count == other.count, "Shapes \(shape) and \(other.shape) differ")
    withUnsafeMutableScalars { target in
      other.withUnsafeScalars { source in
        Self.forEachPart(of: source, target) { Scalar.kernels.add($0, scaledBy: factor, to: $1) }
      }
    }
  }

  private func combined(
    with other: Tensor,
    _ operation:
      @Sendable (UnsafeBufferPointer<Scalar>, UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> Tensor {
    precondition(shape == other.shape, "Shapes \(shape) and \(other.shape) differ")
    return Tensor(shape: shape) { out in
      withUnsafeScalars { a in
        other.withUnsafeScalars { b in
          nonisolated(unsafe) let (a, b, out) = (a, b, out)
          Parallel.forEachRange(of: out.count, grain: elementwiseGrain) { range in
            operation(
              UnsafeBufferPointer(rebasing: a[range]), UnsafeBufferPointer(rebasing: b[range]),
              UnsafeMutableBufferPointer(rebasing: out[range]))
          }
        }
      }
    }
  }

  private static func forEachPart(
    of source: UnsafeBufferPointer<Scalar>, _ out: UnsafeMutableBufferPointer<Scalar>,
    _ operation: @Sendable (UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) {
    // Sound, because the parts do not overlap.
    nonisolated(unsafe) let (source, out) = (source, out)
    Parallel.forEachRange(of: out.count, grain: elementwiseGrain) { range in
      operation(UnsafeBufferPointer(rebasing: source[range]), UnsafeMutableBufferPointer(rebasing: out[range]))
    }
  }

  /// The matrix with row i multiplied by `factors[i]`.
  public func scalingRows(by factors: [Scalar]) -> Tensor {
    precondition(factors.count == rowCount, "\(factors.count) factors for \(rowCount) rows")
    return mappingRows { row, source, out in Scalar.kernels.scale(source, by: factors[row], into: out) }
  }

  /// The matrix with column j multiplied by `factors[j]`.
  public func scalingColumns(by factors: [Scalar]) -> Tensor {
    precondition(factors.count == columnCount, "\(factors.count) factors for \(columnCount) columns")
    return mappingRows { _, source, out in
      factors.withUnsafeBufferPointer { Scalar.kernels.multiply(source, $0, into: out) }
    }
  }

  private func mappingRows(
    _ operation: @Sendable (Int, UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> Tensor {
    let columns = columnCount
    return Tensor(shape: shape) { out in
      withUnsafeScalars { source in
        nonisolated(unsafe) let (source, out) = (source, out)
        Parallel.forEachRange(of: rowCount, grain: Swift.max(1, elementwiseGrain / Swift.max(1, columns))) { rows in
          for row in rows {
            let range = row * columns..<(row + 1) * columns
            operation(
              row, UnsafeBufferPointer(rebasing: source[range]), UnsafeMutableBufferPointer(rebasing: out[range]))
          }
        }
      }
    }
  }

  /// The sum of the squares of each column, in double precision.
  public func columnSquaredNorms() -> [Double] {
    reducingRows { Scalar.kernels.accumulateSquares(of: $0, into: $1) }
  }

  /// The sum of each column, computed in double precision.
  public func columnSums() -> [Scalar] {
    reducingRows { Scalar.kernels.accumulate($0, into: $1) }.map { Scalar($0) }
  }

  /// The mean of each column, in double precision.
  public func columnMeans() -> [Double] {
    reducingRows { Scalar.kernels.accumulate($0, into: $1) }.map { $0 / Double(Swift.max(1, rowCount)) }
  }

  /// The root-mean-square deviation of each column's entries from `mean`.
  package func columnDeviations(from mean: [Scalar]) -> [Scalar] {
    var sums = [Double](repeating: 0, count: columnCount)
    withUnsafeScalars { values in
      for i in values.indices {
        let j = i % columnCount
        let difference = Double(values[i] - mean[j])
        sums[j] += difference * difference
      }
    }
    return sums.map { Scalar(($0 / Double(Swift.max(1, rowCount))).squareRoot()) }
  }

  private func reducingRows(
    _ accumulate: (UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> [Double] {
    let columns = columnCount
    var sums = [Double](repeating: 0, count: columns)
    sums.withUnsafeMutableBufferPointer { sums in
      withUnsafeScalars { source in
        for row in 0..<rowCount {
          accumulate(UnsafeBufferPointer(rebasing: source[row * columns..<(row + 1) * columns]), sums)
        }
      }
    }
    return sums
  }

  /// The inner product of all scalars, in double precision.
  @specialized(where Scalar == Float)
  public func dot(_ other: Tensor) -> Double {
    precondition(count == other.count, "Shapes \(shape) and \(other.shape) differ")
    return withUnsafeScalars { a in other.withUnsafeScalars { b in Scalar.kernels.dot(a, b) } }
  }
}

@inline(__always)
private func convert<Source: Sendable, Target: Sendable>(
  _ source: UnsafeBufferPointer<Source>, into out: UnsafeMutableBufferPointer<Target>,
  _ one: @Sendable (Source) -> Target
) {
  // Sound, because the ranges do not overlap.
  nonisolated(unsafe) let (source, out) = (source, out)
  Parallel.forEachRange(of: out.count, grain: elementwiseGrain) { range in for i in range { out[i] = one(source[i]) } }
}

/// The number of scalars in one part of an element-wise loop: enough to be worth a thread, few enough for the cache.
private let elementwiseGrain = 1 << 16
