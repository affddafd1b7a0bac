// The loops of neural networks with vector instructions: the Swift interface to CNetworkKernels.h. Like
// ``VectorScalar`` it takes only pointers and counts; the operations of SextantAutodiff check shapes and distribute the
// work. The arguments are in the order of the C header, which describes each kernel; a Bool argument states whether the
// result is added.

import CVectorKernels

/// A scalar type for which the network kernels are compiled.
public protocol NetworkScalar {
  /// The kernels for `set`, which the processor must support.
  static func networkKernels(for set: Processor.InstructionSet) -> NetworkKernels<Self>
  /// The kernels in use.
  static var networkKernels: NetworkKernels<Self> { get }
}

/// The table of kernels for one scalar type and one instruction set.
public struct NetworkKernels<Scalar: NetworkScalar>: @unchecked Sendable {
  // Sendable is sound, because each kernel is a C function without state.
  public typealias In = UnsafePointer<Scalar>
  public typealias Out = UnsafeMutablePointer<Scalar>
  public typealias Doubles = UnsafeMutablePointer<Double>
  public typealias Indices = UnsafePointer<Int32>

  /// out ← f(x): count, code of the activation, slope, x.
  public let activate: (Int, Int32, Scalar, In, Out) -> Void
  /// out ← gradient·f′: count, code, slope, the kept tensor (see ``Activation/derivesFromResult``), gradient.
  public let activationPullback: (Int, Int32, Scalar, In, In, Bool, Out) -> Void
  /// out ← a·b: count, a, b.
  public let products: (Int, In, In, Bool, Out) -> Void
  /// The sum of x in double precision: count, x.
  public let sum: (Int, In) -> Double
  /// out ← x, given in double precision: count, x.
  public let fromDoubles: (Int, UnsafePointer<Double>, Bool, Out) -> Void
  /// out row ← x row: rows, columns, x, its row stride, adds, out, its row stride.
  public let copyRows: (Int, Int, In, Int, Bool, Out, Int) -> Void
  /// out ← x·scale + shift, with one of each per column: rows, columns, x, scale, shift.
  public let affineRows: (Int, Int, In, In?, In?, Bool, Out) -> Void
  /// out ← 1/√(x + ε): count, ε, x.
  public let inverseRoots: (Int, Double, In, Out) -> Void
  /// out ← x·a + y·b + c, with one a, b and c per column: rows, columns, x, y, a, b, c.
  public let affinePairRows: (Int, Int, In, In, In, In, In, Bool, Out) -> Void
  /// sums ← sums + column sums of x, and products ← products + column sums of x·y: rows, columns, x, y.
  public let columnSums: (Int, Int, In, In?, Doubles, Doubles?) -> Void
  /// sums ← sums + column sums of x·y·factor, with one factor per row: rows, columns, x, y, factor.
  public let weightedColumnSums: (Int, Int, In, In, In, Doubles) -> Void
  /// out ← factor times the sum of each row: rows, columns, factor, x.
  public let rowSums: (Int, Int, Scalar, In, Out) -> Void
  /// Each row of out ← factor times its number: rows, columns, factor, numbers.
  public let fillRows: (Int, Int, Scalar, In, Bool, Out) -> Void
  /// Row i of out ← rows 2i and 2i + 1 of x: rows of out, columns, x.
  public let sumRowPairs: (Int, Int, In, Bool, Out) -> Void
  /// out[r, j] ← x[r, indices[j]]: rows, columns of out, columns of x, indices, x.
  public let gatherColumns: (Int, Int, Int, Indices, In, Out) -> Void
  /// out[r, indices[j]] ← out[r, indices[j]] + x[r, j]: rows, columns of x, columns of out, indices, x.
  public let scatterColumns: (Int, Int, Int, Indices, In, Out) -> Void
  /// Row e of out ← row indices[e] of x, 0 for a negative index: entries, columns, indices, x.
  public let gatherRows: (Int, Int, Indices, In, Out) -> Void
  /// Row indices[e] of out ← itself + row e of x, if the index is not negative: entries, columns, indices, x.
  public let scatterRows: (Int, Int, Indices, In, Out) -> Void
  /// The softmax of each row: rows, columns, x.
  public let softmaxRows: (Int, Int, In, Out) -> Void
  /// The pullback of the softmax of rows: rows, columns, the result, gradient.
  public let softmaxRowsPullback: (Int, Int, In, In, Bool, Out) -> Void
  /// The softmax of each column: rows, columns, x, scratch memory of a row.
  public let softmaxColumns: (Int, Int, In, Out, Out) -> Void
  /// The pullback of the softmax of columns: rows, columns, the result, gradient, scratch memory of a row.
  public let softmaxColumnsPullback: (Int, Int, In, In, Out, Bool, Out) -> Void
  /// out ← x·gain over the root mean square of the row: rows, columns, epsilon, x, gain, inverse roots.
  public let rmsRows: (Int, Int, Double, In, In, Out, Out) -> Void
  /// The pullback of ``rmsRows``: rows, columns, x, gain, inverse roots, gradient, scratch memory of a row.
  public let rmsRowsPullback: (Int, Int, In, In, In, In, Bool, Out, Out) -> Void
  /// out ← silu of x·gain·scale over the root mean square of the row, plus shift: rows, columns, epsilon, x, gain, scale, shift,
  /// inverse roots.
  public let rmsSiLURows: (Int, Int, Double, In, In, In, In, Out, Out) -> Void
  /// The pullback of ``rmsSiLURows``: rows, columns, x, gain, scale, shift, inverse roots, gradient, scratch memory of
  /// a row; then the outputs: the gradient of x, and the sums over rows of the gradient of shift and of its products
  /// with x over the root mean square.
  public let rmsSiLURowsPullback: (Int, Int, In, In, In, In, In, In, Bool, Out, Out, Doubles, Doubles) -> Void
  /// From sums and squares of columns: rows, columns, groups, epsilon, sums, squares, gain, bias; then the outputs:
  /// mean and inverse standard deviation of each group, scale and shift of each column.
  public let normalisation:
    (Int, Int, Int, Double, UnsafePointer<Double>, UnsafePointer<Double>, In, In, Doubles, Doubles, Out, Out) -> Void
  /// The pullback of ``normalisation``: rows, columns, groups, column sums of the gradient and of gradient·x, gain,
  /// mean, inverse; then the outputs: gradients of gain and bias (added), and a, b, c for ``affinePairRows``.
  public let normalisationPullback:
    (
      Int, Int, Int, UnsafePointer<Double>, UnsafePointer<Double>, In, UnsafePointer<Double>, UnsafePointer<Double>,
      Doubles, Doubles, Out, Out, Out
    ) -> Void
  /// The inputs of a convolution of three taps along a line, six matrices for four outputs: tiles, columns (a multiple
  /// of 32), rows of x, the first row of the first tile, x, a row of zeros, the distances between the matrices, between
  /// their parts of `tileColumns` columns, and between their rows.
  public let lineInputs: (Int, Int, Int, Int, In, In, Int, Int, Int, Out) -> Void
  /// The outputs of the convolution from the six products: tiles, columns, rows of out, distance between the products,
  /// products in panels, bias.
  public let lineOutputs: (Int, Int, Int, Int, In, In?, Bool, Out) -> Void
  /// The gradients of the products from those of the outputs: tiles, columns, rows, gradient, a row of zeros, distances
  /// between the matrices and between their rows.
  public let lineOutputGradients: (Int, Int, Int, In, In, Int, Int, Out) -> Void
  /// The six matrices of weights: outputs, inputs, whether the taps are reversed, weights (outputs×3×inputs).
  public let lineWeights: (Int, Int, Bool, In, Out) -> Void
  /// out ← out + the gradient of the weights from those of the six matrices: outputs, inputs, gradients in panels.
  public let lineWeightGradients: (Int, Int, In, Out) -> Void
  /// A step of Adam: count, factor of the gradient, both betas, rate, scale of the root, epsilon, decay; gradient,
  /// first and second moment, x.
  public let adam: (Int, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, In, Out, Out, Out) -> Void
  /// The tile of a product that stays in registers, which is also the width of the panels of packed matrices.
  public let tileRows: Int
  public let tileColumns: Int
  /// out[panel][row][column] ← x, with zeros beyond its last column: columns, rows, row stride, width of a panel, x.
  public let packColumns: (Int, Int, Int, Int, In, Out) -> Void
  /// out[panel][column][row] ← x, with zeros beyond its last row: rows, columns, row stride, width of a panel, x.
  public let packRows: (Int, Int, Int, Int, In, Out) -> Void
  /// out ← G·X in panels of `tileColumns`, like X: rows (at least `tileRows`), depth, columns, row stride of G, G, X.
  public let panelProducts: (Int, Int, Int, Int, In, In, Out) -> Void
  /// out ← Gᵀ·X in the same form: rows of the result, depth (at most 256), columns, row stride of G, G, X.
  public let transposedProducts: (Int, Int, Int, Int, In, In, Bool, Out) -> Void
  /// out ← x·Wᵀ + bias for a few rows, unpacked: rows of W, its columns, batch, row stride of out, W, x, bias.
  public let denseRows: (Int, Int, Int, Int, In, In, In?, Out) -> Void
  /// out ← x·Wᵀ + bias: rows of W, its columns, batch, row stride of out, W, x in panels of `tileColumns` rows, bias,
  /// scratch memory for sums.
  public let denseOutputs: (Int, Int, Int, Int, In, In, In?, Out, Out) -> Void
  /// out ← g·W: columns of W and out, rows of W, batch (at most 256), row stride of both, W, g in panels of `tileRows`
  /// rows.
  public let denseInputs: (Int, Int, Int, Int, In, In, Bool, Out) -> Void
  /// A step of Adam with the gradient Gᵀ·X, which is never stored: rows, columns, rows of G and X, panels of G, panels
  /// of X; then as for ``adam``: factor … decay, first and second moment, x.
  public let adamProduct:
    (
      Int, Int, Int, In, In, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, Out, Out, Out
    ) -> Void
  /// average ← average + rate·(x − average): count, rate, x.
  public let follow: (Int, Scalar, In, Out) -> Void
  /// out ← factor if a word reaches the threshold, otherwise 0: count, words, threshold, factor.
  public let keepMask: (Int, UnsafePointer<UInt32>, UInt32, Scalar, Out) -> Void
  /// out ← factor·x + shift: count, factor, shift, x.
  public let affine: (Int, Scalar, Scalar, In, Bool, Out) -> Void
  /// An affine coupling: rows, columns, row stride of b and out, normalises, softsign, bound, product, bias, scale, b;
  /// then the outputs: log-scales, out, sums of log-scales.
  public let couple: (Int, Int, Int, Bool, Bool, Scalar, In, In, In, In, Out, Out, Out) -> Void
  /// The pullback of ``couple``: as above with log-scales and the gradients of out and of the sums; then the gradients
  /// of b, product, bias and scale.
  public let couplePullback:
    (Int, Int, Int, Bool, Bool, Scalar, In, In, In, In, In, In, In?, Out, Out, Doubles, Doubles) -> Void
}
