// Addition and multiplication of a vector to all rows, or of one vector per sample to its rows: shifts, scales and time
// embeddings.

import SextantArrays

extension DifferentiableTensor {
  /// x·scale + shift.
  ///
  /// - Parameters:
  ///   - scale: [C] for all rows, or [B×C] with one vector per sample (B is the first dimension of `self`); nil for 1.
  ///   - shift: the same, and of the shape of `scale` if both are given; nil for 0.
  @specialized(where Scalar == Float)
  public func scalingRows(by scale: DifferentiableTensor? = nil, shiftingBy shift: DifferentiableTensor? = nil)
    -> DifferentiableTensor
  {
    guard let either = scale ?? shift else { return self }
    let columns = value.columnCount
    let segments = either.value.count == columns ? 1 : either.value.rowCount
    precondition(
      either.value.count == segments * columns && (segments == 1 || segments == shape.first)
        && (scale?.value.count ?? either.value.count) == (shift?.value.count ?? either.value.count),
      "Scale \(scale?.shape ?? []) and shift \(shift?.shape ?? []) for \(shape)")
    let rows = value.rowCount / max(1, segments)
    let kernels = Scalar.kernels
    let (x, scaleValue) = (value, scale?.value)
    let result = Tensor<Scalar>(writing: shape) { out in
      reading(x, scaleValue ?? either.value, shift?.value ?? either.value) { x, scales, shifts in
        Work.overSegments(segments, rows: rows, columns: columns) { segment, _, range in
          let start = (segment * rows + range.lowerBound) * columns
          kernels.affineRows(
            rows: range.count, columns: columns, from: x + start,
            scale: scale == nil ? nil : scales + segment * columns,
            shift: shift == nil ? nil : shifts + segment * columns, adds: false, to: out + start)
        }
      }
    }
    let slot = self.slot
    // Only the gradient of the scale needs the input.
    let held = scale?.wantsGradient == true ? x : nil
    return tape.record(result, operation: "scale and shift of rows", from: [self, scale, shift].compactMap(\.self)) {
      gradient, cotangents in
      if let scaleValue {
        cotangents.write(to: slot) { out, adds in
          reading(gradient, scaleValue) { gradient, scales in
            Work.overSegments(segments, rows: rows, columns: columns) { segment, _, range in
              let start = (segment * rows + range.lowerBound) * columns
              kernels.affineRows(
                rows: range.count, columns: columns, from: gradient + start, scale: scales + segment * columns,
                shift: nil,
                adds: adds, to: out + start)
            }
          }
        }
      } else {
        // The same gradient, which is not copied where it is the first.
        cotangents.add(gradient, to: slot)
      }
      guard held != nil || shift?.wantsGradient == true else { return }
      let (sums, products) = columnSums(gradient, timesSecond: held, segments: segments, columns: columns)
      if let shift { cotangents.add(sums: sums, to: shift) }
      if let scale, held != nil { cotangents.add(sums: products, to: scale) }
    }
  }

  /// Adds the vector to every row; [C], or [B×C] with one vector per sample.
  public func addingToRows(_ vector: DifferentiableTensor) -> DifferentiableTensor { scalingRows(shiftingBy: vector) }
}
