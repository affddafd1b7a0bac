// The loops of neural networks at the full width of the processor's vectors: the Swift face of CNetworkKernels.h. Like
// ``VectorScalar`` it has pointers and counts only; the operations of SextantAutodiff check shapes and share out the work.
// Arguments are in the order of the C header, which says what each kernel computes; a Bool says whether the result is added.

import CVectorKernels

/// A scalar type that the network kernels are compiled for.
public protocol NetworkScalar {
  /// The kernels for `set`, which the processor must have.
  static func networkKernels(for set: Processor.InstructionSet) -> NetworkKernels<Self>
  /// The kernels in use.
  static var networkKernels: NetworkKernels<Self> { get }
}

/// The table of kernels for one scalar type and one instruction set.
public struct NetworkKernels<Scalar: NetworkScalar>: @unchecked Sendable {
  // Sendable is sound: each is a C function without state.
  public typealias In = UnsafePointer<Scalar>
  public typealias Out = UnsafeMutablePointer<Scalar>
  public typealias Doubles = UnsafeMutablePointer<Double>
  public typealias Indices = UnsafePointer<Int32>

  /// out ← f(x): count, the activation's code, its slope, x.
  public let activate: (Int, Int32, Scalar, In, Out) -> Void
  /// out ← gradient·f′: count, code, slope, what is held (see ``Activation/derivesFromResult``), gradient.
  public let activationPullback: (Int, Int32, Scalar, In, In, Bool, Out) -> Void
  /// out ← a·b: count, a, b.
  public let products: (Int, In, In, Bool, Out) -> Void
  /// The sum of x in double precision: count, x.
  public let sum: (Int, In) -> Double
  /// out ← x, which is in double precision: count, x.
  public let fromDoubles: (Int, UnsafePointer<Double>, Bool, Out) -> Void
  /// out row ← x row: rows, columns, x, the distance of its rows, adds, out, the distance of its rows.
  public let copyRows: (Int, Int, In, Int, Bool, Out, Int) -> Void
  /// out ← x·scale + shift, one of each for a column: rows, columns, x, scale, shift.
  public let affineRows: (Int, Int, In, In?, In?, Bool, Out) -> Void
  /// out ← 1/√(x + ε): count, ε, x.
  public let inverseRoots: (Int, Double, In, Out) -> Void
  /// out ← x·a + y·b + c, one a, b, c for a column: rows, columns, x, y, a, b, c.
  public let affinePairRows: (Int, Int, In, In, In, In, In, Bool, Out) -> Void
  /// sums ← sums + column sums of x, products likewise of x·y: rows, columns, x, y.
  public let columnSums: (Int, Int, In, In?, Doubles, Doubles?) -> Void
  /// sums ← sums + column sums of x·y·factor, one factor for a row: rows, columns, x, y, factor.
  public let weightedColumnSums: (Int, Int, In, In, In, Doubles) -> Void
  /// out ← factor times the sum of each row: rows, columns, factor, x.
  public let rowSums: (Int, Int, Scalar, In, Out) -> Void
  /// Each row of out ← factor times its number: rows, columns, factor, numbers.
  public let fillRows: (Int, Int, Scalar, In, Bool, Out) -> Void
  /// Row i of out ← rows 2i and 2i + 1 of x: rows of out, columns, x.
  public let sumRowPairs: (Int, Int, In, Bool, Out) -> Void
  /// out[r, j] ← x[r, indices[j]]: rows, columns of out, columns of x, indices, x.
  public let gatherColumns: (Int, Int, Int, Indices, In, Out) -> Void
  /// out[r, indices[j]] ← itself + x[r, j]: rows, columns of x, columns of out, indices, x.
  public let scatterColumns: (Int, Int, Int, Indices, In, Out) -> Void
  /// Row e of out ← row indices[e] of x, 0 for a negative index: entries, columns, indices, x.
  public let gatherRows: (Int, Int, Indices, In, Out) -> Void
  /// Row indices[e] of out ← itself + row e of x, where the index is not negative: entries, columns, indices, x.
  public let scatterRows: (Int, Int, Indices, In, Out) -> Void
  /// The softmax of each row: rows, columns, x.
  public let softmaxRows: (Int, Int, In, Out) -> Void
  /// Its pullback: rows, columns, the result, gradient.
  public let softmaxRowsPullback: (Int, Int, In, In, Bool, Out) -> Void
  /// The softmax of each column: rows, columns, x, room for a row.
  public let softmaxColumns: (Int, Int, In, Out, Out) -> Void
  /// Its pullback: rows, columns, the result, gradient, room for a row.
  public let softmaxColumnsPullback: (Int, Int, In, In, Out, Bool, Out) -> Void
  /// out ← x·gain over the root mean square of the row: rows, columns, epsilon, x, gain, inverse roots.
  public let rmsRows: (Int, Int, Double, In, In, Out, Out) -> Void
  /// Its pullback: rows, columns, x, gain, inverse roots, gradient, room for a row.
  public let rmsRowsPullback: (Int, Int, In, In, In, In, Bool, Out, Out) -> Void
  /// out ← silu of x·gain·scale over the root mean square of the row, plus shift: rows, columns, epsilon, x, gain, scale, shift,
  /// inverse roots.
  public let rmsSiLURows: (Int, Int, Double, In, In, In, In, Out, Out) -> Void
  /// Its pullback: rows, columns, x, gain, scale, shift, inverse roots, gradient, room for a row; then what it makes: the gradient
  /// of x, and added over rows that of shift, and its products with x over the root mean square.
  public let rmsSiLURowsPullback: (Int, Int, In, In, In, In, In, In, Bool, Out, Out, Doubles, Doubles) -> Void
  /// From sums and squares of columns: rows, columns, groups, epsilon, sums, squares, gain, bias; then what it makes: mean and
  /// inverse deviation of each group, scale and shift of each column.
  public let normalisation:
    (Int, Int, Int, Double, UnsafePointer<Double>, UnsafePointer<Double>, In, In, Doubles, Doubles, Out, Out) -> Void
  /// Its pullback: rows, columns, groups, column sums of the gradient and of gradient·x, gain, mean, inverse; then what it
  /// makes: gradients of gain and bias (added), and a, b, c for ``affinePairRows``.
  public let normalisationPullback:
    (
      Int, Int, Int, UnsafePointer<Double>, UnsafePointer<Double>, In, UnsafePointer<Double>, UnsafePointer<Double>,
      Doubles, Doubles, Out, Out, Out
    ) -> Void
  /// What a convolution of three taps along a line multiplies, six matrices for four outputs: tiles, columns (a multiple of 32),
  /// rows of x, the first row of the first tile, x, a row of zeros, the distances of the matrices, of their
  /// parts of `tileColumns` columns, and of their rows.
  public let lineInputs: (Int, Int, Int, Int, In, In, Int, Int, Int, Out) -> Void
  /// Its outputs from the six products: tiles, columns, rows of out, distance of the products, products in panels, bias.
  public let lineOutputs: (Int, Int, Int, Int, In, In?, Bool, Out) -> Void
  /// The products' gradients from those of the outputs: tiles, columns, rows, gradient, a row of zeros, distance of the matrices
  /// and of their rows.
  public let lineOutputGradients: (Int, Int, Int, In, In, Int, Int, Out) -> Void
  /// The six matrices of weights: outputs, inputs, whether the taps are reversed, weights (outputs×3×inputs).
  public let lineWeights: (Int, Int, Bool, In, Out) -> Void
  /// out ← out + the weights' gradient from those of the six: outputs, inputs, gradients in panels.
  public let lineWeightGradients: (Int, Int, In, Out) -> Void
  /// A step of Adam: count, gradient's factor, both betas, rate, scale of the root, epsilon, decay; gradient, first and second
  /// moment, x.
  public let adam: (Int, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, In, Out, Out, Out) -> Void
  /// The tile of a product that stays in registers, which the panels of packed matrices are as wide as.
  public let tileRows: Int
  public let tileColumns: Int
  /// out[panel][row][column] ← x, with zeros beyond its last column: columns, rows, distance of rows, width of a panel, x.
  public let packColumns: (Int, Int, Int, Int, In, Out) -> Void
  /// out[panel][column][row] ← x, with zeros beyond its last row: rows, columns, distance of rows, width of a panel, x.
  public let packRows: (Int, Int, Int, Int, In, Out) -> Void
  /// out ← G·X, in panels of `tileColumns` as X is: rows (no fewer than `tileRows`), depth, columns, distance of the rows of G, G, X.
  public let panelProducts: (Int, Int, Int, Int, In, In, Out) -> Void
  /// out ← Gᵀ·X, likewise: rows of the result, depth (at most 256), columns, distance of the rows of G, G, X.
  public let transposedProducts: (Int, Int, Int, Int, In, In, Bool, Out) -> Void
  /// out ← x·Wᵀ + bias for few rows, which lie as they are: rows of W, its columns, batch, distance of out's rows, W, x, bias.
  public let denseRows: (Int, Int, Int, Int, In, In, In?, Out) -> Void
  /// out ← x·Wᵀ + bias: rows of W, its columns, batch, distance of out's rows, W, x in panels of `tileColumns` rows, bias, room
  /// for sums.
  public let denseOutputs: (Int, Int, Int, Int, In, In, In?, Out, Out) -> Void
  /// out ← g·W: columns of W and out, rows of W, batch (at most 256), distance of the rows of both, W, g in panels of `tileRows`
  /// rows.
  public let denseInputs: (Int, Int, Int, Int, In, In, Bool, Out) -> Void
  /// A step of Adam with the gradient Gᵀ·X, which is never written: rows, columns, rows of G and X, panels of G, panels of X;
  /// then as ``adam``: factor … decay, first and second moment, x.
  public let adamProduct:
    (
      Int, Int, Int, In, In, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, Scalar, Out, Out, Out
    ) -> Void
  /// average ← average + rate·(x − average): count, rate, x.
  public let follow: (Int, Scalar, In, Out) -> Void
  /// out ← factor where a word reaches the threshold, else 0: count, words, threshold, factor.
  public let keepMask: (Int, UnsafePointer<UInt32>, UInt32, Scalar, Out) -> Void
  /// out ← factor·x + shift: count, factor, shift, x.
  public let affine: (Int, Scalar, Scalar, In, Bool, Out) -> Void
  /// An affine coupling: rows, columns, distance of the rows of b and out, normalises, softsign, bound, product, bias, scale, b;
  /// then what it makes: log-scales, out, sums of log-scales.
  public let couple: (Int, Int, Int, Bool, Bool, Scalar, In, In, In, In, Out, Out, Out) -> Void
  /// Its pullback: as above with log-scales and the gradients of out and of the sums; then the gradients of b, product, bias
  /// and scale.
  public let couplePullback:
    (Int, Int, Int, Bool, Bool, Scalar, In, In, In, In, In, In, In?, Out, Out, Doubles, Doubles) -> Void
}
