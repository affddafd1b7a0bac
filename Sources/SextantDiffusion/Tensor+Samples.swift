// Views of a batch with one row for each sample, and random numbers that depend on the sample but not on its batch.

import SextantArrays

extension Tensor {
  /// The tensor as a matrix with one row for each entry of the first dimension (B×D).
  public var sampleRows: Tensor {
    let samples = shape.first ?? 1
    return reshaped(to: [samples, samples == 0 ? shape.dropFirst().reduce(1, *) : count / samples])
  }

  /// Each sample multiplied by its own factor.
  public func scalingSamples(by factors: [Double]) -> Tensor {
    sampleRows.scalingRows(by: factors.map { Scalar($0) }).reshaped(to: shape)
  }

  /// The sum of squares of each sample, in double precision.
  public func sampleSquaredNorms() -> [Double] { sampleProducts(with: self) }

  /// The inner product of each sample with the corresponding sample of `other`.
  public func sampleProducts(with other: Tensor) -> [Double] {
    precondition(shape == other.shape, "Shapes \(shape) and \(other.shape) differ")
    let (rows, columns) = (sampleRows.rowCount, sampleRows.columnCount)
    let kernels = Scalar.kernels
    return withUnsafeScalars { a in
      other.withUnsafeScalars { b in
        (0..<rows).map { row in
          let range = row * columns..<(row + 1) * columns
          return kernels.dot(UnsafeBufferPointer(rebasing: a[range]), UnsafeBufferPointer(rebasing: b[range]))
        }
      }
    }
  }

  /// `count` consecutive copies of the fields (count·B×…).
  package func repeated(_ count: Int) -> Tensor {
    Tensor(shape: [count * (shape.first ?? 1)] + shape.dropFirst()) { out in
      withUnsafeScalars { source in
        guard let source = source.baseAddress, let target = out.baseAddress else { return }
        for copy in 0..<count { (target + copy * self.count).update(from: source, count: self.count) }
      }
    }
  }

  /// Independent standard normal values: one sample of `shape` for each stream, drawn from that stream.
  public static func normals(_ streams: [RandomStream], shape: [Int]) -> Tensor {
    var result = Tensor(repeating: 0, shape: [streams.count] + shape)
    for (sample, stream) in streams.enumerated() {
      var stream = stream
      result.replaceRows(from: sample, with: stream.normals(shape, as: Scalar.self))
    }
    return result
  }

  /// Independent random signs, −1 or 1.
  package static func signs(_ shape: [Int], using stream: inout RandomStream) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { _ in stream.next() >> 63 == 0 ? 1 : -1 }, shape: shape)
  }
}
