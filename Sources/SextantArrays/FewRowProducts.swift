// Products whose left factor has few rows, such as a batch of samples. The other factor is read in place, because
// packing it for a general product would take a third of the time; the few rows are packed instead, or read in place if
// a single tile of the kernels holds them.
//
// An entry of the result is one chain of additions along the depth, in order. It depends on its own row and column alone,
// so a sample has the same bits in any batch and on any number of threads.

/// X·W and X·Wᵀ for row-major X of few rows.
package enum FewRowProduct {
  /// The largest number of rows.
  package static let rowLimit = 256

  /// out ← X·W, or out + X·W if `adds`, for X (rows×depth, at most ``rowLimit`` rows) and W (depth×columns). Pass false
  /// for `isParallel` if the caller distributes several products over the threads.
  package static func multiply<Scalar: TensorScalar>(
    _ rows: Int, _ columns: Int, _ depth: Int, _ x: UnsafePointer<Scalar>, _ weight: UnsafePointer<Scalar>,
    adds: Bool = false, isParallel: Bool = true, into out: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = Scalar.kernels
    // A small product is finished before a second thread has started.
    let isParallel = isParallel && rows * columns * depth >= 1 << 19
    // Whole blocks of the kernel's panels.
    let block = 4 * kernels.tileColumns
    withPanels(rows, depth, x, width: kernels.tileRows, isParallel: isParallel) { first in
      // Sound: each range of columns is written by one thread.
      nonisolated(unsafe) let (x, weight, out) = (first, weight, out)
      Parallel.forEachRange(of: columns, grain: isParallel ? block : columns) { range in
        kernels.denseInputs(
          columns: range.count, outputs: depth, batch: rows, stride: columns, weight: weight + range.lowerBound,
          gradient: x, adds: adds, to: out + range.lowerBound)
      }
    }
  }

  /// out ← X·Wᵀ + bias for X (rows×depth, at most ``rowLimit`` rows), W (columns×depth) and, if given, one bias for each
  /// column. `isParallel` is as in the product without transpose.
  package static func multiplyTransposed<Scalar: TensorScalar>(
    _ rows: Int, _ columns: Int, _ depth: Int, _ x: UnsafePointer<Scalar>, _ weight: UnsafePointer<Scalar>,
    bias: UnsafePointer<Scalar>? = nil, isParallel: Bool = true, into out: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = Scalar.kernels
    let (tall, wide) = (kernels.tileRows, kernels.tileColumns)
    let (tiles, panelCount) = ((columns + tall - 1) / tall, (rows + wide - 1) / wide)
    let isParallel = isParallel && rows * columns * depth >= 1 << 17
    let room = rows <= tall ? 0 : tiles * panelCount * tall * wide
    _ = Tensor<Scalar>(shape: [max(1, room)]) { sums in
      withPanels(rows, depth, x, width: wide, isParallel: isParallel) { first in
        guard let room = sums.baseAddress else { return }
        // Sound: each range of tiles is written by one thread.
        nonisolated(unsafe) let (sums, x, weight, bias, out) = (room, first, weight, bias, out)
        Parallel.forEachRange(of: tiles, grain: isParallel ? 4 : tiles) { range in
          let start = range.lowerBound * tall
          kernels.denseOutputs(
            outputs: min(columns, range.upperBound * tall) - start, inputs: depth, batch: rows, stride: columns,
            weight: weight + start * depth, from: x, bias: bias.map { $0 + start },
            sums: rows <= tall ? sums : sums + start * panelCount * wide, to: out + start)
        }
      }
    }
  }

  /// Calls `body` with `x` as the kernels take it: as it is if one tile holds its rows, and otherwise in panels.
  private static func withPanels<Scalar: TensorScalar>(
    _ rows: Int, _ columns: Int, _ x: UnsafePointer<Scalar>, width: Int, isParallel: Bool,
    _ body: (UnsafePointer<Scalar>) -> Void
  ) {
    guard rows > Scalar.kernels.tileRows else { return body(x) }
    panels(rows, columns, x, width: width, isParallel: isParallel).withUnsafeScalars { panels in
      if let first = panels.baseAddress { body(first) }
    }
  }

  /// The rows of `x` in panels of `width`.
  private static func panels<Scalar: TensorScalar>(
    _ rows: Int, _ columns: Int, _ x: UnsafePointer<Scalar>, width: Int, isParallel: Bool
  ) -> Tensor<Scalar> {
    let count = (rows + width - 1) / width
    return Tensor(shape: [count, columns, width]) { out in
      guard let first = out.baseAddress, columns > 0 else { return }
      // Sound: each panel is written by one thread.
      nonisolated(unsafe) let (x, out) = (x, first)
      Parallel.forEachRange(of: count, grain: isParallel ? max(1, (1 << 14) / (width * columns)) : count) { range in
        let start = range.lowerBound * width
        Scalar.kernels.packRows(
          rows: min(rows, range.upperBound * width) - start, columns: columns, stride: columns, width: width,
          from: x + start * columns, to: out + start * columns)
      }
    }
  }
}
