// Operations that move numbers without changing them: reshaping, concatenation, slicing, gathering and upsampling.

import SextantArrays

extension DifferentiableTensor {
  /// The same numbers in another shape.
  @specialized(where Scalar == Float)
  public func reshaped(to shape: [Int]) -> DifferentiableTensor {
    let slot = self.slot
    return tape.record(value.reshaped(to: shape), operation: "reshape", from: [self]) { gradient, cotangents in
      cotangents.add(gradient, to: slot)
    }
  }

  /// The columns `range` of the last dimension.
  @specialized(where Scalar == Float)
  public func columns(_ range: Range<Int>) -> DifferentiableTensor {
    let (rows, columns) = (value.rowCount, value.columnCount)
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "Columns \(range) of shape \(shape)")
    let kernels = Scalar.kernels
    let result = Tensor<Scalar>(writing: shape.dropLast() + [range.count]) { out in
      value.reading { x in
        Work.overRows(rows, columns: range.count) {
          kernels.copyRows(
            rows: $0.count, columns: range.count, from: x + $0.lowerBound * columns + range.lowerBound, stride: columns,
            adds: false, to: out + $0.lowerBound * range.count, outStride: range.count)
        }
      }
    }
    let slot = self.slot
    return tape.record(result, operation: "columns", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        if !adds { out.clear(count: rows * columns) }
        gradient.reading { gradient in
          Work.overRows(rows, columns: range.count) {
            kernels.copyRows(
              rows: $0.count, columns: range.count, from: gradient + $0.lowerBound * range.count, stride: range.count,
              adds: true, to: out + $0.lowerBound * columns + range.lowerBound, outStride: columns)
          }
        }
      }
    }
  }

  /// The columns `indices` of the last dimension: column j of the result is column `indices[j]` of this tensor.
  @specialized(where Scalar == Float)
  public func gatheringColumns(_ indices: [Int]) -> DifferentiableTensor {
    let (rows, columns, count) = (value.rowCount, value.columnCount, indices.count)
    precondition(indices.allSatisfy { $0 >= 0 && $0 < columns }, "A column index is outside shape \(shape)")
    let kernels = Scalar.kernels
    let places = indices.map { Int32($0) }
    let result = Tensor<Scalar>(writing: shape.dropLast() + [count]) { out in
      places.withUnsafeBufferPointer { places in
        guard let places = places.baseAddress else { return }
        value.reading { x in
          Work.overRows(rows, columns: count) {
            kernels.gatherColumns(
              rows: $0.count, columns: count, inputColumns: columns, indices: places, from: x + $0.lowerBound * columns,
              to: out + $0.lowerBound * count)
          }
        }
      }
    }
    let slot = self.slot
    return tape.record(result, operation: "gather columns", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        if !adds { out.clear(count: rows * columns) }
        places.withUnsafeBufferPointer { places in
          guard let places = places.baseAddress else { return }
          gradient.reading { gradient in
            Work.overRows(rows, columns: count) {
              kernels.scatterColumns(
                rows: $0.count, columns: count, outputColumns: columns, indices: places,
                from: gradient + $0.lowerBound * count, to: out + $0.lowerBound * columns)
            }
          }
        }
      }
    }
  }

  /// Repeats every row of each sample once: B×V×C to B×2V×C.
  public func upsampledByTwo() -> DifferentiableTensor {
    precondition(shape.count == 3, "Upsampling takes B×V×C, not \(shape)")
    let (rows, columns) = (value.rowCount, value.columnCount)
    let kernels = Scalar.kernels
    let result = Tensor<Scalar>(writing: [shape[0], 2 * shape[1], columns]) { out in
      value.reading { x in
        Work.overRows(rows, columns: columns) { range in
          for offset in 0..<2 {
            kernels.copyRows(
              rows: range.count, columns: columns, from: x + range.lowerBound * columns, stride: columns, adds: false,
              to: out + (2 * range.lowerBound + offset) * columns, outStride: 2 * columns)
          }
        }
      }
    }
    let slot = self.slot
    return tape.record(result, operation: "upsample", from: [self]) { gradient, cotangents in
      cotangents.write(to: slot) { out, adds in
        gradient.reading { gradient in
          Work.overRows(rows, columns: columns) {
            kernels.sumRowPairs(
              rows: $0.count, columns: columns, from: gradient + 2 * $0.lowerBound * columns, adds: adds,
              to: out + $0.lowerBound * columns)
          }
        }
      }
    }
  }
}

/// Concatenates tensors along the last dimension; all other dimensions must be equal.
@specialized(where Scalar == Float)
public func concatenateColumns<Scalar: TensorScalar>(
  _ parts: [DifferentiableTensor<Scalar>]
) -> DifferentiableTensor<Scalar> {
  precondition(!parts.isEmpty, "Nothing to concatenate")
  let first = parts[0]
  let rows = first.value.rowCount
  let widths = parts.map(\.value.columnCount)
  precondition(
    parts.allSatisfy { $0.shape.dropLast() == first.shape.dropLast() },
    "Shapes \(parts.map(\.shape)) cannot be concatenated")
  let columns = widths.reduce(0, +)
  let starts = widths.indices.map { widths[..<$0].reduce(0, +) }
  let kernels = Scalar.kernels
  let value = Tensor<Scalar>(writing: first.shape.dropLast() + [columns]) { out in
    for (part, start) in zip(parts, starts) {
      let width = part.value.columnCount
      part.value.reading { x in
        Work.overRows(rows, columns: width) {
          kernels.copyRows(
            rows: $0.count, columns: width, from: x + $0.lowerBound * width, stride: width, adds: false,
            to: out + $0.lowerBound * columns + start, outStride: columns)
        }
      }
    }
  }
  let slots = parts.map(\.slot)
  return first.tape.record(value, operation: "concatenate", from: parts) { gradient, cotangents in
    for (part, (start, width)) in zip(slots, zip(starts, widths)) {
      cotangents.write(to: part) { out, adds in
        gradient.reading { gradient in
          Work.overRows(rows, columns: width) {
            kernels.copyRows(
              rows: $0.count, columns: width, from: gradient + $0.lowerBound * columns + start, stride: columns,
              adds: adds, to: out + $0.lowerBound * width, outStride: width)
          }
        }
      }
    }
  }
}
