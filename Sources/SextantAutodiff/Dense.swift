// The operation of a dense layer: a matrix product added to the bias in the output. Gradients are accumulated in place,
// or kept as two factors (`ParameterGradient`).

import SextantArrays

/// x·Wᵀ + b.
///
/// - Parameters:
///   - x: a tensor of any shape whose last dimension is `in`.
///   - weight: out×in.
///   - bias: `out` values, or nil.
/// - Returns: a tensor of the shape of `x` with `out` as its last dimension.
@specialized(where Scalar == Float)
public func dense<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, weight: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>? = nil
) -> DifferentiableTensor<Scalar> {
  let (rows, inputs, outputs) = (x.value.rowCount, x.value.columnCount, weight.value.rowCount)
  precondition(
    weight.value.columnCount == inputs && (bias?.value.count ?? outputs) == outputs,
    "Dense layer of weight \(weight.shape) and bias \(bias?.shape ?? []) for \(x.shape)")
  let products = DenseProducts<Scalar>(x.shape, outputs: outputs)
  let value = Tensor<Scalar>(writing: x.shape.dropLast() + [outputs]) {
    products.forward(x.value, weight: weight.value, bias: bias?.value, into: $0)
  }
  let (xValue, weightValue) = (x.value, weight.value)
  return x.tape.record(value, operation: "dense", from: [x, weight] + (bias.map { [$0] } ?? [])) {
    gradient, cotangents in
    guard rows > 0, outputs > 0 else { return }
    cotangents.write(to: x) { products.pullback(gradient, weight: weightValue, adds: $1, into: $0) }
    if !cotangents.keepProduct(gradient, xValue, of: weight) {
      cotangents.write(to: weight) { out, adds in
        reading(gradient, xValue) { gradient, x in
          SharedProduct.multiplyTransposed(outputs, inputs, rows, gradient, x, adds: adds, into: out)
        }
      }
    }
    if let bias, bias.wantsGradient {
      cotangents.add(sums: columnSums(gradient, timesSecond: nil, segments: 1, columns: outputs).sums, to: bias)
    }
  }
}
