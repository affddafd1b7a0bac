// Convolution of three taps along a line by minimal filtering, Winograd's F(4, 3): four outputs take six products
// instead of twelve. The kernels in lines.inc do the transforms around the products; StencilConvolution.swift is the
// same operation in exact arithmetic. The rounding error is about three times that of the direct sum.
//
// Blocks do not cross samples, so a sample has the same bits in any batch. The groups of samples over which weight
// gradients are summed depend on the shapes alone.

import SextantArrays

/// The sizes of one convolution and its three loops.
struct LineConvolution<Scalar: TensorScalar>: ConvolutionForm {
  /// The number of products for four outputs.
  private static var planes: Int { 6 }

  private let batch: Int
  private let inputs: Int
  private let outputs: Int
  /// The numbers of input and output vertices, V and V′.
  private let rows: (inputs: Int, outputs: Int)
  /// The offset of the first input that an output reads.
  private let offset: Int

  /// Nil if the window is of another kind, or if the matrices are too small for fast products or not a multiple of
  /// their tile size.
  init?(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ stencil: Stencil) {
    guard let window = stencil.window, window.stride == 1, window.offsets.count == 3 else { return nil }
    (batch, inputs, outputs) = (x.shape[0], x.shape[2], weight.shape[0])
    rows = (stencil.inputCount, stencil.outputCount)
    offset = window.offsets.lowerBound
    guard min(inputs, outputs) > 0, inputs % 32 == 0, outputs % 32 == 0, min(rows.inputs, rows.outputs) >= 32 else {
      return nil
    }
  }

  /// Convolves x (B×V×I) with the weights (O×3×I) to B×V′×O.
  func forward(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    Tensor(writing: [batch, rows.outputs, outputs]) { out in
      reading(x, filters(weight, reverses: false), bias ?? weight) { x, filters, shift in
        filter(
          x, rows: rows.inputs, columns: inputs, from: offset, filters,
          bias: bias == nil ? nil : shift, adds: false, into: out, rows: rows.outputs, columns: outputs)
      }
    }
  }

  /// The gradient with respect to x: the same convolution of the output gradient, with the taps reversed and inputs and
  /// outputs exchanged.
  func inputGradient(
    _ gradient: Tensor<Scalar>, _ weight: Tensor<Scalar>, adds: Bool, into memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    guard let out = memory.baseAddress else { return }
    reading(gradient, filters(weight, reverses: true)) { gradient, filters in
      filter(
        gradient, rows: rows.outputs, columns: outputs, from: -offset - 2, filters, bias: nil,
        adds: adds, into: out, rows: rows.inputs, columns: inputs)
    }
  }

  /// The weights of the six products, packed in panels: 6×I×O, or 6×O×I with the taps reversed.
  private func filters(_ weight: Tensor<Scalar>, reverses: Bool) -> Tensor<Scalar> {
    let kernels = Scalar.kernels
    let (size, width) = (outputs * inputs, kernels.tileColumns)
    let plain = Tensor<Scalar>(writing: [Self.planes, size]) { out in
      weight.reading { kernels.lineWeights(outputs: outputs, inputs: inputs, reverses: reverses, from: $0, to: out) }
    }
    return Tensor(writing: [Self.planes, size]) { out in
      plain.reading { plain in
        Work.overSamples(Self.planes) { plane in
          let (plain, out) = (plain + plane * size, out + plane * size)
          if reverses {
            kernels.packColumns(columns: inputs, rows: outputs, stride: inputs, width: width, from: plain, to: out)
          } else {
            kernels.packRows(rows: outputs, columns: inputs, stride: inputs, width: width, from: plain, to: out)
          }
        }
      }
    }
  }

