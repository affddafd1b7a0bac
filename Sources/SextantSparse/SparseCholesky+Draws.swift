// Draws from a Gaussian that is given by its sparse precision, many at a time.
//
// x = Pᵀ·L⁻ᵀ·z has covariance A⁻¹. One pass over a large factor costs as much for a block of about ten right-hand sides
// as for one. Blocks are independent, so each thread works on a block of its own. A draw depends on its index alone, so
// the results are the same on any number of threads.

import SextantArrays

extension SparseCholesky {
  /// Calls `body` with blocks of draws from N(0, A⁻¹), in order and one at a time.
  ///
  /// The memory, in addition to the factor, is 2·blockSize·n doubles for each thread.
  ///
  /// - Parameters:
  ///   - count: The number of draws.
  ///   - blockSize: The number of draws in a block.
  ///   - random: Draw i uses part i of this stream.
  ///   - body: Receives the number of the block's first draw, and the block (B×n, B at most `blockSize`).
  public func forEachDrawBlock(
    count: Int, blockSize: Int = 16, random: RandomStream, _ body: (Int, Tensor<Double>) throws -> Void
  ) rethrows {
    let blocks = (count + blockSize - 1) / blockSize
    let lanes = max(1, min(Parallel.threadCount, blocks))
    for start in stride(from: 0, to: blocks, by: lanes) {
      let running = min(lanes, blocks - start)
      var made = [Tensor<Double>?](repeating: nil, count: running)
      made.withUnsafeMutableBufferPointer { made in
        guard let base = made.baseAddress else { return }
        let target = UncheckedPointer(base)
        Parallel.forEach(running) { lane in
          let first = (start + lane) * blockSize
          target[lane] = draws(first..<min(count, first + blockSize), random: random)
        }
      }
      for lane in made.indices {
        guard let block = made[lane] else { continue }
        made[lane] = nil
        try body((start + lane) * blockSize, block)
      }
    }
  }

  private func draws(_ range: Range<Int>, random: RandomStream) -> Tensor<Double> {
    let n = size
    var block = Tensor<Double>(shape: [range.count, n]) { out in
      guard let base = out.baseAddress else { return }
      for (row, index) in range.enumerated() {
        var stream = random.split(index)
        let normals: Tensor<Double> = stream.normals([n])
        normals.withUnsafeScalars { source in
          guard let start = source.baseAddress else { return }
          (base + row * n).initialize(from: start, count: n)
        }
      }
    }
    apply(.lowerTransposedInverse, to: &block)
    return block
  }
}
