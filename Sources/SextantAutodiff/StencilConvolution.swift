// Convolution over any table of neighbours. The neighbours of a tile of vertices are gathered into the rows of a small
// matrix, which is multiplied by the weights while it is in the cache. One-dimensional, spherical and mesh convolutions
// all use this code. For a window of three along a line, `LineConvolution` takes half as many products, and for one of 3×3
// pixels `PlaneConvolution` a quarter; where a few outputs see many inputs, `FewOutputConvolution` gathers the outputs instead.
//
// The tiles, and the groups over which weight gradients are summed, depend on the shapes alone, so results have the
// same bits with any number of threads.

import SextantArrays

/// y[b, v] = bias + Σ_k W_k · x[b, neighbour(v, k)], with the neighbours of the stencil.
///
/// - Parameters:
///   - x: B×V×I.
///   - weight: O×K×I: for each output channel the neighbours in the stencil's order, with the input channels varying
///     fastest.
///   - bias: O.
///   - stencil: the K neighbours of each of V′ vertices.
/// - Returns: B×V′×O.
public func stencilConvolution<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, weight: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>?,
  stencil: Stencil
) -> DifferentiableTensor<Scalar> {
  precondition(
    x.shape.count == 3 && x.shape[1] == stencil.inputCount,
    "Convolution of shape \(x.shape) by a stencil of \(stencil.inputCount) vertices")
  let outputs = weight.shape[0]
  precondition(weight.shape == [outputs, stencil.width, x.shape[2]], "Weights of shape \(weight.shape)")
  let form = convolutionForm(x.value, weight.value, stencil)
  let value = form.forward(x.value, weight.value, bias?.value)
  let inputs = [x, weight] + (bias.map { [$0] } ?? [])
  return x.tape.record(value, operation: "stencil convolution", from: inputs) { gradient, cotangents in
    cotangents.accumulate(to: x) { form.inputGradient(gradient, weight.value, adds: $1, into: $0) }
    cotangents.accumulate(to: weight) { memory, adds in
      if !adds { memory.baseAddress?.clear(count: memory.count) }
      form.addWeightGradient(gradient, x.value, to: memory)
    }
    if let bias {
      cotangents.add(
        Tensor(gradient.reshaped(to: [gradient.rowCount, outputs]).columnSums(), shape: [outputs]), to: bias)
    }
  }
}

/// The form that takes any table: the sizes of one convolution, and its three loops.
struct TableConvolution<Scalar: TensorScalar>: ConvolutionForm {
  private let stencil: Stencil
  private let batch: Int
  private let inputs: Int
  private let outputs: Int
  /// K·I, the length of a gathered row.
  private let rowLength: Int
  /// The number of rows gathered at a time: about half a megabyte, which fits in a core's second-level cache.
  private let tile: Int

  init(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ stencil: Stencil) {
    self.stencil = stencil
    (batch, inputs, outputs) = (x.shape[0], x.shape[2], weight.shape[0])
    rowLength = stencil.width * inputs
    tile = max(16, min(stencil.outputCount, (1 << 19) / max(1, rowLength * MemoryLayout<Scalar>.stride)))
  }

  private var tilesPerSample: Int { (stencil.outputCount + tile - 1) / tile }

  private func rows(ofTile index: Int) -> Range<Int> {
    index * tile..<min(stencil.outputCount, (index + 1) * tile)
  }

  /// Calls `body` for each sample and tile, with a scratch matrix of `tile` rows. If `isSplitting` is false, the tiles
  /// of one sample run in order on one thread.
  private func forEachTile(
    isSplitting: Bool, _ body: (_ sample: Int, _ rows: Range<Int>, _ scratch: UnsafeMutablePointer<Scalar>) -> Void
  ) {
    SharedProduct.forEach(isSplitting ? batch * tilesPerSample : batch) { unit in
      withScratch { scratch in
        if isSplitting {
          body(unit / tilesPerSample, rows(ofTile: unit % tilesPerSample), scratch)
        } else {
          for index in 0..<tilesPerSample { body(unit, rows(ofTile: index), scratch) }
        }
      }
    }
  }

