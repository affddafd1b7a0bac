// The element-wise part of an affine coupling (Dinh et al. 2017) as one operation: it applies the bias, the scale and
// the clamp to the network's output, transforms the second block of entries, and sums the log-scales. As a dozen
// separate operations this took as long as the matrix products of a narrow flow. The matrix products themselves are in
// `dense`.

import SextantArrays

/// The affine map of entries b with log-scales s and shifts t.
public struct AffineCoupling<Scalar: TensorScalar>: Sendable {
  /// Whether the map is the normalising direction, (b + t)·exp(s), rather than its inverse, b·exp(−s) − t.
  public let isNormalising: Bool
  /// Whether s = raw/(1 + |raw|/bound) rather than bound·tanh(raw/bound).
  public let isSoftsign: Bool
  /// The bound on |s|; positive.
  public let bound: Scalar

  public init(isNormalising: Bool, isSoftsign: Bool, bound: Scalar) {
    (self.isNormalising, self.isSoftsign, self.bound) = (isNormalising, isSoftsign, bound)
  }

  /// Transforms the last entries of each point.
  ///
  /// - Parameters:
  ///   - points: B×D. The first D − h entries pass through unchanged; the last h are transformed.
  ///   - product: B×2h, the output of the network's last matrix product: raw log-scales, then raw shifts.
  ///   - bias: 2h values, added to the product.
  ///   - scale: 2h values; the raw log-scales and shifts are (product + bias)·scale.
  /// - Returns: the transformed points (B×D) and the sum of the log-scales of each point (B).
  @specialized(where Scalar == Float)
  public func callAsFunction(
    _ points: DifferentiableTensor<Scalar>, product: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>,
    scale: DifferentiableTensor<Scalar>
  ) -> (points: DifferentiableTensor<Scalar>, logScaleSums: DifferentiableTensor<Scalar>) {
    let (rows, dimension) = (points.value.rowCount, points.value.columnCount)
    let changed = product.value.columnCount / 2
    let kept = dimension - changed
    precondition(
      kept >= 0 && product.value.rowCount == rows && product.value.columnCount == 2 * changed
        && bias.value.count == 2 * changed && scale.value.count == 2 * changed,
      "A coupling of \(product.shape), bias \(bias.shape) and scale \(scale.shape) for \(points.shape)")
    let kernels = Scalar.kernels
    var logScales = Tensor<Scalar>(writing: [rows, changed]) { _ in }
    var sums = Tensor<Scalar>(writing: [rows]) { _ in }
    let value = Tensor<Scalar>(writing: points.shape) { out in
      logScales.writing { logScales in
        sums.writing { sums in
          reading(points.value, product.value) { x, product in
            reading(bias.value, scale.value) { bias, scale in
              Work.overRows(rows, columns: 2 * dimension) { range in
                let (first, start) = (range.lowerBound, range.lowerBound * dimension)
                kernels.copyRows(
                  rows: range.count, columns: kept, from: x + start, stride: dimension, adds: false, to: out + start,
                  outStride: dimension)
                kernels.couple(
                  rows: range.count, columns: changed, stride: dimension, normalises: isNormalising,
                  softsign: isSoftsign, bound: bound, product: product + first * 2 * changed, bias: bias, scale: scale,
                  from: x + start + kept, logScales: logScales + first * changed, to: out + start + kept,
                  sums: sums + first)
              }
            }
          }
        }
      }
    }
    return record(value, logScales, sums, from: (points, product, bias, scale))
  }

  /// The two results are two nodes. The node of the sums is recorded later, so it runs first in the backward pass and
  /// leaves its gradient for the other node.
  @specialized(where Scalar == Float)
  private func record(
    _ value: Tensor<Scalar>, _ logScales: Tensor<Scalar>, _ sums: Tensor<Scalar>,
    from inputs: (
      points: DifferentiableTensor<Scalar>, product: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>,
      scale: DifferentiableTensor<Scalar>
    )
  ) -> (points: DifferentiableTensor<Scalar>, logScaleSums: DifferentiableTensor<Scalar>) {
    let (points, product, bias, scale) = inputs
    let fromSums = GradientOfSums<Scalar>()
    let result = points.tape.record(value, operation: "affine coupling", from: [points, product, bias, scale]) {
      gradient, cotangents in
      let gradients = pullback(
        gradient, fromSums.value, logScales,
        (points.value, product.value, bias.value, scale.value))
      fromSums.value = nil
      cotangents.add(gradients.points, to: points)
      cotangents.add(gradients.product, to: product)
      cotangents.add(sums: gradients.bias, to: bias)
      cotangents.add(sums: gradients.scale, to: scale)
    }
    let logScaleSums = points.tape.record(sums, operation: "sums of log-scales", from: [result]) {
      gradient, cotangents in
      fromSums.value = gradient
      // The pullback of the points must run even if nothing else depends on them.
      cotangents.write(to: result) { out, adds in if !adds { out.clear(count: value.count) } }
    }
    return (result, logScaleSums)
  }

