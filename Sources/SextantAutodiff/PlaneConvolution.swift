// Convolution of 3×3 taps on a plane of pixels by minimal filtering, F(4×4, 3×3) of Lavin and Gray (2016): sixteen outputs take
// 36 products instead of 144. The kernels in planes.inc do the transforms around the products; StencilConvolution.swift is the
// same operation in exact arithmetic. The rounding error is up to about ten times that of the direct sum.
//
// Blocks of tiles go across images, and each tile has its own row of every product, so an image has the same bits in any batch.
// The parts of sums over tiles depend on the shapes alone.

import SextantArrays

/// The sizes of one convolution and its three loops.
struct PlaneConvolution<Scalar: TensorScalar>: ConvolutionForm {
  /// The number of products for the sixteen outputs of a tile.
  private static var planes: Int { 36 }
  /// The least number of channels on either side for which products are worth their transforms.
  private static var leastChannels: Int { 16 }

  private let batch: Int
  private let inputs: Int
  private let outputs: Int
  /// The numbers of rows and columns of pixels.
  private let height: Int
  private let width: Int
  /// The number of tiles in a row of tiles, and in an image.
  private let across: Int
  private let tiles: Int
  private let kernels = Scalar.kernels

  /// Nil if the window is of another kind, or if there are too few pixels or channels for transforms to pay.
  init?(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ stencil: Stencil) {
    guard let plane = stencil.plane, plane.rows >= 8, plane.columns >= 8 else { return nil }
    (batch, inputs, outputs) = (x.shape[0], x.shape[2], weight.shape[0])
    guard batch > 0, min(inputs, outputs) >= Self.leastChannels else { return nil }
    (height, width) = (plane.rows, plane.columns)
    across = (width + 3) / 4
    tiles = (height + 3) / 4 * across
  }

