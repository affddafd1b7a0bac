// RMS normalisation (Zhang and Sennrich 2019): each row is divided by its root mean square; no mean is subtracted.

import SextantArrays

/// x/√(mean of x² over the row + ε)·gain.
///
/// - Parameters:
///   - x: a tensor whose last dimension is C.
///   - gain: [C].
///   - epsilon: added to the mean square; about 1e-12 keeps a row of zeros at zero.
public func rootMeanSquareNormalisation<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, gain: DifferentiableTensor<Scalar>, epsilon: Double
) -> DifferentiableTensor<Scalar> {
  let (input, rows, columns) = (x.value, x.value.rowCount, x.value.columnCount)
  precondition(gain.value.count == columns, "Gain of shape \(gain.shape) for shape \(x.shape)")
  let (gainValue, kernels) = (gain.value, Scalar.kernels)
  var inverse = Tensor<Scalar>(shape: [rows]) { _ in }
  let value = Tensor<Scalar>(writing: x.shape) { out in
    inverse.withUnsafeMutableScalars { inverse in
      guard let inverse = inverse.baseAddress else { return }
      reading(input, gainValue) { x, gain in
        Work.overRows(rows, columns: columns) {
          let start = $0.lowerBound * columns
          kernels.rmsRows(
            rows: $0.count, columns: columns, epsilon: epsilon, from: x + start, gain: gain,
            inverse: inverse + $0.lowerBound, to: out + start)
        }
      }
    }
  }
  let inverses = inverse
  return x.tape.record(value, operation: "RMS normalisation", from: [x, gain]) { gradient, cotangents in
    cotangents.write(to: x) { out, adds in
      reading(input, gainValue, inverses) { x, gain, inverse in
        gradient.reading { gradient in
          Work.overRows(rows, columns: columns) {
            let start = $0.lowerBound * columns
            let count = $0.count
            _ = Tensor<Scalar>(writing: [columns]) { work in
              kernels.rmsRowsPullback(
                rows: count, columns: columns, from: x + start, gain: gain, inverse: inverse + start / columns,
                gradient: gradient + start, adds: adds, work: work, to: out + start)
            }
          }
        }
      }
    }
    guard gain.wantsGradient else { return }
    let parts = Work.partCount(rows: rows, columns: columns)
    var partial = Tensor<Double>.zeros([parts, columns])
    partial.withUnsafeMutableScalars { sums in
      guard let sums = sums.baseAddress else { return }
      reading(gradient, input, inverses) { gradient, x, inverse in
        Work.overSegments(1, rows: rows, columns: columns) { _, part, range in
          let start = range.lowerBound * columns
          kernels.weightedColumnSums(
            rows: range.count, columns: columns, of: gradient + start, times: x + start,
            factors: inverse + range.lowerBound, sums: sums + part * columns)
        }
      }
    }
    cotangents.add(sums: sumOfParts(partial, segments: 1, parts: parts, columns: columns), to: gain)
  }
}
