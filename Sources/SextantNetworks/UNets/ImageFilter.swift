// The filter (1, 3, 3, 1) along rows and columns, by which NCSN++ halves and doubles images without aliases (as StyleGAN 2 does).
// Beyond the frame is zero.

import SextantArrays
import SextantAutodiff

/// Filtered steps between resolutions.
enum ImageFilter {
  /// The weights of a halved line: output i is the sum of (1, 3, 3, 1)/8 times the inputs 2i − 1 … 2i + 2.
  private static let taps = [0.125, 0.375, 0.375, 0.125]

  /// A line of places as (place, weight) lists becomes an image in both directions.
  private static func image(
    rows: [[(place: Int, weight: Double)]], columns: [[(place: Int, weight: Double)]], inputColumns: Int, inputCount: Int
  ) -> RowMixing {
    var entries: [(row: Int, column: Int, value: Double)] = []
    for (row, down) in rows.enumerated() {
      for (column, across) in columns.enumerated() {
        for (r, first) in down {
          for (c, second) in across {
            entries.append((row * columns.count + column, r * inputColumns + c, first * second))
          }
        }
      }
    }
    return RowMixing(SparseMatrix(rowCount: rows.count * columns.count, columnCount: inputCount, entries: entries))
  }

  /// Each of `count` outputs as the sum of the taps times the inputs from `start(output)` on, of which there are `inputs`.
  private static func line(
    count: Int, inputs: Int, start: (Int) -> Int
  ) -> [[(place: Int, weight: Double)]] {
    (0..<count).map { output in
      taps.enumerated().map { (start(output) + $0, $1) }.filter { (0..<inputs).contains($0.0) }
    }
  }

  /// From rows×columns pixels to half of them each way.
  static func halving(rows: Int, columns: Int) -> RowMixing {
    image(
      rows: line(count: rows / 2, inputs: rows) { 2 * $0 - 1 },
      columns: line(count: columns / 2, inputs: columns) { 2 * $0 - 1 }, inputColumns: columns, inputCount: rows * columns)
  }

  /// From rows×columns pixels to twice as many each way.
  static func doubling(rows: Int, columns: Int) -> RowMixing {
    /// The output 2m is ¾ of the input m and ¼ of the one before, and 2m + 1 the same with the one after.
    func doubled(_ count: Int) -> [[(place: Int, weight: Double)]] {
      (0..<2 * count).map { output in
        [(output / 2, 0.75), (output % 2 == 0 ? output / 2 - 1 : output / 2 + 1, 0.25)].filter { (0..<count).contains($0.0) }
      }
    }
    return image(rows: doubled(rows), columns: doubled(columns), inputColumns: columns, inputCount: rows * columns)
  }

  /// The filter and then a convolution of 3×3 pixels with a stride of 2.
  struct HalvingConvolution: Sendable {
    /// The filter at the resolution of the input, with one more row and column.
    private let filter: RowMixing
    private let window: Stencil

    init(rows: Int, columns: Int) {
      filter = ImageFilter.image(
        rows: ImageFilter.line(count: rows + 1, inputs: rows) { $0 - 2 },
        columns: ImageFilter.line(count: columns + 1, inputs: columns) { $0 - 2 }, inputColumns: columns,
        inputCount: rows * columns)
      var neighbours: [Int32] = []
      for row in 0..<rows / 2 {
        for column in 0..<columns / 2 {
          for down in 0..<3 {
            for across in 0..<3 { neighbours.append(Int32((2 * row + down) * (columns + 1) + 2 * column + across)) }
          }
        }
      }
      window = Stencil(inputCount: (rows + 1) * (columns + 1), width: 9, neighbours: neighbours)
    }

    func callAsFunction<Scalar: TensorScalar>(
      _ x: DifferentiableTensor<Scalar>, by convolution: StencilLayer<Scalar>, in pass: NetworkPass<Scalar>
    ) -> DifferentiableTensor<Scalar> {
      convolution(mixRows(x, by: filter), window, in: pass)
    }
  }
}
