// Convolution over any table of neighbours. The neighbours of a tile of vertices are gathered into the rows of a small
// matrix, which is multiplied by the weights while it is in the cache. One-dimensional, spherical and mesh convolutions
// all use this code. For a window of three along a line, `LineConvolution` takes half as many products.
//
// The tiles, and the groups over which weight gradients are summed, depend on the shapes alone, so results have the
// same bits with any number of threads.

import SextantArrays

/// y[b, v] = bias + Σ_k W_k · x[b, neighbour(v, k)].
///
/// - Parameters:
///   - x: B×V×I.
///   - weight: O×K×I: for each output channel the neighbours in the stencil's order, with the input channels varying
///     fastest.
///   - bias: O.
/// - Returns: B×V′×O.
public func stencilConvolution<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, weight: DifferentiableTensor<Scalar>, bias: DifferentiableTensor<Scalar>?, stencil: Stencil
) -> DifferentiableTensor<Scalar> {
  let shape = StencilShape(x.value, weight.value, stencil)
  let line = LineConvolution(x.value, weight.value, stencil)
  let value =
    line?.forward(x.value, weight.value, bias?.value) ?? shape.forward(x.value, weight.value, bias?.value)
  let inputs = [x, weight] + (bias.map { [$0] } ?? [])
  return x.tape.record(value, operation: "stencil convolution", from: inputs) { gradient, cotangents in
    cotangents.accumulate(to: x) { memory, adds in
      if let line { return line.inputGradient(gradient, weight.value, adds: adds, into: memory) }
      if !adds { memory.baseAddress?.clear(count: memory.count) }
      shape.addInputGradient(gradient, weight.value, to: memory)
    }
    cotangents.accumulate(to: weight) { memory, adds in
      if !adds { memory.baseAddress?.clear(count: memory.count) }
      if let line { return line.addWeightGradient(gradient, x.value, to: memory) }
      shape.addWeightGradient(gradient, x.value, to: memory)
    }
    if let bias {
      cotangents.add(
        Tensor(gradient.reshaped(to: [gradient.rowCount, shape.outputs]).columnSums(), shape: [shape.outputs]), to: bias
      )
    }
  }
}

/// The sizes of one convolution, and its three loops.
private struct StencilShape<Scalar: TensorScalar> {
  let stencil: Stencil
  let batch: Int
  let inputs: Int
  let outputs: Int
  /// K·I, the length of a gathered row.
  let rowLength: Int
  /// The number of rows gathered at a time: about half a megabyte, which fits in a core's second-level cache.
  let tile: Int

  init(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ stencil: Stencil) {
    precondition(
      x.shape.count == 3 && x.shape[1] == stencil.inputCount,
      "Convolution of shape \(x.shape) by a stencil of \(stencil.inputCount) vertices")
    self.stencil = stencil
    (batch, inputs, outputs) = (x.shape[0], x.shape[2], weight.shape[0])
    rowLength = stencil.width * inputs
    precondition(weight.shape == [outputs, stencil.width, inputs], "Weights of shape \(weight.shape)")
    tile = max(16, min(stencil.outputCount, (1 << 19) / max(1, rowLength * MemoryLayout<Scalar>.stride)))
  }

  private var tilesPerSample: Int { (stencil.outputCount + tile - 1) / tile }

  private func rows(ofTile index: Int) -> Range<Int> {
    index * tile..<min(stencil.outputCount, (index + 1) * tile)
  }

  /// Calls `body` for each sample and tile, with a scratch matrix of `tile` rows. The tiles of one sample run in order
  /// on one thread.
  private func forEachTile(
    samples: Range<Int>, splittingSamples: Bool, _ body: @Sendable (Int, Range<Int>, UncheckedPointer<Scalar>) -> Void
  ) {
    let units = splittingSamples ? samples.count * tilesPerSample : samples.count
    OpenBLAS.withSingleThread {
      Parallel.forEach(units) { unit in
        withScratch { scratch in
          if splittingSamples {
            body(samples.lowerBound + unit / tilesPerSample, rows(ofTile: unit % tilesPerSample), scratch)
          } else {
            for index in 0..<tilesPerSample { body(samples.lowerBound + unit, rows(ofTile: index), scratch) }
          }
        }
      }
    }
  }

  private func withScratch(_ body: (UncheckedPointer<Scalar>) -> Void) {
    _ = Tensor<Scalar>(shape: [tile, rowLength]) { body(UncheckedPointer($0.baseAddress!)) }
  }

