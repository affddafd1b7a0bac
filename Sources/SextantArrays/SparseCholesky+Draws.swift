// Draws from a Gaussian that is given by its sparse precision, many at a time.
//
// x = Pᵀ·L⁻ᵀ·z has covariance A⁻¹. One pass over a large factor costs as much for a block of some ten right-hand sides as
// for one, and blocks are independent: each thread works on one with its own scratch memory. What a draw is made of depends
// on its number alone, so the same numbers come out on any number of threads.

import CCHOLMOD

extension SparseCholesky {
  /// Calls `body` with blocks of draws from N(0, A⁻¹), in order and one at a time.
  ///
  /// Memory: 3·blockSize·n doubles a thread beside the factor.
  ///
  /// - Parameters:
  ///   - count: The number of draws.
  ///   - blockSize: How many are made at a time on a thread.
  ///   - random: Draw i is made from part i of this stream.
  ///   - body: Is given the number of the block's first draw, and the block (B×n, B at most `blockSize`).
  public func forEachDrawBlock(
    count: Int, blockSize: Int = 16, random: RandomStream, _ body: (Int, Tensor<Double>) throws -> Void
  ) rethrows {
    let blocks = (count + blockSize - 1) / blockSize
    let lanes = min(Parallel.threadCount, blocks)
    let scratch = (0..<lanes).map { _ in DrawScratch(factor: self) }
    for start in stride(from: 0, to: blocks, by: max(1, lanes)) {
      let running = min(lanes, blocks - start)
      var made = [Tensor<Double>?](repeating: nil, count: running)
      made.withUnsafeMutableBufferPointer { made in
        guard let base = made.baseAddress else { return }
        let target = UncheckedPointer(base)
        OpenBLAS.withSingleThread {
          Parallel.forEach(running) { lane in
            let first = (start + lane) * blockSize
            target[lane] = scratch[lane].draws(first..<min(count, first + blockSize), random: random)
          }
        }
      }
      for lane in made.indices {
        guard let block = made[lane] else { continue }
        made[lane] = nil
        try body((start + lane) * blockSize, block)
      }
    }
  }
}

/// What one thread needs to draw again and again.
private final class DrawScratch: @unchecked Sendable {
  // Sendable is sound: each is used by one thread at a time.
  private let factor: SparseCholesky
  private let workspace = CholmodWorkspace()
  private var solution: UnsafeMutablePointer<cholmod_dense>?
  private var first: UnsafeMutablePointer<cholmod_dense>?
  private var second: UnsafeMutablePointer<cholmod_dense>?

  init(factor: SparseCholesky) { self.factor = factor }

  deinit {
    cholmod_l_free_dense(&solution, workspace.common)
    cholmod_l_free_dense(&first, workspace.common)
    cholmod_l_free_dense(&second, workspace.common)
  }

  func draws(_ range: Range<Int>, random: RandomStream) -> Tensor<Double> {
    let n = factor.size
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
    block.withUnsafeMutableScalars { values in
      guard values.count > 0 else { return }
      var rows = factor.denseMatrix(values.baseAddress, range.count)
      let isSolved = cholmod_l_solve2(
        CHOLMOD_Lt, factor.factor, &rows, nil, &solution, nil, &first, &second, workspace.common)
      withUnsafeMutablePointer(to: &rows) { rows in
        var target: UnsafeMutablePointer<cholmod_dense>? = rows
        let isPermuted =
          isSolved != 0
          && cholmod_l_solve2(
            CHOLMOD_Pt, factor.factor, solution, nil, &target, nil, &first, &second, workspace.common) != 0
        precondition(isPermuted, "No memory for \(range.count) draws of size \(n)")
      }
    }
    return block
  }
}
