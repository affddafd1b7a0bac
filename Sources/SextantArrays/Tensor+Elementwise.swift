// Element-wise arithmetic, gathers and reductions of tensors.

import Foundation

extension BinaryFloatingPoint {
  /// The natural logarithm, in double precision.
  var logarithm: Double { log(Double(self)) }
}

extension Tensor {
  /// A tensor of the same shape with `transform` applied to each scalar.
  public func map<Result: TensorScalar>(_ transform: (Scalar) -> Result) -> Tensor<Result> {
    Tensor<Result>(shape: shape) { out in
      withUnsafeScalars { for i in 0..<count { out[i] = transform($0[i]) } }
    }
  }

  /// The same scalars in another precision.
  public func converted<Result: TensorScalar>(to type: Result.Type) -> Tensor<Result> {
    map { Result($0) }
  }

  private func combined(
    with other: Tensor, _ operation: (Scalar, Scalar) -> Scalar
  ) -> Tensor {
    precondition(shape == other.shape, "Shapes \(shape) and \(other.shape) differ")
    return Tensor(shape: shape) { out in
      withUnsafeScalars { a in
        other.withUnsafeScalars { b in for i in 0..<count { out[i] = operation(a[i], b[i]) } }
      }
    }
  }

  /// The sum of two tensors of one shape.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, +) }
  /// The difference of two tensors of one shape.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, -) }
  /// The element-wise product of two tensors of one shape.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, *) }
  /// Every scalar times `factor`.
  public static func * (a: Tensor, factor: Scalar) -> Tensor { a.map { $0 * factor } }

  /// Adds `factor` times `other`, in place.
  public mutating func add(_ other: Tensor, scaledBy factor: Scalar = 1) {
    precondition(count == other.count, "Shapes \(shape) and \(other.shape) differ")
    withUnsafeMutableScalars { a in
      other.withUnsafeScalars { b in for i in 0..<a.count { a[i] += factor * b[i] } }
    }
  }

  /// Row `index` of a matrix (columns).
  public func row(_ index: Int) -> Tensor { rows(index..<index + 1).reshaped(to: [columnCount]) }

  /// Consecutive entries of the first dimension.
  public func rows(_ range: Range<Int>) -> Tensor {
    let stride = shape[0] == 0 ? 0 : count / shape[0]
    return Tensor(shape: [range.count] + shape.dropFirst()) { out in
      withUnsafeScalars {
        _ = out.initialize(from: $0[range.lowerBound * stride..<range.upperBound * stride])
      }
    }
  }

  /// The rows of a matrix at `indices`.
  public func gatheringRows(_ indices: [Int]) -> Tensor {
    let columns = columnCount
    return Tensor(shape: [indices.count, columns]) { out in
      withUnsafeScalars { source in
        for (i, index) in indices.enumerated() {
          for j in 0..<columns { out[i * columns + j] = source[index * columns + j] }
        }
      }
    }
  }

  /// The columns of a matrix at `indices`.
  public func gatheringColumns(_ indices: [Int]) -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    return Tensor(shape: [rows, indices.count]) { out in
      withUnsafeScalars { source in
        for i in 0..<rows {
          for (j, index) in indices.enumerated() {
            out[i * indices.count + j] = source[i * columns + index]
          }
        }
      }
    }
  }

  /// The matrix with row i multiplied by `factors[i]`.
  public func scalingRows(by factors: [Scalar]) -> Tensor {
    precondition(factors.count == rowCount, "\(factors.count) factors for \(rowCount) rows")
    let columns = columnCount
    return Tensor(shape: shape) { out in
      withUnsafeScalars { source in
        for i in 0..<factors.count {
          let factor = factors[i]
          for j in i * columns..<(i + 1) * columns { out[j] = source[j] * factor }
        }
      }
    }
  }

  /// The matrix with column j multiplied by `factors[j]`.
  public func scalingColumns(by factors: [Scalar]) -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    precondition(factors.count == columns, "\(factors.count) factors for \(columns) columns")
    return Tensor(shape: shape) { out in
      withUnsafeScalars { source in
        for i in 0..<rows {
          for j in 0..<columns { out[i * columns + j] = source[i * columns + j] * factors[j] }
        }
      }
    }
  }

  /// The sum of the squares of each column, in double precision.
  public func columnSquaredNorms() -> [Double] {
    let (rows, columns) = (rowCount, columnCount)
    var sums = [Double](repeating: 0, count: columns)
    withUnsafeScalars { source in
      for i in 0..<rows {
        for j in 0..<columns {
          let value = Double(source[i * columns + j])
          sums[j] += value * value
        }
      }
    }
    return sums
  }

  /// The mean of each column, in double precision.
  public func columnMeans() -> [Double] {
    let (rows, columns) = (rowCount, columnCount)
    var sums = [Double](repeating: 0, count: columns)
    withUnsafeScalars { source in
      for i in 0..<rows {
        for j in 0..<columns { sums[j] += Double(source[i * columns + j]) }
      }
    }
    return sums.map { $0 / Double(Swift.max(1, rows)) }
  }

  /// The inner product of all scalars, in double precision.
  public func dot(_ other: Tensor) -> Double {
    precondition(count == other.count, "Shapes \(shape) and \(other.shape) differ")
    return withUnsafeScalars { a in
      other.withUnsafeScalars { b in
        (0..<count).reduce(0.0) { $0 + Double(a[$1]) * Double(b[$1]) }
      }
    }
  }
}

extension Tensor {
  /// Overwrites consecutive entries of the first dimension, from `start` on, with all of `other`.
  public mutating func replaceRows(from start: Int, with other: Tensor) {
    let stride = count / Swift.max(1, shape[0])
    precondition(start * stride + other.count <= count, "Shape \(other.shape) does not fit at row \(start) of \(shape)")
    withUnsafeMutableScalars { target in
      other.withUnsafeScalars { source in
        for i in 0..<source.count { target[start * stride + i] = source[i] }
      }
    }
  }
}
