// The choice of the products of a dense layer. If a batch or a sample is small compared with the weights, the kernels of
// `FewRowProduct` are faster than a general product. For still smaller batches nothing is packed, and each output is a
// sum of its own. If x has samples, the choice depends on the shape of one sample, so a sample has the same bits in any
// batch.

import SextantArrays

/// The products x·Wᵀ and g·W of a dense layer.
struct DenseProducts<Scalar: TensorScalar> {
  private enum Way {
    /// Rows of weights times rows of x, both in place.
    case unpacked
    /// By `FewRowProduct`, with this number of rows at a time.
    case panels(Int)
    /// By `SharedProduct`.
    case general
  }

  /// The number of rows from which packing is faster.
  private static var panelRows: Int { 16 }
  /// The number of rows from which a general product of each sample is as fast.
  private static var generalRows: Int { 64 }

  private let samples: Int
  private let rows: Int
  private let inputs: Int
  private let outputs: Int
  private let forwardWay: Way
  private let pullbackWay: Way

  /// - Parameters:
  ///   - shape: that of x: rows×inputs, or samples×rows×inputs.
  ///   - outputs: the rows of the weights.
  init(_ shape: [Int], outputs: Int) {
    let inputs = shape.last ?? 1
    (self.inputs, self.outputs) = (inputs, outputs)
    samples = shape.count > 2 ? shape[0] : 1
    rows = shape.dropLast().dropFirst(shape.count > 2 ? 1 : 0).reduce(1, *)
    let isWide = inputs >= 32 && outputs >= 32
    switch rows {
    case 0..<Self.generalRows where shape.count > 2: (forwardWay, pullbackWay) = (.panels(128), .panels(128))
    case 1..<Self.panelRows where isWide: (forwardWay, pullbackWay) = (.unpacked, .general)
    case Self.panelRows...FewRowProduct.rowLimit where isWide && shape.count <= 2:
      (forwardWay, pullbackWay) = (.panels(rows), .panels(rows))
    default: (forwardWay, pullbackWay) = (.general, .general)
    }
  }

  /// out ← x·Wᵀ + bias.
  func forward(
    _ x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>?, into out: UnsafeMutablePointer<Scalar>
  ) {
    reading(x, weight, bias ?? weight) { x, weight, row in
      let bias = bias == nil ? nil : row
      switch forwardWay {
      case .unpacked:
        Work.overRanges(outputs, grain: max(1, Work.grain / inputs)) { range in
          let start = range.lowerBound
          Scalar.kernels.denseRows(
            outputs: range.count, inputs: inputs, batch: rows, stride: outputs, weight: weight + start * inputs,
            from: x, bias: bias.map { $0 + start }, to: out + start)
        }
      case .panels(let count):
        overParts(of: count) { part, isAlone in
          FewRowProduct.multiplyTransposed(
            part.count, outputs, inputs, x + part.lowerBound * inputs, weight, bias: bias, isParallel: isAlone,
            into: out + part.lowerBound * outputs)
        }
      case .general:
        SharedProduct.multiply(
          samples: samples, rows, outputs, inputs, x, weight, transposingWeight: true,
          from: bias.map { .row($0) } ?? .zeros, into: out)
      }
    }
  }

  /// out ← g·W, or that added.
  func pullback(
    _ gradient: Tensor<Scalar>, weight: Tensor<Scalar>, adds: Bool, into out: UnsafeMutablePointer<Scalar>
  ) {
    reading(gradient, weight) { gradient, weight in
      if case .panels(let count) = pullbackWay {
        overParts(of: count) { part, isAlone in
          FewRowProduct.multiply(
            part.count, inputs, outputs, gradient + part.lowerBound * outputs, weight, adds: adds, isParallel: isAlone,
            into: out + part.lowerBound * inputs)
        }
      } else {
        SharedProduct.multiply(
          samples: samples, rows, inputs, outputs, gradient, weight, transposingWeight: false,
          from: adds ? .itself : .zeros, into: out)
      }
    }
  }

  /// Calls `body` with parts of all rows, at the same time where there are several.
  private func overParts(of count: Int, _ body: (_ part: Range<Int>, _ isAlone: Bool) -> Void) {
    let all = samples * rows
    Work.overRanges(all, grain: count) { body($0, all <= count) }
  }
}
