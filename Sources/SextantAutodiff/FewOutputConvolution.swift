// Convolution over a table of neighbours with few outputs of many inputs: what each vertex contributes to each place of a window is
// computed first, and the sums over windows gather those few numbers instead of all inputs. The arithmetic is that of
// StencilConvolution.swift in another order. Each sample is worked on by one thread.

import SextantArrays

/// The sizes of one convolution and its three loops.
struct FewOutputConvolution<Scalar: TensorScalar>: ConvolutionForm {
  private let stencil: Stencil
  private let batch: Int
  private let inputs: Int
  private let outputs: Int
  /// K·O, the number of contributions of a vertex.
  private var contributions: Int { stencil.width * outputs }

  /// Nil if a vertex has more contributions than inputs.
  init?(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ stencil: Stencil) {
    self.stencil = stencil
    (batch, inputs, outputs) = (x.shape[0], x.shape[2], weight.shape[0])
    guard outputs > 0, contributions <= inputs, stencil.inputCount > 0 else { return nil }
  }

  func forward(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    let (rows, width) = (stencil.inputCount, contributions)
    return Tensor(writing: [batch, stencil.outputCount, outputs]) { out in
      reading(x, exchanged(weight, first: outputs, second: stencil.width), bias ?? weight) { x, weight, biases in
        forEachSample { sample, neighbours, scratch in
          Scalar.multiply(
            false, true, rows, width, inputs, 1, x + sample * rows * inputs, inputs, weight, inputs, 0, scratch, width)
          Scalar.kernels.sumWindows(
            vertices: stencil.outputCount, width: stencil.width, columns: outputs, indices: neighbours, from: scratch,
            bias: bias == nil ? nil : biases, to: out + sample * stencil.outputCount * outputs)
        }
      }
    }
  }

  func inputGradient(
    _ gradient: Tensor<Scalar>, _ weight: Tensor<Scalar>, adds: Bool, into memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    guard let out = memory.baseAddress else { return }
    let (rows, width) = (stencil.inputCount, contributions)
    reading(gradient, exchanged(weight, first: outputs, second: stencil.width)) { gradient, weight in
      forEachSample { sample, neighbours, scratch in
        spread(gradient + sample * stencil.outputCount * outputs, neighbours, over: scratch)
        Scalar.multiply(
          false, false, rows, inputs, width, 1, scratch, width, weight, inputs, adds ? 1 : 0,
          out + sample * rows * inputs,
          inputs)
      }
    }
  }

  func addWeightGradient(
    _ gradient: Tensor<Scalar>, _ x: Tensor<Scalar>, to memory: UnsafeMutableBufferPointer<Scalar>
  ) {
    let (rows, width, size) = (stencil.inputCount, contributions, memory.count)
    // Each group of samples has its own sum. The number of groups depends on the shape, not on the number of threads.
    let groups = min(batch, 4)
    let partial = Tensor<Scalar>(writing: [groups, size]) { sums in
      sums.clear(count: groups * size)
      reading(gradient, x) { gradient, x in
        stencil.neighbours.withUnsafeBufferPointer { neighbours in
          guard let neighbours = neighbours.baseAddress else { return }
          SharedProduct.forEach(groups) { group in
            _ = Tensor<Scalar>(writing: [rows, width]) { scratch in
              for sample in group * batch / groups..<(group + 1) * batch / groups {
                spread(gradient + sample * stencil.outputCount * outputs, neighbours, over: scratch)
                Scalar.multiply(
                  true, false, width, inputs, rows, 1, scratch, width, x + sample * rows * inputs, inputs, 1,
                  sums + group * size, inputs)
              }
            }
          }
        }
      }
    }
    for group in 0..<groups {
      exchanged(partial.rows(group..<group + 1), first: stencil.width, second: outputs).withUnsafeScalars {
        Scalar.kernels.add($0, scaledBy: 1, to: memory)
      }
    }
  }

  /// Adds the gradient of each output to the contributions of its neighbours.
  private func spread(
    _ gradient: UnsafePointer<Scalar>, _ neighbours: UnsafePointer<Int32>, over scratch: UnsafeMutablePointer<Scalar>
  ) {
    scratch.clear(count: stencil.inputCount * contributions)
    Scalar.kernels.spreadWindows(
      vertices: stencil.outputCount, width: stencil.width, columns: outputs, indices: neighbours, from: gradient,
      to: scratch)
  }

  /// Calls `body` for each sample with scratch memory for the contributions of its vertices (V×K×O).
  private func forEachSample(
    _ body: (_ sample: Int, _ neighbours: UnsafePointer<Int32>, _ scratch: UnsafeMutablePointer<Scalar>) -> Void
  ) {
    stencil.neighbours.withUnsafeBufferPointer { neighbours in
      guard let neighbours = neighbours.baseAddress else { return }
      SharedProduct.forEach(batch) { sample in
        _ = Tensor<Scalar>(writing: [stencil.inputCount, contributions]) { body(sample, neighbours, $0) }
      }
    }
  }

  /// first×second×I as second×first×I.
  private func exchanged(_ weight: Tensor<Scalar>, first: Int, second: Int) -> Tensor<Scalar> {
    Tensor(writing: [second, first, inputs]) { out in
      weight.reading { weight in
        for a in 0..<first {
          for b in 0..<second {
            (out + (b * first + a) * inputs).update(from: weight + (a * second + b) * inputs, count: inputs)
          }
        }
      }
    }
  }
}