  /// Filters x (B×`rows`×`columns`) to out (B×`outRows`×`outColumns`), in the forward or the backward direction. The
  /// first input that an output reads is `first` places away from it. `filters` are six matrices, packed in panels, by
  /// which x is multiplied from the right.
  private func filter(
    _ x: UnsafePointer<Scalar>, rows: Int, columns: Int, from first: Int, _ filters: UnsafePointer<Scalar>,
    bias: UnsafePointer<Scalar>?, adds: Bool, into out: UnsafeMutablePointer<Scalar>, rows outRows: Int,
    columns outColumns: Int
  ) {
    let kernels = Scalar.kernels
    let tiles = (outRows + 3) / 4
    let stride = Self.rowDistance(columns)
    // About two mebibytes of inputs and products: small enough for the outer caches, large enough for fast products.
    let limit = max(48, min(256, (1 << 19) / (Self.planes * (stride + outColumns))))
    let blocks = (tiles + limit - 1) / limit
    Tensor<Scalar>.zeros([columns]).reading { zeros in
      Work.overSamples(batch * blocks) { index in
        let (sample, block) = index.quotientAndRemainder(dividingBy: blocks)
        // Blocks of equal size, so that none is smaller than the kernel's tile.
        let start = block * tiles / blocks
        let count = (block + 1) * tiles / blocks - start
        let (plane, outPlane) = (count * stride, count * outColumns)
        _ = Tensor<Scalar>(writing: [Self.planes, plane + outPlane]) { scratch in
          let products = scratch + Self.planes * plane
          kernels.lineInputs(
            tiles: count, columns: columns, rows: rows, first: first + 4 * start, from: x + sample * rows * columns,
            zeros: zeros, plane: plane, panels: kernels.tileColumns, stride: stride, to: scratch)
          for k in 0..<Self.planes {
            kernels.panelProducts(
              rows: count, depth: columns, columns: outColumns, stride: stride, left: scratch + k * plane,
              right: filters + k * columns * outColumns, to: products + k * outPlane)
          }
          kernels.lineOutputs(
            tiles: count, columns: outColumns, rows: outRows - 4 * start, plane: outPlane, products: products,
            bias: bias, adds: adds, to: out + (sample * outRows + 4 * start) * outColumns)
        }
      }
    }
  }

  /// The row stride in scratch memory. It avoids powers of two, for which many rows would compete for the same cache
  /// lines.
  private static func rowDistance(_ columns: Int) -> Int { columns + 16 }

  /// Adds the gradient with respect to the weights (O×3×I).
  func addWeightGradient(
    _ gradient: Tensor<Scalar>, _ x: Tensor<Scalar>, to memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    guard let out = memory.baseAddress else { return }
    let kernels = Scalar.kernels
    let tiles = (rows.outputs + 3) / 4
    // Each group of samples has its own sum. The number of groups depends on the shape, not on the number of threads.
    let groups = min(batch, 4)
    let size = outputs * inputs
    let outStride = Self.rowDistance(outputs)
    var sums = Tensor<Scalar>(writing: [groups, Self.planes * size]) { sums in
      reading(gradient, x, Tensor.zeros([max(inputs, outputs)])) { gradient, x, zeros in
        Work.overSamples(groups) { group in
          let (first, last) = (group * batch / groups * tiles, (group + 1) * batch / groups * tiles)
          for start in stride(from: first, to: last, by: 256) {
            let count = min(256, last - start)
            let (plane, outPlane) = (count * inputs, count * outStride)
            _ = Tensor<Scalar>(writing: [Self.planes, plane + outPlane]) { scratch in
              let gradients = scratch + Self.planes * plane
              var done = 0
              while done < count {
                let (sample, tile) = (start + done).quotientAndRemainder(dividingBy: tiles)
                let part = min(count - done, tiles - tile)
                kernels.lineInputs(
                  tiles: part, columns: inputs, rows: rows.inputs, first: offset + 4 * tile,
                  from: x + sample * rows.inputs * inputs, zeros: zeros, plane: plane,
                  panels: count * kernels.tileColumns, stride: kernels.tileColumns,
                  to: scratch + done * kernels.tileColumns)
                kernels.lineOutputGradients(
                  tiles: part, columns: outputs, rows: rows.outputs - 4 * tile,
                  gradient: gradient + (sample * rows.outputs + 4 * tile) * outputs, zeros: zeros, plane: outPlane,
                  stride: outStride, to: gradients + done * outStride)
                done += part
              }
              for k in 0..<Self.planes {
                kernels.transposedProducts(
                  rows: outputs, depth: count, columns: inputs, stride: outStride, left: gradients + k * outPlane,
                  right: scratch + k * plane, adds: start > first, to: sums + (group * Self.planes + k) * size)
              }
            }
          }
        }
      }
    }
    sums.writing { sums in
      Work.overScalars(Self.planes * size) { range in
        let total = UnsafeMutableBufferPointer(start: sums + range.lowerBound, count: range.count)
        for group in 1..<max(1, groups) {
          let start = group * Self.planes * size + range.lowerBound
          Scalar.kernels.add(UnsafeBufferPointer(start: sums + start, count: range.count), scaledBy: 1, to: total)
        }
      }
      kernels.lineWeightGradients(outputs: outputs, inputs: inputs, products: sums, to: out)
    }
  }
}
