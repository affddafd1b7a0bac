// The product of two matrices of variables: the operation that the time goes into.

import SextantArrays

/// op(A)·op(B), where op transposes if asked to; the rows of a tensor of more dimensions are all but its last.
@specialized(where Scalar == Float)
public func matrixProduct<Scalar: TensorScalar>(
  _ a: Variable<Scalar>, _ b: Variable<Scalar>, transposingFirst transposeA: Bool = false,
  transposingSecond transposeB: Bool = false
) -> Variable<Scalar> {
  let value = matrixProduct(a.value, b.value, transposingFirst: transposeA, transposingSecond: transposeB)
  return a.tape.record(value, operation: "matrix product", from: [a, b]) { gradient, cotangents in
    // C = op(A)·op(B): d op(A) = G·op(B)ᵀ and d op(B) = op(A)ᵀ·G, written transposed where op is.
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
