// Sums of rows, and sums and means of whole tensors, in double precision. The partition depends on the shape
// alone.

import SextantArrays

extension DifferentiableTensor {
  /// The mean of all entries, of shape [].
  public func mean() -> DifferentiableTensor { sum() * (1 / Scalar(max(1, value.count))) }

  /// The sum of all entries, of shape [].
  @specialized(where Scalar == Float)
  public func sum() -> DifferentiableTensor {
    let count = value.count
    let parts = (count + Work.grain - 1) / Work.grain
    let kernels = Scalar.kernels
    let partial = Tensor<Double>(writing: [parts]) { out in
      value.reading { x in
        Work.overScalars(count) { out[$0.lowerBound / Work.grain] = kernels.sum(count: $0.count, x + $0.lowerBound) }
      }
    }
    let total = Scalar(partial.scalars.reduce(0, +))
    let slot = self.slot
    return tape.record(Tensor([total], shape: []), operation: "sum", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        gradient.reading { gradient in
          kernels.fillRows(rows: 1, columns: count, factor: 1, from: gradient, adds: adds, to: out)
        }
      }
    }
  }

  /// The sum of each row; the result lacks the last dimension.
  @specialized(where Scalar == Float)
  public func rowSums() -> DifferentiableTensor {
    let (rows, columns) = (value.rowCount, value.columnCount)
    let kernels = Scalar.kernels
    let result = Tensor<Scalar>(writing: shape.dropLast()) { out in
      value.reading { x in
        Work.overRows(rows, columns: columns) {
          kernels.rowSums(
            rows: $0.count, columns: columns, factor: 1, of: x + $0.lowerBound * columns, to: out + $0.lowerBound)
        }
      }
    }
    let slot = self.slot
    return tape.record(result, operation: "sums of rows", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        gradient.reading { gradient in
          Work.overRows(rows, columns: columns) {
            kernels.fillRows(
              rows: $0.count, columns: columns, factor: 1, from: gradient + $0.lowerBound, adds: adds,
              to: out + $0.lowerBound * columns)
          }
        }
      }
    }
  }
}
