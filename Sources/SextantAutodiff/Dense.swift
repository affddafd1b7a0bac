// The dense layer's operation: a product with the bias already in the output, and gradients summed in place,
// or kept as factors (`ParameterGradient`).

import SextantArrays

/// x·Wᵀ + b.
///
/// - Parameters:
///   - x: of any shape whose last dimension is `in`.
///   - weight: out×in.
///   - bias: out numbers, or nil.
/// - Returns: the shape of `x` with `out` as the last dimension.
@specialized(where Scalar == Float)
public func dense<Scalar: TensorScalar>(
  _ x: Variable<Scalar>, weight: Variable<Scalar>, bias: Variable<Scalar>? = nil
) -> Variable<Scalar> {
  let (rows, inputs, outputs) = (x.value.rowCount, x.value.columnCount, weight.value.rowCount)
  precondition(
    weight.value.columnCount == inputs && (bias?.value.count ?? outputs) == outputs,
    "Dense layer of weight \(weight.shape) and bias \(bias?.shape ?? []) for \(x.shape)")
  let hasFewRows = FewRows.suits(rows: rows, inputs: inputs, outputs: outputs)
  let value = Tensor<Scalar>(writing: x.shape.dropLast() + [outputs]) { out in
    if hasFewRows { return FewRows.forward(x.value, weight: weight.value, bias: bias?.value, into: out) }
    if let bias = bias?.value {
      bias.reading { bias in
        Work.overRows(rows, columns: outputs) { range in
          for row in range { (out + row * outputs).update(from: bias, count: outputs) }
        }
      }
    }
    guard inputs > 0 else {
      if bias == nil { out.clear(count: rows * outputs) }
      return
    }
    reading(x.value, weight.value) { x, weight in
      SharedProduct.multiply(false, true, rows, outputs, inputs, x, weight, bias == nil ? 0 : 1, out)
    }
  }
  let (xValue, weightValue) = (x.value, weight.value)
  return x.tape.record(value, operation: "dense", from: [x, weight] + (bias.map { [$0] } ?? [])) {
    gradient, cotangents in
    guard rows > 0, outputs > 0 else { return }
    cotangents.write(to: x) { out, adds in
      if hasFewRows { return FewRows.pullback(gradient, weight: weightValue, adds: adds, into: out) }
      reading(gradient, weightValue) { gradient, weight in
        SharedProduct.multiply(false, false, rows, inputs, outputs, gradient, weight, adds ? 1 : 0, out)
      }
    }
    if !cotangents.keepProduct(gradient, xValue, of: weight) {
      cotangents.write(to: weight) { out, adds in
        reading(gradient, xValue) { gradient, x in
          SharedProduct.multiply(true, false, outputs, inputs, rows, gradient, x, adds ? 1 : 0, out)
        }
      }
    }
    if let bias, bias.wantsGradient {
      cotangents.add(sums: columnSums(gradient, timesSecond: nil, segments: 1, columns: outputs).sums, to: bias)
    }
  }
}