  /// Copies the neighbours of `rows` in one sample to the rows of `target`.
  private func gather(_ sample: UncheckedPointer<Scalar>, _ rows: Range<Int>, into target: UncheckedPointer<Scalar>) {
    stencil.neighbours.withUnsafeBufferPointer { neighbours in
      guard let neighbours = neighbours.baseAddress else { return }
      Scalar.networkKernels.gatherRows(
        rows.count * stencil.width, inputs, neighbours + rows.lowerBound * stencil.width, sample.base, target.base)
    }
  }

  func forward(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    Tensor(shape: [batch, stencil.outputCount, outputs]) { out in
      guard let base = out.baseAddress else { return }
      let out = UncheckedPointer(base)
      x.withUnsafeScalars { x in
        weight.withUnsafeScalars { weight in
          let x = UncheckedPointer(UnsafeMutablePointer(mutating: x.baseAddress!))
          let weight = UncheckedPointer(UnsafeMutablePointer(mutating: weight.baseAddress!))
          forEachTile(samples: 0..<batch, splittingSamples: true) { sample, rows, scratch in
            gather(UncheckedPointer(x.base + sample * stencil.inputCount * inputs), rows, into: scratch)
            let target = out.base + (sample * stencil.outputCount + rows.lowerBound) * outputs
            bias?.withUnsafeScalars { bias in
              for row in 0..<rows.count { (target + row * outputs).update(from: bias.baseAddress!, count: outputs) }
            }
            Scalar.multiply(
              false, true, rows.count, outputs, rowLength, 1, scratch.base, rowLength, weight.base, rowLength,
              bias == nil ? 0 : 1, target, outputs)
          }
        }
      }
    }
  }

  func addInputGradient(
    _ gradient: Tensor<Scalar>, _ weight: Tensor<Scalar>, to memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    guard let base = memory.baseAddress else { return }
    let memory = UncheckedPointer(base)
    gradient.withUnsafeScalars { gradient in
      weight.withUnsafeScalars { weight in
        let gradient = UncheckedPointer(UnsafeMutablePointer(mutating: gradient.baseAddress!))
        let weight = UncheckedPointer(UnsafeMutablePointer(mutating: weight.baseAddress!))
        // Two tiles of a sample may write to the same vertex, so a sample stays on one thread.
        forEachTile(samples: 0..<batch, splittingSamples: false) { sample, rows, scratch in
          Scalar.multiply(
            false, false, rows.count, rowLength, outputs, 1,
            gradient.base + (sample * stencil.outputCount + rows.lowerBound) * outputs, outputs, weight.base,
            rowLength, 0, scratch.base, rowLength)
          scatter(scratch, rows, addingTo: memory.base + sample * stencil.inputCount * inputs)
        }
      }
    }
  }

  private func scatter(
    _ source: UncheckedPointer<Scalar>, _ rows: Range<Int>, addingTo target: UnsafeMutablePointer<Scalar>
  ) {
    stencil.neighbours.withUnsafeBufferPointer { neighbours in
      guard let neighbours = neighbours.baseAddress else { return }
      Scalar.networkKernels.scatterRows(
        rows.count * stencil.width, inputs, neighbours + rows.lowerBound * stencil.width, source.base, target)
    }
  }

  func addWeightGradient(
    _ gradient: Tensor<Scalar>, _ x: Tensor<Scalar>, to memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    // Each group of samples has its own sum. The number of groups depends on the shape, not on the number of threads.
    let groups = min(batch, 4)
    let size = memory.count
    let partial = Tensor<Scalar>(shape: [groups, size]) { sums in
      sums.baseAddress?.clear(count: sums.count)
      let sums = UncheckedPointer(sums.baseAddress!)
      gradient.withUnsafeScalars { gradient in
        x.withUnsafeScalars { x in
          let gradient = UncheckedPointer(UnsafeMutablePointer(mutating: gradient.baseAddress!))
          let x = UncheckedPointer(UnsafeMutablePointer(mutating: x.baseAddress!))
          OpenBLAS.withSingleThread {
            Parallel.forEach(groups) { group in
              withScratch { scratch in
                for sample in group * batch / groups..<(group + 1) * batch / groups {
                  for index in 0..<tilesPerSample {
                    let rows = rows(ofTile: index)
                    gather(UncheckedPointer(x.base + sample * stencil.inputCount * inputs), rows, into: scratch)
                    Scalar.multiply(
                      true, false, outputs, rowLength, rows.count, 1,
                      gradient.base + (sample * stencil.outputCount + rows.lowerBound) * outputs, outputs,
                      scratch.base, rowLength, 1, sums.base + group * size, rowLength)
                  }
                }
              }
            }
          }
        }
      }
    }
    partial.withUnsafeScalars { partial in
      for group in 0..<groups {
        VectorKernels<Scalar>.chosen.add(
          UnsafeBufferPointer(rebasing: partial[group * size..<(group + 1) * size]), scaledBy: 1, to: memory)
      }
    }
  }
}
