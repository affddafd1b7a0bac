// The loops in C for one scalar type: the Swift interface to CVectorKernels. They are serial and take only pointers and
// counts; the operations that call them check shapes and distribute the work. Matrices are row-major. An output may be
// the same array as an input; otherwise arrays must not overlap. `adds` adds the result to the output.

import CVectorKernels

/// The kernels for one scalar type, compiled for several instruction sets.
public protocol ScalarKernels: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar

  /// Read by a kernel.
  typealias In = UnsafePointer<Scalar>
  /// Written by a kernel.
  typealias Out = UnsafeMutablePointer<Scalar>
  /// Sums in double precision.
  typealias Doubles = UnsafeMutablePointer<Double>

  /// The kernels for an instruction set, which the processor must support.
  init(set: vk_instruction_set)

  /// The rows of the tile of a product that stays in registers.
  var tileRows: Int { get }
  /// The columns of this tile, which are also the width of the panels of packed matrices.
  var tileColumns: Int { get }

  // Element-wise arithmetic.
  /// out ← a + b.
  func add(count: Int, _ a: In, _ b: In, to out: Out)
  /// out ← a − b.
  func subtract(count: Int, _ a: In, _ b: In, to out: Out)
  /// out ← a·b.
  func multiply(count: Int, _ a: In, _ b: In, adds: Bool, to out: Out)
  /// out ← factor·x.
  func scale(count: Int, factor: Scalar, from x: In, to out: Out)
  /// y ← y + factor·x.
  func addScaled(count: Int, factor: Scalar, from x: In, to y: Out)
  /// out ← factor·x + shift.
  func affine(count: Int, factor: Scalar, shift: Scalar, from x: In, adds: Bool, to out: Out)
  /// out ← x, rounded from double precision.
  func fromDoubles(count: Int, _ x: UnsafePointer<Double>, adds: Bool, to out: Out)
  /// out ← 1/√(x + ε).
  func inverseRoots(count: Int, epsilon: Double, from x: In, to out: Out)
  /// The sum of a·b, in double precision.
  func dot(count: Int, _ a: In, _ b: In) -> Double
  /// The sum of x, in double precision.
  func sum(count: Int, _ x: In) -> Double
  /// sums ← sums + x, in double precision.
  func accumulate(count: Int, from x: In, to sums: Doubles)
  /// sums ← sums + x², in double precision.
  func accumulateSquares(count: Int, from x: In, to sums: Doubles)

  // Functions of one variable.
  /// out ← eˣ.
  func exponential(count: Int, from x: In, to out: Out)
  /// out ← f(x) for the function with the code ``Activation/code``; `slope` is that of leaky ReLU.
  func activate(count: Int, activation: Int32, slope: Scalar, from x: In, to out: Out)
  /// out ← gradient·f′, where `held` is the result or the input of the function: see ``Activation/derivesFromResult``.
  func activationPullback(count: Int, activation: Int32, slope: Scalar, held: In, gradient: In, adds: Bool, to out: Out)

  // Covariances.
  /// out ← out + (x − centre)²: one axis of the squared distances from one point to many.
  func addSquaredDifferences(count: Int, centre: Scalar, from x: In, to out: Out)
  /// values ← the correlation at the squared distances, which are in units of the squared range. `values` may be the
  /// array of the distances.
  func matern(count: Int, correlation: vk_correlation, squaredDistances: In, values: Out)
  /// The same, with slopes ← −2 times the derivative with respect to the squared distance.
  func matern(count: Int, correlation: vk_correlation, squaredDistances: In, values: Out, slopes: Out)

  // Rows and columns of matrices.
  /// Each row of out ← the row of x. The strides are the distances between rows.
  func copyRows(rows: Int, columns: Int, from x: In, stride: Int, adds: Bool, to out: Out, outStride: Int)
  /// out ← x·scale + shift, with one scale and one shift for each column; nil for 1 and 0.
  func affineRows(rows: Int, columns: Int, from x: In, scale: In?, shift: In?, adds: Bool, to out: Out)
  /// out ← x·a + y·b + c, with one a, b and c for each column.
  func affinePairRows(rows: Int, columns: Int, x: In, y: In, a: In, b: In, c: In, adds: Bool, to out: Out)
  /// sums ← sums + the column sums of x; products ← products + the column sums of x·y.
  func columnSums(rows: Int, columns: Int, of x: In, times y: In?, sums: Doubles, products: Doubles?)
  /// sums ← sums + the column sums of x·y·factor, with one factor for each row.
  func weightedColumnSums(rows: Int, columns: Int, of x: In, times y: In, factors: In, sums: Doubles)
  /// out ← factor times the sum of each row.
  func rowSums(rows: Int, columns: Int, factor: Scalar, of x: In, to out: Out)
  /// All entries of a row of out ← factor times the row's entry of x.
  func fillRows(rows: Int, columns: Int, factor: Scalar, from x: In, adds: Bool, to out: Out)
  /// Row i of out ← the sum of rows 2i and 2i + 1 of x; `rows` counts those of out.
  func sumRowPairs(rows: Int, columns: Int, from x: In, adds: Bool, to out: Out)
  /// out[r, j] ← x[r, indices[j]].
  func gatherColumns(rows: Int, columns: Int, inputColumns: Int, indices: UnsafePointer<Int32>, from x: In, to out: Out)
  /// out[r, indices[j]] ← itself + x[r, j].
  func scatterColumns(
    rows: Int, columns: Int, outputColumns: Int, indices: UnsafePointer<Int32>, from x: In, to out: Out
  )
  /// Row e of out ← row indices[e] of x, or 0 for a negative index.
  func gatherRows(entries: Int, columns: Int, indices: UnsafePointer<Int32>, from x: In, to out: Out)
  /// Row indices[e] of out ← itself + row e of x; negative indices are skipped.
  func scatterRows(entries: Int, columns: Int, indices: UnsafePointer<Int32>, from x: In, to out: Out)

  // Softmax and normalisation. `work` is scratch memory of the length of a row.
  /// The softmax of each row.
  func softmaxRows(rows: Int, columns: Int, from x: In, to out: Out)
  /// The pullback of ``softmaxRows(rows:columns:from:to:)``.
  func softmaxRowsPullback(rows: Int, columns: Int, result: In, gradient: In, adds: Bool, to out: Out)
  /// The softmax of each column.
  func softmaxColumns(rows: Int, columns: Int, from x: In, work: Out, to out: Out)
  /// The pullback of ``softmaxColumns(rows:columns:from:work:to:)``.
  func softmaxColumnsPullback(rows: Int, columns: Int, result: In, gradient: In, work: Out, adds: Bool, to out: Out)
  /// out ← x·gain over the root mean square of the row; inverse ← 1 over the root mean square of each row.
  func rmsRows(rows: Int, columns: Int, epsilon: Double, from x: In, gain: In, inverse: Out, to out: Out)
  /// The pullback of ``rmsRows(rows:columns:epsilon:from:gain:inverse:to:)``.
  func rmsRowsPullback(
    rows: Int, columns: Int, from x: In, gain: In, inverse: In, gradient: In, adds: Bool, work: Out, to out: Out
  )
  /// out ← SiLU(x·gain·scale over the root mean square of the row + shift); inverse ← 1 over the root mean square.
  func rmsSiLURows(
    rows: Int, columns: Int, epsilon: Double, from x: In, gain: In, scale: In, shift: In, inverse: Out, to out: Out
  )
  /// The pullback of ``rmsSiLURows(rows:columns:epsilon:from:gain:scale:shift:inverse:to:)``. With g the gradient of
  /// the argument of SiLU, the column sums of g are added to `sums`, and those of g·x over the root mean square to
  /// `products`.
  func rmsSiLURowsPullback(
    rows: Int, columns: Int, from x: In, gain: In, scale: In, shift: In, inverse: In, gradient: In, adds: Bool,
    work: Out, to out: Out, sums: Doubles, products: Doubles
  )
  /// From the column sums of x and x² over `rows` rows: the mean and the inverse standard deviation of each group of
  /// columns, and the scale and shift of each column that normalise it, multiply it by the gain and add the bias.
  func normalisation(
    rows: Int, columns: Int, groups: Int, epsilon: Double, sums: UnsafePointer<Double>, squares: UnsafePointer<Double>,
    gain: In, bias: In, mean: Doubles, inverse: Doubles, scale: Out, shift: Out
  )
  /// From the column sums of the gradient and of gradient·x: adds the gradients of gain and bias, and computes a, b and
  /// c such that the gradient of x is gradient·a + x·b + c.
  func normalisationPullback(
    rows: Int, columns: Int, groups: Int, sums: UnsafePointer<Double>, products: UnsafePointer<Double>, gain: In,
    mean: UnsafePointer<Double>, inverse: UnsafePointer<Double>, gainGradient: Doubles, biasGradient: Doubles, a: Out,
    b: Out, c: Out
  )

  // SiLU after a normalisation. The gradient g of x·scale + shift is the gradient times the slope of SiLU.
  /// out ← SiLU(x·scale + shift), with one scale and one shift for each column.
  func affineSiLURows(rows: Int, columns: Int, from x: In, scale: In, shift: In, to out: Out)
  /// sums ← sums + the column sums of g; products ← products + the column sums of g·x.
  func affineSiLUSums(
    rows: Int, columns: Int, gradient: In, from x: In, scale: In, shift: In, sums: Doubles, products: Doubles
  )
  /// out ← g·a + x·b + c, with one a, b and c for each column.
  func affineSiLUPullback(
    rows: Int, columns: Int, gradient: In, from x: In, scale: In, shift: In, a: In, b: In, c: In, adds: Bool, to out: Out
  )

  // Convolutions with few outputs. A window has `width` places, and indices name the vertex at each place; −1 for none.
  /// out[v] ← bias + Σ_k x[indices[v, k], k], where x has `columns` contributions of each vertex to each place of a window.
  func sumWindows(
    vertices: Int, width: Int, columns: Int, indices: UnsafePointer<Int32>, from x: In, bias: In?, to out: Out
  )
  /// The transpose: out[indices[v, k], k] ← itself + x[v].
  func spreadWindows(
    vertices: Int, width: Int, columns: Int, indices: UnsafePointer<Int32>, from x: In, to out: Out
  )

  // Convolution of three taps along a line, y[v] = bias + Σ W[k]·x[v + first + k], by six products for four outputs.
  /// The six inputs of each tile, from `rows` rows of x with a multiple of 32 columns. The first tile begins with row
  /// `first`; rows beyond the ends are `zeros`. The six matrices are `plane` apart, their parts of ``tileColumns``
  /// columns `panels`, their rows `stride`.
  func lineInputs(
    tiles: Int, columns: Int, rows: Int, first: Int, from x: In, zeros: In, plane: Int, panels: Int, stride: Int,
    to out: Out
  )
  /// `rows` rows of the result, four from each tile, from the six products in panels of ``tileColumns`` columns.
  func lineOutputs(tiles: Int, columns: Int, rows: Int, plane: Int, products: In, bias: In?, adds: Bool, to out: Out)
  /// The transpose: the gradients of the six products, from those of the result.
  func lineOutputGradients(
    tiles: Int, columns: Int, rows: Int, gradient: In, zeros: In, plane: Int, stride: Int, to out: Out
  )
  /// The weights of the six products (outputs×inputs each), from outputs×3×inputs weights, whose taps may be reversed.
  func lineWeights(outputs: Int, inputs: Int, reverses: Bool, from weight: In, to out: Out)
  /// out ← out + the gradient of the weights, from those of the six products in panels.
  func lineWeightGradients(outputs: Int, inputs: Int, products: In, to out: Out)

  // Convolution of 3×3 taps on a plane of height×width pixels, by 36 products for each tile of 4×4 outputs. Tiles are numbered
  // row by row, `across` to a row of them, and a call takes `tiles` of one image from number `tile`. Panels are parts of
  // ``tileColumns`` channels; what is missing to whole panels is zeros.
  /// The 36 inputs of each tile, which begin `first` rows and columns from its outputs. The 36 matrices are `plane` apart,
  /// their panels `panels`, their rows `stride`. `zeros` has as many channels as x.
  func planeInputs(
    tiles: Int, tile: Int, across: Int, columns: Int, height: Int, width: Int, first: Int, from x: In, zeros: In,
    plane: Int, panels: Int, stride: Int, to out: Out
  )
  /// The pixels of the tiles, from the 36 products in panels that are `panels` apart.
  func planeOutputs(
    tiles: Int, tile: Int, across: Int, columns: Int, height: Int, width: Int, plane: Int, panels: Int, products: In,
    bias: In?, adds: Bool, to out: Out
  )
  /// The transpose: the gradients of the 36 products in rows of `stride`, from those of the pixels.
  func planeOutputGradients(
    tiles: Int, tile: Int, across: Int, columns: Int, height: Int, width: Int, gradient: In, zeros: In, plane: Int,
    stride: Int, to out: Out
  )
  /// One panel of outputs of the weights of the 36 products, out[panel][input][output], from outputs×9×inputs weights.
  func planeWeights(outputs: Int, inputs: Int, panel: Int, plane: Int, from weight: In, to out: Out)
  /// One panel of inputs of the same with the taps reversed: out[panel][output][input].
  func planeReversedWeights(outputs: Int, inputs: Int, panel: Int, plane: Int, from weight: In, to out: Out)
  /// out ← out + the gradient of the weights of one panel of inputs, from those of the 36 products: [panel][output][input].
  func planeWeightGradients(outputs: Int, inputs: Int, panel: Int, plane: Int, products: In, to out: Out)

  // Products of matrices, of which one or both are packed in panels.
  /// out[panel][row][column] ← x in panels of `width` columns, padded with zeros; `stride` is the distance between rows
  /// of x.
  func packColumns(columns: Int, rows: Int, stride: Int, width: Int, from x: In, to out: Out)
  /// out[panel][column][row] ← x in panels of `width` rows, padded with zeros.
  func packRows(rows: Int, columns: Int, stride: Int, width: Int, from x: In, to out: Out)
  /// out ← G·X, with X and out in panels of ``tileColumns`` columns. G, with row stride `stride`, has at least
  /// ``tileRows`` rows; `columns` is a multiple of ``tileColumns``.
  func panelProducts(rows: Int, depth: Int, columns: Int, stride: Int, left g: In, right x: In, to out: Out)
  /// The same for Gᵀ·X, where G has `depth` rows, at most 256.
  func transposedProducts(
    rows: Int, depth: Int, columns: Int, stride: Int, left g: In, right x: In, adds: Bool, to out: Out
  )
  /// out ← x·Wᵀ + bias for a few rows of x, which are not packed; `stride` is the row stride of out.
  func denseRows(outputs: Int, inputs: Int, batch: Int, stride: Int, weight: In, from x: In, bias: In?, to out: Out)
  /// out ← x·Wᵀ + bias, with x in panels of ``tileColumns`` rows, or as it is if it has at most ``tileRows`` rows. `sums`
  /// is scratch memory for outputs×batch scalars, the first rounded up to ``tileRows`` and the second to
  /// ``tileColumns``; it is not used for so few rows.
  func denseOutputs(
    outputs: Int, inputs: Int, batch: Int, stride: Int, weight: In, from x: In, bias: In?, sums: Out, to out: Out
  )
  /// out ← g·W for some columns of W and out, both with row stride `stride`. g has at most 256 rows, in panels of
  /// ``tileRows``, or as it is if it has no more rows than one panel.
  func denseInputs(
    columns: Int, outputs: Int, batch: Int, stride: Int, weight: In, gradient: In, adds: Bool, to out: Out
  )

  // Training.
  /// A step of Adam with `factor` times the gradient. `rate` and `rootScale` include the bias corrections; `decay` is
  /// the fraction of the parameter that the decoupled weight decay subtracts.
  func adam(
    count: Int, factor: Scalar, beta1: Scalar, beta2: Scalar, rate: Scalar, rootScale: Scalar, epsilon: Scalar,
    decay: Scalar, gradient: In, moment: Out, square: Out, parameter: Out
  )
  /// The same with the gradient Gᵀ·X, which is never stored. G and X have `depth` rows, in panels of ``tileRows`` and
  /// ``tileColumns`` columns; the parameter is rows×columns.
  func adamProduct(
    rows: Int, columns: Int, depth: Int, left g: In, right x: In, factor: Scalar, beta1: Scalar, beta2: Scalar,
    rate: Scalar, rootScale: Scalar, epsilon: Scalar, decay: Scalar, moment: Out, square: Out, parameter: Out
  )
  /// average ← average + rate·(x − average).
  func follow(count: Int, rate: Scalar, from x: In, average: Out)
  /// out ← factor where a random word reaches the threshold, 0 elsewhere.
  func keepMask(count: Int, words: UnsafePointer<UInt32>, threshold: UInt32, factor: Scalar, to out: Out)

  // Affine couplings.
  /// A row of (product + bias)·scale has the raw log-scales of all columns, then the shifts t. The log-scales s are
  /// bound·tanh(raw/bound), or raw/(1 + |raw|/bound) for softsign. out ← (b + t)·eˢ if it normalises, otherwise b·e⁻ˢ −
  /// t; sums ← the sum of s over each row. `stride` is the row stride of b and out.
  func couple(
    rows: Int, columns: Int, stride: Int, normalises: Bool, softsign: Bool, bound: Scalar, product: In, bias: In,
    scale: In, from b: In, logScales: Out, to out: Out, sums: Out
  )
  /// The pullback of `couple`: the gradients of b and product, and those of bias and scale, added over rows.
  func couplePullback(
    rows: Int, columns: Int, stride: Int, normalises: Bool, softsign: Bool, bound: Scalar, product: In, bias: In,
    scale: In, from b: In, logScales: In, gradient: In, sumsGradient: In?, to bOut: Out, productGradient: Out,
    biasSums: Doubles, scaleSums: Doubles
  )
}

// Witnesses are the functions of CVectorKernels.h, imported as members.
extension FloatKernels: ScalarKernels { public typealias Scalar = Float }
extension DoubleKernels: ScalarKernels { public typealias Scalar = Double }

extension TensorScalar {
  /// The kernels for ``Processor/chosenInstructionSet``.
  public static var kernels: Kernels { Kernels(set: vk_chosen_instruction_set()) }

  /// The kernels for `instructionSet`; nil if the processor does not support it.
  public static func kernels(for instructionSet: Processor.InstructionSet) -> Kernels? {
    instructionSet <= Processor.bestInstructionSet ? Kernels(set: instructionSet.code) : nil
  }
}