  /// Convolves x (B×V×I) with the weights (O×9×I) to B×V×O.
  func forward(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    Tensor(writing: [batch, height * width, outputs]) { out in
      reading(x, filters(weight, reverses: false), bias ?? weight) { x, filters, shift in
        filter(x, columns: inputs, filters, bias: bias == nil ? nil : shift, adds: false, into: out, columns: outputs)
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
      filter(gradient, columns: outputs, filters, bias: nil, adds: adds, into: out, columns: inputs)
    }
  }

  /// A number of channels in whole panels.
  private func whole(_ channels: Int) -> Int {
    (channels + kernels.tileColumns - 1) / kernels.tileColumns * kernels.tileColumns
  }

  /// Added to the distances of rows and of matrices in scratch memory, which would otherwise be powers of two, for which many
  /// rows compete for the same cache lines.
  private static var gap: Int { 16 }

  /// The row stride in scratch memory.
  private func rowDistance(_ channels: Int) -> Int { whole(channels) + Self.gap }

  /// The distance between two of the 36 matrices of weights.
  private func filterDistance(depth: Int, columns: Int) -> Int { whole(columns) * depth + Self.gap }

  /// The weights of the 36 products, packed in panels: 36×I×O, or 36×O×I with the taps reversed.
  private func filters(_ weight: Tensor<Scalar>, reverses: Bool) -> Tensor<Scalar> {
    let (depth, columns) = reverses ? (outputs, inputs) : (inputs, outputs)
    let plane = filterDistance(depth: depth, columns: columns)
    return Tensor(writing: [Self.planes, plane]) { out in
      weight.reading { weight in
        Work.overSamples(whole(columns) / kernels.tileColumns) { panel in
          if reverses {
            kernels.planeReversedWeights(
              outputs: outputs, inputs: inputs, panel: panel, plane: plane, from: weight, to: out)
          } else {
            kernels.planeWeights(outputs: outputs, inputs: inputs, panel: panel, plane: plane, from: weight, to: out)
          }
        }
      }
    }
  }

  /// Calls `body` for the runs of tiles of one image in a range of all tiles: the image, its first tile, the number of tiles,
  /// and the place of the first in the range.
  private func forEachRun(_ range: Range<Int>, _ body: (_ sample: Int, _ tile: Int, _ count: Int, _ place: Int) -> Void)
  {
    var next = range.lowerBound
    while next < range.upperBound {
      let (sample, tile) = next.quotientAndRemainder(dividingBy: tiles)
      let count = min(range.upperBound - next, tiles - tile)
      body(sample, tile, count, next - range.lowerBound)
      next += count
    }
  }

  /// Filters x (B×V×`columns`) to out (B×V×`outColumns`), in the forward or the backward direction. `filters` are 36 matrices,
  /// packed in panels, by which the inputs of tiles are multiplied from the right.
  private func filter(
    _ x: UnsafePointer<Scalar>, columns: Int, _ filters: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    adds: Bool,
    into out: UnsafeMutablePointer<Scalar>, columns outColumns: Int
  ) {
    let (stride, outWidth) = (rowDistance(columns), whole(outColumns))
    // About a mebibyte of inputs and products: small enough for the outer caches, large enough for fast products.
    let limit = max(24, min(256, (1 << 18) / (Self.planes * (stride + outWidth))))
    let blocks = (batch * tiles + limit - 1) / limit
    Tensor<Scalar>.zeros([columns]).reading { zeros in
      Work.overSamples(blocks) { block in
        // Blocks of equal size.
        let range = block * batch * tiles / blocks..<(block + 1) * batch * tiles / blocks
        // No fewer rows than the kernel's tile has; what stands in the others is of no use.
        let rows = max(range.count, kernels.tileRows)
        let (plane, outPlane) = (rows * stride + Self.gap, rows * outWidth + Self.gap)
        _ = Tensor<Scalar>(writing: [Self.planes, plane + outPlane]) { scratch in
          let products = scratch + Self.planes * plane
          if rows > range.count { scratch.clear(count: Self.planes * plane) }
          forEachRun(range) { sample, tile, count, place in
            kernels.planeInputs(
              tiles: count, tile: tile, across: across, columns: columns, height: height, width: width, first: -1,
              from: x + sample * height * width * columns, zeros: zeros, plane: plane, panels: kernels.tileColumns,
              stride: stride, to: scratch + place * stride)
          }
          for k in 0..<Self.planes {
            kernels.panelProducts(
              rows: rows, depth: columns, columns: outWidth, stride: stride, left: scratch + k * plane,
              right: filters + k * filterDistance(depth: columns, columns: outColumns), to: products + k * outPlane)
          }
          forEachRun(range) { sample, tile, count, place in
            kernels.planeOutputs(
              tiles: count, tile: tile, across: across, columns: outColumns, height: height, width: width,
              plane: outPlane,
              panels: rows * kernels.tileColumns, products: products + place * kernels.tileColumns, bias: bias,
              adds: adds,
              to: out + sample * height * width * outColumns)
          }
        }
      }
    }
  }

  /// Adds the gradient with respect to the weights (O×9×I).
  func addWeightGradient(
    _ gradient: Tensor<Scalar>, _ x: Tensor<Scalar>, to memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    guard let out = memory.baseAddress else { return }
    let (inWidth, outStride) = (whole(inputs), rowDistance(outputs))
    let size = outputs * inWidth + Self.gap
    // The kernel's longest sum. Tiles are transformed in short parts, and each thread then adds some of the 36 products.
    let (longest, part) = (256, 16)
    var sums = Tensor<Scalar>(writing: [Self.planes, size]) { sums in
      reading(gradient, x, Tensor.zeros([max(inputs, outputs)])) { gradient, x, zeros in
        for start in stride(from: 0, to: batch * tiles, by: longest) {
          let depth = min(longest, batch * tiles - start)
          let (plane, outPlane) = (depth * inWidth + Self.gap, depth * outStride + Self.gap)
          _ = Tensor<Scalar>(writing: [Self.planes, plane + outPlane]) { scratch in
            let gradients = scratch + Self.planes * plane
            Work.overRanges(depth, grain: part) { range in
              forEachRun(start + range.lowerBound..<start + range.upperBound) { sample, tile, count, place in
                let row = range.lowerBound + place
                kernels.planeInputs(
                  tiles: count, tile: tile, across: across, columns: inputs, height: height, width: width, first: -1,
                  from: x + sample * height * width * inputs, zeros: zeros, plane: plane,
                  panels: depth * kernels.tileColumns, stride: kernels.tileColumns,
                  to: scratch + row * kernels.tileColumns)
                kernels.planeOutputGradients(
                  tiles: count, tile: tile, across: across, columns: outputs, height: height, width: width,
                  gradient: gradient + sample * height * width * outputs, zeros: zeros, plane: outPlane,
                  stride: outStride,
                  to: gradients + row * outStride)
              }
            }
            Work.overSamples(Self.planes) { k in
              kernels.transposedProducts(
                rows: outputs, depth: depth, columns: inWidth, stride: outStride, left: gradients + k * outPlane,
                right: scratch + k * plane, adds: start > 0, to: sums + k * size)
            }
          }
        }
      }
    }
    sums.writing { sums in
      Work.overSamples(inWidth / kernels.tileColumns) { panel in
        kernels.planeWeightGradients(
          outputs: outputs, inputs: inputs, panel: panel, plane: size, products: sums, to: out)
      }
    }
  }
}
