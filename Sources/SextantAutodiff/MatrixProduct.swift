// The product of two matrices, the operation that takes most of the time.

import SextantArrays

/// op(A)·op(B), where op is the transpose if requested and the identity otherwise. All dimensions of a tensor but the
/// last count as its rows.
@specialized(where Scalar == Float)
public func matrixProduct<Scalar: TensorScalar>(
  _ a: DifferentiableTensor<Scalar>, _ b: DifferentiableTensor<Scalar>, transposingFirst transposeA: Bool = false,
  transposingSecond transposeB: Bool = false
) -> DifferentiableTensor<Scalar> {
  let value = matrixProduct(a.value, b.value, transposingFirst: transposeA, transposingSecond: transposeB)
  return a.tape.record(value, operation: "matrix product", from: [a, b]) { gradient, cotangents in
    // C = op(A)·op(B), so d op(A) = G·op(B)ᵀ and d op(B) = op(A)ᵀ·G; each is written transposed where op transposes.
    cotangents.add(
      transposeA
        ? matrixProduct(b.value, gradient, transposingFirst: transposeB, transposingSecond: true)
        : matrixProduct(gradient, b.value, transposingSecond: !transposeB),
      to: a)
    cotangents.add(
      transposeB
        ? matrixProduct(gradient, a.value, transposingFirst: true, transposingSecond: transposeA)
        : matrixProduct(a.value, gradient, transposingFirst: !transposeA),
      to: b)
  }
}
