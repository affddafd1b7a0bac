// Rows chosen by index: nearest upsampling through a hierarchy of grids, reorderings of vertices, padding and cropping.

import SextantArrays

/// y[b, i] = x[b, indices[i]], or zeros where the index is −1.
///
/// - Parameter x: B×V×C.
/// - Returns: B×V′×C for V′ indices.
public func gatherRows<Scalar: TensorScalar>(_ x: Variable<Scalar>, _ indices: [Int32]) -> Variable<Scalar> {
  precondition(x.shape.count == 3, "Rows of a batch of shape \(x.shape)")
  let (batch, vertices, channels) = (x.shape[0], x.shape[1], x.shape[2])
  let value = Tensor<Scalar>(shape: [batch, indices.count, channels]) { out in
    guard let base = out.baseAddress else { return }
    let target = UncheckedPointer(base)
    x.value.withUnsafeScalars { source in
      let source = UncheckedPointer(UnsafeMutablePointer(mutating: source.baseAddress!))
      Parallel.forEach(batch) { sample in
        var write = target.base + sample * indices.count * channels
        for index in indices {
          if index < 0 {
            write.clear(count: channels)
          } else {
            write.update(from: source.base + (sample * vertices + Int(index)) * channels, count: channels)
          }
          write += channels
        }
      }
    }
  }
  return x.tape.record(value, operation: "row gathering", from: [x]) { gradient, cotangents in
    cotangents.accumulate(to: x) { memory, adds in
      if !adds { memory.baseAddress?.clear(count: memory.count) }
      let target = UncheckedPointer(memory.baseAddress!)
      let kernels = VectorKernels<Scalar>.chosen
      gradient.withUnsafeScalars { gradient in
        let gradient = UncheckedPointer(UnsafeMutablePointer(mutating: gradient.baseAddress!))
        Parallel.forEach(batch) { sample in
          var read = gradient.base + sample * indices.count * channels
          for index in indices {
            if index >= 0 {
              kernels.add(
                UnsafeBufferPointer(start: read, count: channels), scaledBy: 1,
                to: UnsafeMutableBufferPointer(
                  start: target.base + (sample * vertices + Int(index)) * channels, count: channels))
            }
            read += channels
          }
        }
      }
    }
  }
}
