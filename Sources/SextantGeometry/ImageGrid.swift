// The plane grid of an image: rows from the top and columns from the left, one vertex at the centre of each pixel. The
// Laplacian is the five-point one of finite volumes, without a flux through the frame, so that an image of one row, one
// column or one pixel is a domain like any other. Not here: files of images, and what lies beyond the frame, which is a
// matter of operators.

import Foundation
import SextantArrays

/// The pixels of an image, as vertices of a plane grid: vertex = row · columns + column.
public struct ImageGrid: Domain {
  /// The number of pixels from top to bottom.
  public let rows: Int
  /// The number of pixels from left to right.
  public let columns: Int
  /// The height of a pixel: 1, or a length in any unit.
  public let pixelHeight: Double
  /// The width of a pixel, in the unit of its height.
  public let pixelWidth: Double

  /// An image of at least 1×1 pixels. Throws ``GeometryError/invalidGrid(_:)``.
  public init(rows: Int, columns: Int, pixelHeight: Double = 1, pixelWidth: Double = 1) throws {
    let (count, overflows) = rows.multipliedReportingOverflow(by: columns)
    guard rows >= 1, columns >= 1, !overflows, count <= Int(Int32.max) else {
      throw GeometryError.invalidGrid(
        "An image of \(rows)×\(columns) pixels: expected at least 1×1, and at most \(Int32.max) pixels in all.")
    }
    guard pixelHeight.isFinite, pixelWidth.isFinite, pixelHeight > 0, pixelWidth > 0 else {
      throw GeometryError.invalidGrid(
        "Pixels of the height \(pixelHeight) and the width \(pixelWidth): expected two positive lengths.")
    }
    (self.rows, self.columns) = (rows, columns)
    (self.pixelHeight, self.pixelWidth) = (pixelHeight, pixelWidth)
  }

  public var vertexCount: Int { rows * columns }
  public var nodeCount: Int { vertexCount }
  public var nodeOfVertex: [Int32] { Array(0..<Int32(vertexCount)) }

  /// The centres of the pixels: x to the right and y downwards, from the centre of the first pixel.
  public var nodePositions: [SIMD3<Double>] {
    (0..<vertexCount).map { vertex in
      let (row, column) = vertex.quotientAndRemainder(dividingBy: columns)
      return SIMD3(Double(column) * pixelWidth, Double(row) * pixelHeight, 0)
    }
  }

  public var areaWeights: [Double] { [Double](repeating: pixelHeight * pixelWidth, count: vertexCount) }

  public var stiffness: SparseMatrix {
    var edges = WeightedEdges()
    edges.reserveCapacity(2 * vertexCount)
    for row in 0..<rows {
      for column in 0..<columns {
        let vertex = Int32(row * columns + column)
        if column + 1 < columns { edges.add(vertex, vertex + 1, weight: pixelHeight / pixelWidth) }
        if row + 1 < rows { edges.add(vertex, vertex + Int32(columns), weight: pixelWidth / pixelHeight) }
      }
    }
    return edges.laplacian(nodeCount: vertexCount)
  }

  public var fingerprint: String {
    var hash = Fingerprint(kind: "image")
    hash.add(rows)
    hash.add(columns)
    hash.add(singlePrecision: [SIMD3(pixelWidth, pixelHeight, 0)])
    return hash.text
  }

  public var summary: String {
    let size = "\(rows)×\(columns) image (rows × columns)"
    return pixelHeight == 1 && pixelWidth == 1 ? size : "\(size), pixels of \(pixelHeight)×\(pixelWidth)"
  }

  public var raster: Raster? { Raster(rows: rows, columns: columns) }
  public var isImage: Bool { true }
  public var plane: (any PlaneRaster)? { self }

  public func neighbourhoods(levelCount: Int) throws -> NeighbourhoodHierarchy? {
    NeighbourhoodHierarchy(Raster(rows: rows, columns: columns), levelCount: levelCount)
  }
}
