// Sums and means of rows, of samples and of whole tensors, in double precision. The partition depends on the shape
// alone.

import SextantArrays

extension DifferentiableTensor {
  /// The sum of each row; the result lacks the last dimension.
  public func rowSums() -> DifferentiableTensor { sums(of: value.rowCount, shape: Array(shape.dropLast()), factor: 1) }

  /// The sum over all dimensions but the first: [B].
  public func sampleSums() -> DifferentiableTensor { sums(of: shape.first ?? 1, shape: [shape.first ?? 1], factor: 1) }

  /// The mean over all dimensions but the first: [B].
  public func sampleMeans() -> DifferentiableTensor {
    let samples = shape.first ?? 1
    return sums(of: samples, shape: [samples], factor: 1 / Scalar(max(1, value.count / max(1, samples))))
  }

  /// The mean of all entries, of shape [].
  public func mean() -> DifferentiableTensor { sum() * (1 / Scalar(max(1, value.count))) }

  /// The sum of all entries, of shape [].
  @specialized(where Scalar == Float)
  public func sum() -> DifferentiableTensor {
    let count = value.count
    let parts = (count + Work.grain - 1) / Work.grain
    let kernels = Scalar.networkKernels
    let partial = Tensor<Double>(writing: [parts]) { out in
      value.reading { x in
        Work.overScalars(count) { out[$0.lowerBound / Work.grain] = kernels.sum($0.count, x + $0.lowerBound) }
      }
    }
    let total = Scalar(partial.scalars.reduce(0, +))
    let slot = self.slot
    return tape.record(Tensor([total], shape: []), operation: "sum", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        gradient.reading { gradient in kernels.fillRows(1, count, 1, gradient, adds, out) }
      }
    }
  }

  @specialized(where Scalar == Float)
  private func sums(of rows: Int, shape: [Int], factor: Scalar) -> DifferentiableTensor {
    let columns = rows == 0 ? 0 : value.count / rows
    let kernels = Scalar.networkKernels
    let result = Tensor<Scalar>(writing: shape) { out in
      value.reading { x in
        Work.overRows(rows, columns: columns) {
          kernels.rowSums($0.count, columns, factor, x + $0.lowerBound * columns, out + $0.lowerBound)
        }
      }
    }
    let slot = self.slot
    return tape.record(result, operation: "sums of rows", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        gradient.reading { gradient in
          Work.overRows(rows, columns: columns) {
            kernels.fillRows(
              $0.count, columns, factor, gradient + $0.lowerBound, adds, out + $0.lowerBound * columns)
          }
        }
      }
    }
  }
}
