// Normalisation by the statistics of groups of columns over blocks of rows. Batch normalisation has one block and
// groups of one column; group normalisation has one block for each sample. Statistics are summed in double precision.

import SextantArrays

/// (x − mean)/√(variance + ε)·gain + bias, with the statistics of each of C columns over all rows, and one gain and one
/// bias for each column.
///
/// - Returns: the result, and the mean and the variance (with the number of rows as denominator) of each column.
@specialized(where Scalar == Float)
public func batchNormalisation<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, gain: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>,
  epsilon: Double
) -> (result: DifferentiableTensor<Scalar>, mean: Tensor<Scalar>, variance: Tensor<Scalar>) {
  let columns = x.value.columnCount
  let normalised = normalisation(x, gain: gain, bias: bias, epsilon: epsilon, segments: 1, groups: columns)
  let variance = normalised.inverse.map { max(0, 1 / ($0 * $0) - epsilon) }
  return (normalised.result, Tensor(doubles: normalised.mean), Tensor(doubles: variance))
}

extension Tensor {
  /// 1/√(x + ε) of each scalar, the form in which running variances are used.
  public func inverseRoots(adding epsilon: Double) -> Tensor {
    Tensor(writing: shape) { out in
      reading { Scalar.kernels.inverseRoots(count: count, epsilon: epsilon, from: $0, to: out) }
    }
  }
}

/// (x − mean)/√(variance + ε)·gain + bias for x (B×V×C), with the statistics of each sample over its rows and the columns
/// of a group, and one gain and one bias for each column. The number of groups is a divisor of C.
///
/// - Parameter activates: whether SiLU follows. As one operation the two read and write half as much as they do one after the
///   other, and keep x alone.
@specialized(where Scalar == Float)
public func groupNormalisation<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, gain: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>,
  groups: Int, epsilon: Double, activates: Bool = false
) -> DifferentiableTensor<Scalar> {
  precondition(
    x.shape.count == 3 && groups > 0 && x.shape[2] % groups == 0, "\(groups) groups of columns of shape \(x.shape)")
  return normalisation(
    x, gain: gain, bias: bias, epsilon: epsilon, segments: x.shape[0], groups: groups, activates: activates
  )
  .result
}

