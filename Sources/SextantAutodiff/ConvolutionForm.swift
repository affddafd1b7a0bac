// The ways to compute a convolution over a table of neighbours, and which one is taken: it depends on the table and the numbers
// of channels alone, and not on the size of the batch.

import SextantArrays

/// One way to compute a convolution of given sizes and its gradients.
protocol ConvolutionForm<Scalar> {
  associatedtype Scalar: TensorScalar

  /// Convolves x (B×V×I) with the weights (O×K×I) to B×V′×O.
  func forward(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar>
  /// The gradient with respect to x (B×V×I), written or added.
  func inputGradient(
    _ gradient: Tensor<Scalar>, _ weight: Tensor<Scalar>, adds: Bool, into memory: UnsafeMutableBufferPointer<Scalar>)
  /// Adds the gradient with respect to the weights (O×K×I).
  func addWeightGradient(
    _ gradient: Tensor<Scalar>, _ x: Tensor<Scalar>, to memory: UnsafeMutableBufferPointer<Scalar>)
}

/// The fastest form for these sizes.
func convolutionForm<Scalar: TensorScalar>(
  _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ stencil: Stencil
) -> any ConvolutionForm<Scalar> {
  if let line = LineConvolution(x, weight, stencil) { return line }
  if let plane = PlaneConvolution(x, weight, stencil) { return plane }
  if let few = FewOutputConvolution(x, weight, stencil) { return few }
  return TableConvolution(x, weight, stencil)
}
