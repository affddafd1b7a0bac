// Every differentiable operation, small and large, for the laws that all of them keep.

import SextantArrays
import SextantAutodiff

/// One operation with the shapes that it is tried on.
enum OperationCase: String, CaseIterable, Sendable {
  case add, subtract, multiply, scale, sum, mean, rowSums
  case matrixProduct, matrixProductTransposed, dense, denseWithoutBias, denseUsedTwice
  case denseOfFewRows, denseOfFewRowsUsedTwice, denseOfSamples, affineMap
  case couplingSampling, couplingNormalising, softsignCouplingSampling, softsignCouplingNormalising
  case relu, leakyReLU, silu, gelu, tanh, arcTangent, exponential, logarithm, sigmoid, softplus, square
  case scaleRows, shiftRows, scaleAndShiftRows, scaleAndShiftSamples
  case reshape, columns, concatenate, gather, permute, upsample, heads, gatherRows, mixRows
  case softmax, softmaxOverRows, batchNormalisation, groupNormalisation, groupNormalisationWithSiLU, rootMeanSquare
  case modulatedNormalisation, modulatedNormalisationAlone
  case batchedProduct, batchedProductTransposedFirst, batchedProductTransposedSecond, batchedProductTransposedBoth
  case stencilConvolution, stencilConvolutionWithStride, lineConvolution, planeConvolution, fewOutputConvolution

  /// The shapes of the inputs; `v` is the number of rows of a sample.
  func shapes(rows v: Int) -> [[Int]] {
    switch self {
    case .add, .subtract, .multiply: [[3, v, 5], [3, v, 5]]
    case .matrixProduct: [[v, 7], [7, 5]]
    case .matrixProductTransposed: [[7, v], [5, 7]]
    case .dense: [[3, v, 7], [5, 7], [5]]
    case .denseWithoutBias: [[v, 7], [5, 7]]
    case .denseUsedTwice: [[v, 5], [5, 5], [5]]
    // Weights so large beside the batch that their gradient stays in two factors, and no multiple of a tile.
    case .denseOfFewRows: [[17, 94], [81, 94], [81]]
    case .denseOfFewRowsUsedTwice: [[17, 94], [94, 94], [94]]
    case .denseOfSamples: [[3, v, 94], [81, 94], [81]]
    case .couplingSampling, .couplingNormalising, .softsignCouplingSampling, .softsignCouplingNormalising:
      [[3 * v, 7], [3 * v, 8], [8], [8]]
    case .affineMap: [[3, v, 7], [1], [1]]
    case .scaleRows, .shiftRows: [[3, v, 7], [7]]
    case .scaleAndShiftRows: [[3, v, 7], [7], [7]]
    case .scaleAndShiftSamples: [[3, v, 7], [3, 7], [3, 7]]
    case .concatenate: [[3, v, 4], [3, v, 1], [3, v, 3]]
    case .heads: [[3, v, 6]]
    case .batchNormalisation: [[3, v, 6], [6], [6]]
    case .groupNormalisation, .groupNormalisationWithSiLU: [[3, v, 6], [6], [6]]
    case .rootMeanSquare, .modulatedNormalisationAlone: [[3, v, 37], [37]]
    case .modulatedNormalisation: [[3, v, 37], [37], [3, 37], [3, 37]]
    case .batchedProduct: [[3, v, 7], [3, 7, 5]]
    case .batchedProductTransposedFirst: [[3, 7, v], [3, 7, 5]]
    case .batchedProductTransposedSecond: [[3, v, 7], [3, 5, 7]]
    case .batchedProductTransposedBoth: [[3, 7, v], [3, 5, 7]]
    case .stencilConvolution, .stencilConvolutionWithStride: [[3, v, 4], [5, 3, 4], [5]]
    // Of many rows and whole tiles of channels: six products for four outputs.
    case .lineConvolution: [[3, v, 32], [64, 3, 32], [64]]
    // Of many pixels, eight in a row: 36 products for sixteen outputs.
    case .planeConvolution: [[3, 8 * v, 17], [19, 9, 17], [19]]
    // Fewer contributions to a window than inputs.
    case .fewOutputConvolution: [[3, v, 7], [2, 3, 7], [2]]
    default: [[3, v, 7]]
    }
  }

