// How the rows of a network's arrays (B×V×C) lie beside each other, in a line or on the pixels of an image, and the levels of a
// network that halves them. Arrays of any size are padded with zeros at their ends until they can be halved often enough. What
// lies beyond the ends is zero, as in the networks that are reproduced here.

import SextantAutodiff

/// The arrangement of the rows of an array.
public enum ArrayLattice: Sendable, Equatable {
  /// In the order of the array; of any number.
  case line
  /// Pixels, row by row.
  case plane(rows: Int, columns: Int)

  /// The number of weights of a convolution over neighbours, for each pair of channels.
  var windowSize: Int {
    switch self {
    case .line: 3
    case .plane: 9
    }
  }

  /// The levels of arrays of `count` rows, each half as long (and as wide) as the one before.
  func levels(of count: Int, levelCount: Int) -> LatticeLevels {
    let multiple = 1 << (levelCount - 1)
    func padded(_ count: Int) -> Int { (count + multiple - 1) / multiple * multiple }
    switch self {
    case .line:
      let size = padded(count)
      return LatticeLevels(
        hierarchy: StencilHierarchy(
          levels: (0..<levelCount).map { level in
            let own = size >> level
            let stencil = Stencil.line(count: own, offsets: -1...1)
            guard level < levelCount - 1 else { return .init(stencil: stencil) }
            // One zero at the end only, as TensorFlow pads a convolution of stride 2.
            return .init(
              stencil: stencil, down: .line(count: own, offsets: 0...2, stride: 2, outputCount: own / 2),
              up: (0..<own).map { Int32($0 / 2) })
          }),
        padding: size == count ? nil : (0..<size).map { $0 < count ? Int32($0) : -1 },
        cut: size == count ? nil : (0..<count).map { Int32($0) })
    case .plane(let rows, let columns):
      precondition(rows * columns == count, "\(count) rows of an array for \(rows)×\(columns) pixels")
      let (height, width) = (padded(rows), padded(columns))
      let isWhole = height == rows && width == columns
      return LatticeLevels(
        hierarchy: StencilHierarchy(
          levels: (0..<levelCount).map { level in
            let (height, width) = (height >> level, width >> level)
            let stencil = Self.window(rows: height, columns: width, offsets: -1...1, stride: 1)
            guard level < levelCount - 1 else { return .init(stencil: stencil) }
            return .init(
              stencil: stencil, down: Self.window(rows: height, columns: width, offsets: 0...2, stride: 2),
              up: (0..<height * width).map { Int32($0 / width / 2 * (width / 2) + $0 % width / 2) })
          }),
        padding: isWhole
          ? nil
          : (0..<height * width).map {
            let (row, column) = ($0 / width, $0 % width)
            return row < rows && column < columns ? Int32(row * columns + column) : -1
          },
        cut: isWhole ? nil : (0..<count).map { Int32($0 / columns * width + $0 % columns) })
    }
  }

  /// A square window that slides over pixels, with zeros beyond the frame.
  package static func window(rows: Int, columns: Int, offsets: ClosedRange<Int>, stride: Int) -> Stencil {
    var neighbours: [Int32] = []
    neighbours.reserveCapacity(rows / stride * (columns / stride) * offsets.count * offsets.count)
    for row in Swift.stride(from: 0, to: rows, by: stride) {
      for column in Swift.stride(from: 0, to: columns, by: stride) {
        for down in offsets {
          for across in offsets {
            let (r, c) = (row + down, column + across)
            neighbours.append((0..<rows).contains(r) && (0..<columns).contains(c) ? Int32(r * columns + c) : -1)
          }
        }
      }
    }
    return Stencil(inputCount: rows * columns, width: offsets.count * offsets.count, neighbours: neighbours)
  }
}

/// The levels of a lattice, and how an array gets to the finest and back.
struct LatticeLevels: Sendable {
  let hierarchy: StencilHierarchy
  /// The row of the array at each row of the finest level, −1 for zeros; nil where nothing is padded.
  let padding: [Int32]?
  /// The row of the finest level at each row of the array; nil where nothing is padded.
  let cut: [Int32]?
}
