// Sums of rows with fixed weights: the filters by which some networks halve and double the resolution of images, and means over
// windows. The weights are the same for all channels and are not learned.

import SextantArrays

/// Weights by which V rows become V′.
public struct RowMixing: Sendable {
  /// V′×V.
  public let matrix: SparseMatrix
  fileprivate let transposed: SparseMatrix

  public init(_ matrix: SparseMatrix) {
    self.matrix = matrix
    transposed = matrix.transposed()
  }
}

/// y[b, i] = Σⱼ m[i, j]·x[b, j]: B×V′×C for x (B×V×C) and weights m (V′×V).
public func mixRows<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, by mixing: RowMixing
) -> DifferentiableTensor<Scalar> {
  precondition(
    x.shape.count == 3 && x.shape[1] == mixing.matrix.columnCount,
    "Rows of shape \(x.shape) for weights of \(mixing.matrix.columnCount)")
  let (batch, vertices, channels) = (x.shape[0], x.shape[1], x.shape[2])
  let outputs = mixing.matrix.rowCount
  let value = Tensor<Scalar>(writing: [batch, outputs, channels]) { out in
    x.value.reading { x in
      Work.overSamples(batch) { sample in
        mixing.matrix.mix(
          x + sample * vertices * channels, into: out + sample * outputs * channels, channels: channels, adds: false)
      }
    }
  }
  let slot = x.slot
  return x.tape.record(value, operation: "mixture of rows", from: [x]) { gradient, cotangents in
    cotangents.write(to: slot) { out, adds in
      gradient.reading { gradient in
        Work.overSamples(batch) { sample in
          mixing.transposed.mix(
            gradient + sample * outputs * channels, into: out + sample * vertices * channels, channels: channels, adds: adds)
        }
      }
    }
  }
}

extension SparseMatrix {
  @specialized(where Scalar == Float)
  fileprivate func mix<Scalar: TensorScalar>(
    _ rows: UnsafePointer<Scalar>, into out: UnsafeMutablePointer<Scalar>, channels: Int, adds: Bool
  ) {
    for row in 0..<rowCount {
      let target = out + row * channels
      if !adds { target.update(repeating: 0, count: channels) }
      for entry in rowStarts[row]..<rowStarts[row + 1] {
        let (weight, source) = (Scalar(values[entry]), rows + Int(columns[entry]) * channels)
        for channel in 0..<channels { target[channel] += weight * source[channel] }
      }
    }
  }
}
