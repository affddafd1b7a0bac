// The products of a dense layer whose batch is small compared with its weights. A general matrix product packs the
// weights, which takes up to a third of the time if each weight is used for only 64 rows. Here the batch is packed
// instead, or nothing if the batch is smaller still. The result for a row has the same bits in every batch of 16 or
// more rows that is computed here, and in every batch of fewer. The partition of the work depends on the shape alone.

import SextantArrays

/// x·Wᵀ and g·W for x and g with few rows.
enum FewRows {
  /// Whether these products are faster for a layer of this size, both forwards and backwards.
  static func suits(rows: Int, inputs: Int, outputs: Int) -> Bool {
    (panelRows...256).contains(rows) && inputs >= 32 && outputs >= 32
  }

  /// Whether the forward product is faster here. With fewer than 16 rows most of a tile would be zeros, so each output
  /// is then computed as a separate sum.
  static func suitsForward(rows: Int, inputs: Int, outputs: Int) -> Bool {
    (1...256).contains(rows) && inputs >= 32 && outputs >= 32
  }

  /// The smallest number of rows that are packed.
  private static let panelRows = 16

  /// out ← x·Wᵀ + bias.
  ///
  /// - Parameters:
  ///   - x: rows×inputs.
  ///   - weight: outputs×inputs.
  ///   - bias: outputs, or nil.
  ///   - out: memory for rows×outputs.
  static func forward<Scalar: TensorScalar>(
    _ x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>?, into out: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = Scalar.networkKernels
    let (rows, inputs, outputs) = (x.rowCount, x.columnCount, weight.rowCount)
    guard rows >= panelRows else {
      return reading(x, weight, bias ?? weight) { x, weight, biases in
        Work.overRanges(outputs, grain: max(1, Work.grain / inputs)) { range in
          let start = range.lowerBound
          kernels.denseRows(
            range.count, inputs, rows, outputs, weight + start * inputs, x, bias == nil ? nil : biases + start,
            out + start)
        }
      }
    }
    let (tall, wide) = (kernels.tileRows, kernels.tileColumns)
    let panels = (rows + wide - 1) / wide
    let packed = packedRows(x, width: wide)
    var sums = Tensor<Scalar>(writing: [(outputs + tall - 1) / tall, panels, tall, wide]) { _ in }
    sums.writing { sums in
      reading(packed, weight, bias ?? weight) { x, weight, biases in
        Work.overRanges((outputs + tall - 1) / tall, grain: 4) { range in
          let start = range.lowerBound * tall
          kernels.denseOutputs(
            min(outputs, range.upperBound * tall) - start, inputs, rows, outputs, weight + start * inputs, x,
            bias == nil ? nil : biases + start, sums + start * panels * wide, out + start)
        }
      }
    }
  }

  /// out ← g·W, or out += g·W.
  ///
  /// - Parameters:
  ///   - gradient: rows×outputs.
  ///   - weight: outputs×inputs.
  ///   - out: rows×inputs.
  static func pullback<Scalar: TensorScalar>(
    _ gradient: Tensor<Scalar>, weight: Tensor<Scalar>, adds: Bool, into out: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = Scalar.networkKernels
    let (rows, outputs, inputs) = (gradient.rowCount, weight.rowCount, weight.columnCount)
    let packed = packedRows(gradient, width: kernels.tileRows)
    // Parts consist of whole blocks of the kernel's panels.
    let grain = 4 * kernels.tileColumns
    reading(packed, weight) { gradient, weight in
      Work.overRanges(inputs, grain: grain) { range in
        kernels.denseInputs(
          range.count, outputs, rows, inputs, weight + range.lowerBound, gradient, adds, out + range.lowerBound)
      }
    }
  }

  /// The rows of `matrix`, packed in panels of `width` rows.
  private static func packedRows<Scalar: TensorScalar>(_ matrix: Tensor<Scalar>, width: Int) -> Tensor<Scalar> {
    let (rows, columns) = (matrix.rowCount, matrix.columnCount)
    let panels = (rows + width - 1) / width
    return Tensor(writing: [panels, columns, width]) { out in
      matrix.reading { source in
        Work.overRanges(panels, grain: max(1, Work.grain / (width * columns))) { range in
          let start = range.lowerBound * width
          Scalar.networkKernels.packRows(
            min(rows, range.upperBound * width) - start, columns, columns, width, source + start * columns,
            out + start * columns)
        }
      }
    }
  }
}
