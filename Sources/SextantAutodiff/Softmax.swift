// Softmax over the last dimension, and over the rows of each sample, as linear attention applies it to its keys.

import SextantArrays

extension DifferentiableTensor {
  /// Softmax of each row, that is over the last dimension.
  public func softmax() -> DifferentiableTensor {
    let (rows, columns) = (value.rowCount, value.columnCount)
    let kernels = Scalar.kernels
    let result = Tensor<Scalar>(writing: shape) { out in
      value.reading { x in
        Work.overRows(rows, columns: columns) {
          kernels.softmaxRows(
            rows: $0.count, columns: columns, from: x + $0.lowerBound * columns, to: out + $0.lowerBound * columns)
        }
      }
    }
    let slot = self.slot
    return tape.record(result, operation: "softmax", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        reading(result, gradient) { y, gradient in
          Work.overRows(rows, columns: columns) {
            let start = $0.lowerBound * columns
            kernels.softmaxRowsPullback(
              rows: $0.count, columns: columns, result: y + start, gradient: gradient + start, adds: adds,
              to: out + start)
          }
        }
      }
    }
  }

  /// Softmax of each column of each sample: over V for a tensor of shape B×V×C.
  public func softmaxOverRows() -> DifferentiableTensor {
    precondition(shape.count == 3, "Softmax over rows takes B×V×C, not \(shape)")
    let (samples, rows, columns) = (shape[0], shape[1], shape[2])
    let kernels = Scalar.kernels
    let result = Tensor<Scalar>(writing: shape) { out in
      var work = Tensor<Scalar>(shape: [samples, columns]) { _ in }
      work.withUnsafeMutableScalars { work in
        guard let work = work.baseAddress else { return }
        value.reading { x in
          Work.overSamples(samples) {
            let start = $0 * rows * columns
            kernels.softmaxColumns(
              rows: rows, columns: columns, from: x + start, work: work + $0 * columns, to: out + start)
          }
        }
      }
    }
    let slot = self.slot
    return tape.record(result, operation: "softmax over rows", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        var work = Tensor<Scalar>(shape: [samples, columns]) { _ in }
        work.withUnsafeMutableScalars { work in
          guard let work = work.baseAddress else { return }
          reading(result, gradient) { y, gradient in
            Work.overSamples(samples) {
              let start = $0 * rows * columns
              kernels.softmaxColumnsPullback(
                rows: rows, columns: columns, result: y + start, gradient: gradient + start, work: work + $0 * columns,
                adds: adds, to: out + start)
            }
          }
        }
      }
    }
  }
}