  private func pullback(
    _ gradient: Tensor<Scalar>, _ sumsGradient: Tensor<Scalar>?, _ logScales: Tensor<Scalar>,
    _ values: (points: Tensor<Scalar>, product: Tensor<Scalar>, bias: Tensor<Scalar>, scale: Tensor<Scalar>)
  ) -> (points: Tensor<Scalar>, product: Tensor<Scalar>, bias: Tensor<Double>, scale: Tensor<Double>) {
    let (rows, dimension) = (values.points.rowCount, values.points.columnCount)
    let changed = logScales.columnCount
    let kept = dimension - changed
    let kernels = Scalar.kernels
    // Each part of the rows has its own sums, which are added in order.
    let parts = Work.partCount(rows: rows, columns: 2 * dimension)
    var biasSums = Tensor<Double>.zeros([parts, 2 * changed])
    var scaleSums = Tensor<Double>.zeros([parts, 2 * changed])
    var productGradient = Tensor<Scalar>(writing: values.product.shape) { _ in }
    let pointsGradient = Tensor<Scalar>(writing: values.points.shape) { out in
      productGradient.writing { productOut in
        biasSums.writing { biasSums in
          scaleSums.writing { scaleSums in
            reading(values.points, values.product, logScales) { x, product, logScales in
              reading(values.bias, values.scale) { bias, scale in
                reading(gradient, sumsGradient ?? gradient) { gradient, fromSums in
                  Work.overSegments(1, rows: rows, columns: 2 * dimension) { _, part, range in
                    let (first, start) = (range.lowerBound, range.lowerBound * dimension)
                    kernels.copyRows(
                      rows: range.count, columns: kept, from: gradient + start, stride: dimension, adds: false,
                      to: out + start, outStride: dimension)
                    kernels.couplePullback(
                      rows: range.count, columns: changed, stride: dimension, normalises: isNormalising,
                      softsign: isSoftsign, bound: bound, product: product + first * 2 * changed, bias: bias,
                      scale: scale, from: x + start + kept, logScales: logScales + first * changed,
                      gradient: gradient + start + kept, sumsGradient: sumsGradient == nil ? nil : fromSums + first,
                      to: out + start + kept, productGradient: productOut + first * 2 * changed,
                      biasSums: biasSums + part * 2 * changed, scaleSums: scaleSums + part * 2 * changed)
                  }
                }
              }
            }
          }
        }
      }
    }
    return (
      pointsGradient, productGradient, sumOfParts(biasSums, segments: 1, parts: parts, columns: 2 * changed),
      sumOfParts(scaleSums, segments: 1, parts: parts, columns: 2 * changed)
    )
  }
}

/// The gradient that the node of the sums leaves for the node of the points.
private final class GradientOfSums<Scalar: TensorScalar> {
  var value: Tensor<Scalar>?
}

/// factor·x + shift for x of any shape, with one factor and one shift for all entries.
@specialized(where Scalar == Float)
public func affineMap<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, factor: DifferentiableTensor<Scalar>, shift: DifferentiableTensor<Scalar>
) -> DifferentiableTensor<Scalar> {
  precondition(factor.value.count == 1 && shift.value.count == 1, "\(factor.shape) and \(shift.shape) for one number")
  let (a, c) = (factor.value[0], shift.value[0])
  let kernels = Scalar.kernels
  let (input, count) = (x.value, x.value.count)
  let value = Tensor<Scalar>(writing: x.shape) { out in
    input.reading { x in
      Work.overScalars(count) {
        kernels.affine(
          count: $0.count, factor: a, shift: c, from: x + $0.lowerBound, adds: false, to: out + $0.lowerBound)
      }
    }
  }
  return x.tape.record(value, operation: "affine map", from: [x, factor, shift]) { gradient, cotangents in
    cotangents.write(to: x) { out, adds in
      gradient.reading { gradient in
        Work.overScalars(count) {
          kernels.affine(
            count: $0.count, factor: a, shift: 0, from: gradient + $0.lowerBound, adds: adds, to: out + $0.lowerBound)
        }
      }
    }
    guard factor.wantsGradient || shift.wantsGradient else { return }
    // Add the two sums of the parts in order.
    let parts = (count + Work.grain - 1) / Work.grain
    let partial = Tensor<Double>(writing: [parts, 2]) { out in
      gradient.withUnsafeScalars { gradient in
        input.withUnsafeScalars { x in
          Work.overScalars(count) { range in
            let (part, gradient) = (range.lowerBound / Work.grain, UnsafeBufferPointer(rebasing: gradient[range]))
            out[2 * part] = gradient.baseAddress.map { kernels.sum(count: gradient.count, $0) } ?? 0
            out[2 * part + 1] = Scalar.kernels.dot(gradient, UnsafeBufferPointer(rebasing: x[range]))
          }
        }
      }
    }.scalars
    let sums = stride(from: 0, to: partial.count, by: 2).reduce(into: (ofGradient: 0.0, ofProduct: 0.0)) {
      $0 = ($0.ofGradient + partial[$1], $0.ofProduct + partial[$1 + 1])
    }
    cotangents.add(Tensor([Scalar(sums.ofProduct)]).reshaped(to: factor.shape), to: factor)
    cotangents.add(Tensor([Scalar(sums.ofGradient)]).reshaped(to: shift.shape), to: shift)
  }
}
