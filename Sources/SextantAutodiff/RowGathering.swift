// Selection of rows by index: nearest-neighbour upsampling through a hierarchy of grids, reordering of vertices,
// padding and cropping.

import SextantArrays

/// y[b, i] = x[b, indices[i]], or zero if the index is −1: B×V′×C for x (B×V×C) and V′ indices.
public func gatherRows<Scalar: TensorScalar>(_ x: DifferentiableTensor<Scalar>, _ indices: [Int32])
  -> DifferentiableTensor<Scalar>
{
  precondition(x.shape.count == 3, "Rows of a batch of shape \(x.shape)")
  let (batch, vertices, channels) = (x.shape[0], x.shape[1], x.shape[2])
  let kernels = Scalar.kernels
  let value = Tensor<Scalar>(writing: [batch, indices.count, channels]) { out in
    x.value.reading { x in
      indices.withUnsafeBufferPointer { indices in
        guard let first = indices.baseAddress else { return }
        Work.overSamples(batch) { sample in
          kernels.gatherRows(
            entries: indices.count, columns: channels, indices: first, from: x + sample * vertices * channels,
            to: out + sample * indices.count * channels)
        }
      }
    }
  }
  let slot = x.slot
  return x.tape.record(value, operation: "row gathering", from: [x]) { gradient, cotangents in
    cotangents.write(to: slot) { out, adds in
      if !adds { out.clear(count: batch * vertices * channels) }
      gradient.reading { gradient in
        indices.withUnsafeBufferPointer { indices in
          guard let first = indices.baseAddress else { return }
          Work.overSamples(batch) { sample in
            kernels.scatterRows(
              entries: indices.count, columns: channels, indices: first,
              from: gradient + sample * indices.count * channels, to: out + sample * vertices * channels)
          }
        }
      }
    }
  }
}
