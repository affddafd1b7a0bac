// RMS normalisation, a scale and a shift for each sample, and SiLU as one operation, as it occurs between the
// convolutions of a U-Net's blocks. Three separate operations would read and write six tensors of the size of the
// signal and keep three of them for the backward pass. This operation keeps x alone and recomputes what the backward
// pass needs.

import SextantArrays

/// silu(x/√(mean of x² over the row + ε)·gain·scale + shift).
///
/// - Parameters:
///   - x: B×V×C.
///   - gain: [C].
///   - modulation: a scale and a shift, B×C each, applied to all rows of a sample; nil for 1 and 0.
///   - epsilon: added to the mean square.
public func modulatedNormalisation<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, gain: DifferentiableTensor<Scalar>,
  modulation: (scale: DifferentiableTensor<Scalar>, shift: DifferentiableTensor<Scalar>)?,
  epsilon: Double
) -> DifferentiableTensor<Scalar> {
  let (input, gainValue, columns) = (x.value, gain.value, x.value.columnCount)
  precondition(
    x.shape.count == 3 && gain.value.count == columns
      && (modulation.map { [$0.scale, $0.shift] } ?? []).allSatisfy { $0.shape == [x.shape[0], columns] },
    "Gain \(gain.shape) and modulation \(modulation?.scale.shape ?? []) for \(x.shape)")
  // Without a modulation, all samples form one segment with scale 1 and shift 0.
  let segments = modulation == nil ? 1 : x.shape[0]
  let rows = input.rowCount / max(1, segments)
  let scale = modulation?.scale.value ?? Tensor(repeating: 1, shape: [1, columns])
  let shift = modulation?.shift.value ?? Tensor.zeros([1, columns])
  let kernels = Scalar.kernels
  var inverse = Tensor<Scalar>(writing: [input.rowCount]) { _ in }
  let value = Tensor<Scalar>(writing: x.shape) { out in
    inverse.writing { inverse in
      reading(input, gainValue) { x, gain in
        reading(scale, shift) { scale, shift in
          Work.overSegments(segments, rows: rows, columns: columns) { segment, _, range in
            let row = segment * rows + range.lowerBound
            kernels.rmsSiLURows(
              rows: range.count, columns: columns, epsilon: epsilon, from: x + row * columns, gain: gain,
              scale: scale + segment * columns, shift: shift + segment * columns, inverse: inverse + row,
              to: out + row * columns)
          }
        }
      }
    }
  }
  let inverses = inverse
  let parameters = [gain] + (modulation.map { [$0.scale, $0.shift] } ?? [])
  return x.tape.record(value, operation: "modulated normalisation", from: [x] + parameters) { gradient, cotangents in
    let parts = Work.partCount(rows: rows, columns: columns)
    // The gradient with respect to the shift, and its products with the normalised x.
    var sums = Tensor<Double>.zeros([segments * parts, columns])
    var products = sums
    func pullback(into out: UnsafeMutablePointer<Scalar>, adds: Bool) {
      sums.writing { sums in
        products.writing { products in
          reading(input, gainValue, inverses) { x, gain, inverse in
            reading(scale, shift, gradient) { scale, shift, gradient in
              Work.overSegments(segments, rows: rows, columns: columns) { segment, part, range in
                let row = segment * rows + range.lowerBound
                let place = (segment * parts + part) * columns
                _ = Tensor<Scalar>(writing: [columns]) { work in
                  kernels.rmsSiLURowsPullback(
                    rows: range.count, columns: columns, from: x + row * columns, gain: gain,
                    scale: scale + segment * columns, shift: shift + segment * columns, inverse: inverse + row,
                    gradient: gradient + row * columns, adds: adds, work: work, to: out + row * columns,
                    sums: sums + place, products: products + place)
                }
              }
            }
          }
        }
      }
    }
    if x.wantsGradient {
      cotangents.write(to: x) { pullback(into: $0, adds: $1) }
    } else {
      _ = Tensor<Scalar>(writing: x.shape) { pullback(into: $0, adds: false) }
    }
    let shifts = sumOfParts(sums, segments: segments, parts: parts, columns: columns)
    let scales = sumOfParts(products, segments: segments, parts: parts, columns: columns)
    if let modulation {
      cotangents.add(sums: shifts, to: modulation.shift)
      cotangents.add(sums: scales.scalingColumns(by: gainValue.scalars.map { Double($0) }), to: modulation.scale)
    }
    let gains = scales * scale.converted(to: Double.self)
    cotangents.add(sums: sumOfParts(gains, segments: 1, parts: segments, columns: columns), to: gain)
  }
}