private func normalisation<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, gain: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>,
  epsilon: Double, segments: Int, groups: Int, activates: Bool = false
) -> (result: DifferentiableTensor<Scalar>, mean: [Double], inverse: [Double]) {
  let (input, columns) = (x.value, x.value.columnCount)
  precondition(
    gain.value.count == columns && bias.value.count == columns,
    "Gain of shape \(gain.shape) and bias of shape \(bias.shape) for \(columns) columns")
  let rows = input.rowCount / max(1, segments)
  let kernels = Scalar.kernels
  let (sums, squares) = columnSums(input, timesSecond: input, segments: segments, columns: columns)
  var mean = [Double](repeating: 0, count: segments * groups)
  var inverse = mean
  var scale = Tensor<Scalar>(shape: [segments, columns]) { _ in }
  var shift = Tensor<Scalar>(shape: [segments, columns]) { _ in }
  mean.withUnsafeMutableBufferPointer { mean in
    inverse.withUnsafeMutableBufferPointer { inverse in
      scale.withUnsafeMutableScalars { scale in
        shift.withUnsafeMutableScalars { shift in
          guard let mean = mean.baseAddress, let inverse = inverse.baseAddress, let scale = scale.baseAddress,
            let shift = shift.baseAddress
          else { return }
          reading(sums, squares) { sums, squares in
            reading(gain.value, bias.value) { gain, bias in
              for segment in 0..<segments {
                let (column, group) = (segment * columns, segment * groups)
                kernels.normalisation(
                  rows: rows, columns: columns, groups: groups, epsilon: epsilon, sums: sums + column,
                  squares: squares + column, gain: gain, bias: bias, mean: mean + group, inverse: inverse + group,
                  scale: scale + column, shift: shift + column)
              }
            }
          }
        }
      }
    }
  }
  let value = Tensor<Scalar>(writing: x.shape) { out in
    reading(input, scale, shift) { x, scale, shift in
      Work.overSegments(segments, rows: rows, columns: columns) { segment, _, range in
        let start = (segment * rows + range.lowerBound) * columns
        let (x, scale, shift) = (x + start, scale + segment * columns, shift + segment * columns)
        if activates {
          kernels.affineSiLURows(
            rows: range.count, columns: columns, from: x, scale: scale, shift: shift, to: out + start)
        } else {
          kernels.affineRows(
            rows: range.count, columns: columns, from: x, scale: scale, shift: shift, adds: false, to: out + start)
        }
      }
    }
  }
  let (means, inverses, gainValue) = (mean, inverse, gain.value)
  let (scales, shifts) = (scale, shift)
  let result = x.tape.record(value, operation: "normalisation", from: [x, gain, bias]) { gradient, cotangents in
    let (sums, products) =
      activates
      ? columnSums(segments: segments, of: input.count, columns: columns, hasProducts: true) {
        start, count, sums, products in
        guard let products else { return }
        let column = start / (rows * columns) * columns
        reading(gradient, input) { gradient, x in
          reading(scales, shifts) { scale, shift in
            kernels.affineSiLUSums(
              rows: count, columns: columns, gradient: gradient + start, from: x + start, scale: scale + column,
              shift: shift + column, sums: sums, products: products)
          }
        }
      } : columnSums(gradient, timesSecond: input, segments: segments, columns: columns)
    var parameters = Tensor<Double>.zeros([2, columns])
    // The coefficients of the gradient with respect to x: three rows for each segment.
    var coefficients = Tensor<Scalar>(shape: [3, segments, columns]) { _ in }
    parameters.withUnsafeMutableScalars { parameters in
      coefficients.withUnsafeMutableScalars { coefficients in
        guard let parameters = parameters.baseAddress, let a = coefficients.baseAddress else { return }
        let (b, c) = (a + segments * columns, a + 2 * segments * columns)
        reading(sums, products) { sums, products in
          gainValue.reading { gain in
            means.withUnsafeBufferPointer { means in
              inverses.withUnsafeBufferPointer { inverses in
                guard let means = means.baseAddress, let inverses = inverses.baseAddress else { return }
                for segment in 0..<segments {
                  let (column, group) = (segment * columns, segment * groups)
                  kernels.normalisationPullback(
                    rows: rows, columns: columns, groups: groups, sums: sums + column, products: products + column,
                    gain: gain, mean: means + group, inverse: inverses + group, gainGradient: parameters,
                    biasGradient: parameters + columns, a: a + column, b: b + column, c: c + column)
                }
              }
            }
          }
        }
      }
    }
    cotangents.add(sums: parameters.rows(0..<1), to: gain)
    cotangents.add(sums: parameters.rows(1..<2), to: bias)
    cotangents.write(to: x) { out, adds in
      reading(gradient, input, coefficients) { gradient, x, a in
        let (b, c) = (a + segments * columns, a + 2 * segments * columns)
        Work.overSegments(segments, rows: rows, columns: columns) { segment, _, range in
          let start = (segment * rows + range.lowerBound) * columns
          let column = segment * columns
          let (a, b, c) = (a + column, b + column, c + column)
          guard activates else {
            return kernels.affinePairRows(
              rows: range.count, columns: columns, x: gradient + start, y: x + start, a: a, b: b, c: c, adds: adds,
              to: out + start)
          }
          reading(scales, shifts) { scale, shift in
            kernels.affineSiLUPullback(
              rows: range.count, columns: columns, gradient: gradient + start, from: x + start, scale: scale + column,
              shift: shift + column, a: a, b: b, c: c, adds: adds, to: out + start)
          }
        }
      }
    }
  }
  return (result, means, inverses)
}
