// A table of neighbours, which describes convolutions on lines, on lat–lon grids with poles and periodic longitude, and
// on meshes. The arithmetic is in StencilConvolution.swift.

import SextantArrays

/// For each of V′ outputs, the K inputs among V from which it is computed.
public struct Stencil: Sendable, Equatable {
  /// V, the number of inputs.
  public let inputCount: Int
  /// V′, the number of outputs.
  public let outputCount: Int
  /// K, the number of neighbours of each output.
  public let width: Int
  /// The neighbours (V′×K); −1 denotes a zero outside the domain.
  public let neighbours: [Int32]
  /// The position of the window, for a stencil along a line.
  let window: LineWindow?
  /// The pixels, for a stencil of the 3×3 pixels around each, with zeros beyond the frame.
  let plane: PlaneWindow?

  /// A table of `width` (K) neighbours for each of V′ vertices: V′×K indices below `inputCount`, or −1 for none.
  public init(inputCount: Int, width: Int, neighbours: [Int32]) {
    self.init(
      inputCount: inputCount, width: width, neighbours: neighbours, window: nil,
      plane: PlaneWindow(of: neighbours, inputCount: inputCount, width: width))
  }

  init(inputCount: Int, width: Int, neighbours: [Int32], window: LineWindow?, plane: PlaneWindow?) {
    precondition(width > 0 && neighbours.count % width == 0, "\(neighbours.count) neighbours in rows of \(width)")
    precondition(neighbours.allSatisfy { $0 >= -1 && $0 < inputCount }, "A neighbour outside 0..<\(inputCount)")
    self.inputCount = inputCount
    outputCount = neighbours.count / width
    self.width = width
    self.neighbours = neighbours
    (self.window, self.plane) = (window, plane)
  }

  /// A window along a line of `count` vertices: output i reads the inputs i·stride + offset for each of `offsets`.
  public static func line(count: Int, offsets: ClosedRange<Int>, stride: Int = 1, outputCount: Int? = nil) -> Stencil {
    let outputs = outputCount ?? (count + stride - 1) / stride
    var neighbours: [Int32] = []
    neighbours.reserveCapacity(outputs * offsets.count)
    for output in 0..<outputs {
      for offset in offsets {
        let input = output * stride + offset
        neighbours.append(input >= 0 && input < count ? Int32(input) : -1)
      }
    }
    return Stencil(
      inputCount: count, width: offsets.count, neighbours: neighbours,
      window: LineWindow(offsets: offsets, stride: stride), plane: nil)
  }
}

/// A window that slides along a line.
struct LineWindow: Sendable, Equatable {
  /// The inputs that output i reads, as offsets from i·stride.
  let offsets: ClosedRange<Int>
  let stride: Int
}

/// A window of the 3×3 pixels around each pixel, row by row.
struct PlaneWindow: Sendable, Equatable {
  let rows: Int
  let columns: Int

  /// Recognises a table of neighbours; nil if it is of another kind.
  init?(of neighbours: [Int32], inputCount: Int, width: Int) {
    // The ninth neighbour of the first pixel stands in the second row and column.
    guard width == 9, neighbours.count == 9 * inputCount, inputCount >= 4, neighbours[8] > 2 else { return nil }
    let columns = Int(neighbours[8]) - 1
    guard inputCount % columns == 0 else { return nil }
    (rows, self.columns) = (inputCount / columns, columns)
    for (place, neighbour) in neighbours.enumerated() {
      let (vertex, tap) = place.quotientAndRemainder(dividingBy: 9)
      let (row, column) = (vertex / columns + tap / 3 - 1, vertex % columns + tap % 3 - 1)
      let isInside = row >= 0 && row < rows && column >= 0 && column < columns
      guard neighbour == (isInside ? Int32(row * columns + column) : -1) else { return nil }
    }
  }
}
