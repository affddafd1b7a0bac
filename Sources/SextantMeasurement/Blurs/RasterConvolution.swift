// The convolution of rows and columns with a kernel. Beyond the frame lies what is periodic or mirrored by name, and
// otherwise nothing is known: the whole operator takes it for 0 there, and the design that draws it leaves out the
// outputs that depend on it.

import SextantArrays
import SextantGeometry

/// What lies beyond the frame of an image.
enum RasterBoundary: String, Sendable, CaseIterable {
  /// Nothing is known: values that depend on it are not measured.
  case unknown
  /// The other side of the image.
  case periodic
  /// The image mirrored at its frame, with the outermost pixels repeated.
  case reflect

  /// The place of index `i` among `count`; nil if nothing is known there.
  func place(_ i: Int, of count: Int) -> Int? {
    if (0..<count).contains(i) { return i }
    switch self {
    case .unknown: return nil
    case .periodic: return ((i % count) + count) % count
    case .reflect:
      let period = 2 * count
      let place = ((i % period) + period) % period
      return place < count ? place : period - 1 - place
    }
  }
}

extension DesignText {
  /// The option `boundary`; unknown if it is absent.
  mutating func takeBoundary() throws -> RasterBoundary {
    let word = takeText("boundary") ?? RasterBoundary.unknown.rawValue
    guard let boundary = RasterBoundary(rawValue: word) else {
      throw failure(expected: "boundary=unknown, boundary=periodic or boundary=reflect", found: "'\(word)'")
    }
    return boundary
  }
}

/// Convolves each channel of a raster with a kernel: out(r, c) = Σ k(i, j)·in(r − i, c − j).
struct RasterConvolution: LinearOperator {
  private let raster: Raster
  private let channelCount: Int
  private let kernel: BlurKernel
  private let boundary: RasterBoundary
  /// For each row of the kernel and each row of the image, the row that is read; −1 for none.
  private let rowPlaces: [[Int]]
  /// The same for columns.
  private let columnPlaces: [[Int]]

  var inputCount: Int { raster.vertexCount * channelCount }
  var outputCount: Int { inputCount }

  init(_ kernel: BlurKernel, on raster: Raster, channelCount: Int, boundary: RasterBoundary) {
    (self.kernel, self.raster, self.channelCount, self.boundary) = (kernel, raster, channelCount, boundary)
    rowPlaces = (0..<kernel.rows).map { i in
      (0..<raster.rows).map { boundary.place($0 - (i - kernel.rows / 2), of: raster.rows) ?? -1 }
    }
    let sideways = raster.wraps ? RasterBoundary.periodic : boundary
    // A repeated last column is the first.
    let distinct = raster.columns - (raster.wraps && raster.repeatsColumn ? 1 : 0)
    columnPlaces = (0..<kernel.columns).map { j in
      (0..<raster.columns).map { sideways.place($0 - (j - kernel.columns / 2), of: distinct) ?? -1 }
    }
  }

  /// Whether each pixel depends on pixels of the image alone.
  var isInside: [Bool] {
    let rows = (0..<raster.rows).map { row in rowPlaces.allSatisfy { $0[row] >= 0 } }
    let columns = (0..<raster.columns).map { column in columnPlaces.allSatisfy { $0[column] >= 0 } }
    return rows.flatMap { row in columns.map { row && $0 } }
  }

  /// The matrix (V·C×V·C), without what lies beyond the frame.
  var matrix: SparseMatrix {
    var entries: [(row: Int, column: Int, value: Double)] = []
    entries.reserveCapacity(raster.vertexCount * kernel.count)
    for row in 0..<raster.rows {
      for column in 0..<raster.columns {
        for i in 0..<kernel.rows where rowPlaces[i][row] >= 0 {
          for j in 0..<kernel.columns where columnPlaces[j][column] >= 0 && kernel.weights[i * kernel.columns + j] != 0 {
            entries.append(
              (
                row: row * raster.columns + column,
                column: rowPlaces[i][row] * raster.columns + columnPlaces[j][column],
                value: kernel.weights[i * kernel.columns + j]
              ))
          }
        }
      }
    }
    return SparseMatrix(rowCount: raster.vertexCount, columnCount: raster.vertexCount, entries: entries)
      .repeated(channelCount: channelCount)
  }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> { convolve(signals, scatters: false) }
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { convolve(measurements, scatters: true) }

  private func convolve(_ rows: Tensor<Float>, scatters: Bool) -> Tensor<Float> {
    precondition(rows.columnCount == inputCount, "Rows of \(rows.columnCount) entries for a blur of \(inputCount)")
    let (batch, size, channels, width) = (rows.rowCount, inputCount, channelCount, raster.columns)
    return Tensor(shape: [batch, size]) { out in
      guard let base = out.baseAddress else { return }
      base.initialize(repeating: 0, count: batch * size)
      let target = UncheckedPointer(base)
      rows.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        // Rows of the image are independent where values are gathered; where they are scattered, whole images are.
        let parts = scatters ? 1 : raster.rows
        Parallel.forEach(batch * parts) { task in
          let (b, part) = task.quotientAndRemainder(dividingBy: parts)
          for row in scatters ? 0..<raster.rows : part..<part + 1 {
            for i in 0..<kernel.rows where rowPlaces[i][row] >= 0 {
              let here = b * size + row * width * channels
              let there = b * size + rowPlaces[i][row] * width * channels
              for j in 0..<kernel.columns {
                let weight = Float(kernel.weights[i * kernel.columns + j])
                guard weight != 0 else { continue }
                let places = columnPlaces[j]
                for column in 0..<width where places[column] >= 0 {
                  for channel in 0..<channels {
                    let (one, two) = (here + column * channels + channel, there + places[column] * channels + channel)
                    if scatters {
                      target[two] += weight * source[one]
                    } else {
                      target[one] += weight * source[two]
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