  private func withScratch(_ body: (UnsafeMutablePointer<Scalar>) -> Void) {
    _ = Tensor<Scalar>(writing: [tile, rowLength], body)
  }

  /// Copies the neighbours of `rows` in one sample to the rows of `target`.
  private func gather(_ sample: UnsafePointer<Scalar>, _ rows: Range<Int>, into target: UnsafeMutablePointer<Scalar>) {
    stencil.neighbours.withUnsafeBufferPointer { neighbours in
      guard let neighbours = neighbours.baseAddress else { return }
      Scalar.kernels.gatherRows(
        entries: rows.count * stencil.width, columns: inputs, indices: neighbours + rows.lowerBound * stencil.width,
        from: sample, to: target)
    }
  }

  func forward(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    Tensor(writing: [batch, stencil.outputCount, outputs]) { out in
      reading(x, weight, bias ?? weight) { x, weight, biases in
        forEachTile(isSplitting: true) { sample, rows, scratch in
          gather(x + sample * stencil.inputCount * inputs, rows, into: scratch)
          let target = out + (sample * stencil.outputCount + rows.lowerBound) * outputs
          if bias != nil {
            for row in 0..<rows.count { (target + row * outputs).update(from: biases, count: outputs) }
          }
          Scalar.multiply(
            false, true, rows.count, outputs, rowLength, 1, scratch, rowLength, weight, rowLength, bias == nil ? 0 : 1,
            target, outputs)
        }
      }
    }
  }

  func inputGradient(
    _ gradient: Tensor<Scalar>, _ weight: Tensor<Scalar>, adds: Bool, into memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    let count = memory.count
    guard let memory = memory.baseAddress else { return }
    if !adds { memory.clear(count: count) }
    reading(gradient, weight) { gradient, weight in
      // Two tiles of a sample may write to the same vertex, so a sample stays on one thread.
      forEachTile(isSplitting: false) { sample, rows, scratch in
        Scalar.multiply(
          false, false, rows.count, rowLength, outputs, 1,
          gradient + (sample * stencil.outputCount + rows.lowerBound) * outputs, outputs, weight, rowLength, 0, scratch,
          rowLength)
        scatter(scratch, rows, addingTo: memory + sample * stencil.inputCount * inputs)
      }
    }
  }

  private func scatter(
    _ source: UnsafePointer<Scalar>, _ rows: Range<Int>, addingTo target: UnsafeMutablePointer<Scalar>
  ) {
    stencil.neighbours.withUnsafeBufferPointer { neighbours in
      guard let neighbours = neighbours.baseAddress else { return }
      Scalar.kernels.scatterRows(
        entries: rows.count * stencil.width, columns: inputs, indices: neighbours + rows.lowerBound * stencil.width,
        from: source, to: target)
    }
  }

  func addWeightGradient(
    _ gradient: Tensor<Scalar>, _ x: Tensor<Scalar>, to memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    // Each group of samples has its own sum. The number of groups depends on the shape, not on the number of threads.
    let groups = min(batch, 4)
    let size = memory.count
    let partial = Tensor<Scalar>(writing: [groups, size]) { sums in
      sums.clear(count: groups * size)
      reading(gradient, x) { gradient, x in
        SharedProduct.forEach(groups) { group in
          withScratch { scratch in
            for sample in group * batch / groups..<(group + 1) * batch / groups {
              for index in 0..<tilesPerSample {
                let rows = rows(ofTile: index)
                gather(x + sample * stencil.inputCount * inputs, rows, into: scratch)
                Scalar.multiply(
                  true, false, outputs, rowLength, rows.count, 1,
                  gradient + (sample * stencil.outputCount + rows.lowerBound) * outputs, outputs, scratch, rowLength, 1,
                  sums + group * size, rowLength)
              }
            }
          }
        }
      }
    }
    partial.withUnsafeScalars { partial in
      for group in 0..<groups {
        Scalar.kernels.add(
          UnsafeBufferPointer(rebasing: partial[group * size..<(group + 1) * size]), scaledBy: 1, to: memory)
      }
    }
  }
}