  /// Whether samples, the first index of the first input, have nothing to do with each other.
  var treatsSamplesAlone: Bool {
    switch self {
    // Results that are one number, matrices without samples, and statistics of a batch.
    case .sum, .mean, .matrixProduct, .matrixProductTransposed, .batchNormalisation, .reshape: false
    // Here rows are samples; a law of their own says from how many on they are alone.
    case .denseWithoutBias, .denseUsedTwice, .denseOfFewRows, .denseOfFewRowsUsedTwice: false
    case .couplingSampling, .couplingNormalising, .softsignCouplingSampling, .softsignCouplingNormalising: false
    default: true
    }
  }

  /// Numbers that the operation is smooth at.
  func inputs(rows: Int) -> [Tensor<Double>] {
    var stream = RandomStream(seed: 11).split(rawValue)
    return shapes(rows: rows).map { shape in
      let x: Tensor<Double> = stream.normals(shape)
      switch self {
      case .relu, .leakyReLU: return x.map { $0 + ($0 < 0 ? -0.1 : 0.1) }
      case .logarithm: return x.map { abs($0) + 0.5 }
      // The clamp's slope has a kink where a raw log-scale is 0: neither a sum with its bias nor a scale comes near that.
      case .softsignCouplingSampling, .softsignCouplingNormalising:
        let away = shape == [8] ? 0.5 : 6
        return shape.last == 8 ? x.map { $0 + ($0 < 0 ? -away : away) } : x
      case .rowSums, .sum, .mean: return x.map { $0 + 0.3 }
      default: return x
      }
    }
  }

  func apply<Scalar: TensorScalar>(_ x: [DifferentiableTensor<Scalar>]) -> DifferentiableTensor<Scalar> {
    let rows = x[0].shape.count > 1 ? x[0].shape[1] : 1
    switch self {
    case .add: return x[0] + x[1]
    case .subtract: return x[0] - x[1]
    case .multiply: return x[0] * x[1]
    case .scale: return x[0] * 1.7
    case .sum: return x[0].sum()
    case .mean: return x[0].mean()
    case .rowSums: return x[0].rowSums()
    case .matrixProduct: return SextantAutodiff.matrixProduct(x[0], x[1])
    case .matrixProductTransposed:
      return SextantAutodiff.matrixProduct(x[0], x[1], transposingFirst: true, transposingSecond: true)
    case .dense, .denseOfSamples: return SextantAutodiff.dense(x[0], weight: x[1], bias: x[2])
    case .denseWithoutBias: return SextantAutodiff.dense(x[0], weight: x[1])
    case .denseUsedTwice:
      let once = SextantAutodiff.dense(x[0], weight: x[1], bias: x[2]) + x[0]
      return SextantAutodiff.dense(once, weight: x[1], bias: x[2]) * once
    case .denseOfFewRows: return SextantAutodiff.dense(x[0], weight: x[1], bias: x[2])
    case .denseOfFewRowsUsedTwice:
      return SextantAutodiff.dense(SextantAutodiff.dense(x[0], weight: x[1], bias: x[2]), weight: x[1])
    case .couplingSampling, .couplingNormalising, .softsignCouplingSampling, .softsignCouplingNormalising:
      let coupling = AffineCoupling<Scalar>(
        isNormalising: self == .couplingNormalising || self == .softsignCouplingNormalising,
        isSoftsign: self == .softsignCouplingSampling || self == .softsignCouplingNormalising, bound: 1.5)
      let result = coupling(x[0], product: x[1], bias: x[2], scale: x[3])
      return concatenateColumns([result.points, result.logScaleSums.reshaped(to: [x[0].shape[0], 1])])
    case .affineMap: return SextantAutodiff.affineMap(x[0], factor: x[1], shift: x[2])
    case .relu: return x[0].relu()
    case .leakyReLU: return x[0].leakyReLU(slope: 0.01)
    case .silu: return x[0].silu()
    case .gelu: return x[0].gelu()
    case .tanh: return x[0].tanh()
    case .arcTangent: return x[0].arcTangent()
    case .exponential: return x[0].exponential()
    case .logarithm: return x[0].logarithm()
    case .sigmoid: return x[0].sigmoid()
    case .softplus: return x[0].softplus()
    case .square: return x[0].squared()
    case .scaleRows: return x[0].scalingRows(by: x[1])
    case .shiftRows: return x[0].addingToRows(x[1])
    case .scaleAndShiftRows, .scaleAndShiftSamples: return x[0].scalingRows(by: x[1], shiftingBy: x[2])
    case .reshape: return x[0].reshaped(to: [x[0].value.count / 7, 7]).softmax()
    case .columns: return x[0].columns(2..<5) * x[0].columns(3..<6)
    case .concatenate: return concatenateColumns(x + [x[1]])
    case .gather: return x[0].gatheringColumns([3, 1, 3, 6, 0])
    case .permute: return x[0].gatheringColumns([3, 1, 4, 6, 0, 2, 5])
    case .upsample: return x[0].upsampledByTwo()
    case .heads: return x[0].splitIntoHeads(2).softmax().mergingHeads(2) * x[0]
    case .gatherRows: return SextantAutodiff.gatherRows(x[0], (0..<2 * rows).map { Int32($0 * 5 % rows) })
    case .mixRows:
      var entries: [(Int, Int, Double)] = []
      for row in 0..<rows + 3 {
        for k in 0..<3 { entries.append((row, (row * 5 + k * 2) % rows, 0.5 - 0.25 * Double(k))) }
      }
      return SextantAutodiff.mixRows(
        x[0], by: RowMixing(SparseMatrix(rowCount: rows + 3, columnCount: rows, entries: entries)))
    case .softmax: return x[0].softmax()
    case .softmaxOverRows: return x[0].softmaxOverRows()
    case .batchNormalisation:
      return SextantAutodiff.batchNormalisation(x[0], gain: x[1], bias: x[2], epsilon: 1e-2).result
    case .groupNormalisation:
      return SextantAutodiff.groupNormalisation(x[0], gain: x[1], bias: x[2], groups: 3, epsilon: 1e-5)
    case .groupNormalisationWithSiLU:
      return SextantAutodiff.groupNormalisation(
        x[0], gain: x[1], bias: x[2], groups: 3, epsilon: 1e-5, activates: true)
    case .modulatedNormalisation:
      return SextantAutodiff.modulatedNormalisation(x[0], gain: x[1], modulation: (x[2], x[3]), epsilon: 1e-6)
    case .modulatedNormalisationAlone:
      return SextantAutodiff.modulatedNormalisation(x[0], gain: x[1], modulation: nil, epsilon: 1e-6)
    case .rootMeanSquare: return rootMeanSquareNormalisation(x[0], gain: x[1], epsilon: 1e-6)
    case .batchedProduct: return batchedMatrixProduct(x[0], x[1])
    case .batchedProductTransposedFirst: return batchedMatrixProduct(x[0], x[1], transposingFirst: true)
    case .batchedProductTransposedSecond: return batchedMatrixProduct(x[0], x[1], transposingSecond: true)
    case .batchedProductTransposedBoth:
      return batchedMatrixProduct(x[0], x[1], transposingFirst: true, transposingSecond: true)
    case .planeConvolution:
      return SextantAutodiff.stencilConvolution(
        x[0], weight: x[1], bias: x[2], stencil: PlaneConvolutionTests.stencil(rows: x[0].shape[1] / 8, columns: 8))
    case .stencilConvolution, .lineConvolution, .fewOutputConvolution:
      return SextantAutodiff.stencilConvolution(
        x[0], weight: x[1], bias: x[2], stencil: .line(count: rows, offsets: -1...1))
    case .stencilConvolutionWithStride:
      return SextantAutodiff.stencilConvolution(
        x[0], weight: x[1], bias: x[2], stencil: .line(count: rows, offsets: 0...2, stride: 2))
    }
  }

  /// A number made of the result that depends on all of it, and the gradients of all inputs.
  func lossAndGradients<Scalar: TensorScalar>(_ inputs: [Tensor<Scalar>]) -> (loss: Double, gradients: [Tensor<Scalar>])
  {
    let tape = Tape<Scalar>()
    let leaves = inputs.map { tape.leaf($0) }
    let result = apply(leaves)
    var stream = RandomStream(seed: 5)
    let weights = stream.normals(result.shape, as: Double.self)
    let gradients = tape.gradients(of: result, seed: weights.converted(to: Scalar.self))
    return (
      result.value.converted(to: Double.self).dot(weights),
      leaves.map { gradients[$0] ?? Tensor.zeros($0.shape) }
    )
  }
}
