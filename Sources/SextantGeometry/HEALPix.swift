// HEALPix: the sphere in 12·N² cells of equal area (Górski et al., "HEALPix: a framework for high-resolution
// discretization and fast analysis of data distributed on the sphere", 2005, section 4 and appendix A). Only the centres
// of the cells are here, in both orders; the formulas are those of the paper.

import Foundation

/// A HEALPix tessellation.
public struct HEALPix: Sendable, Equatable {
  /// The numbering of the cells.
  public enum Order: String, Sendable, Codable {
    /// Along rings of latitude, from north to south.
    case ring
    /// Along a Z-order curve in each of the twelve base cells.
    case nested
  }

  /// N: the number of cells along a side of a base cell.
  public let sideCount: Int
  /// The numbering of the cells.
  public let order: Order

  /// Nil unless `sideCount` is in 1…2²⁰, and a power of two for nested cells.
  public init?(sideCount: Int, order: Order) {
    guard (1...1 << 20).contains(sideCount), order == .ring || sideCount & (sideCount - 1) == 0 else { return nil }
    self.sideCount = sideCount
    self.order = order
  }

  /// 12·N².
  public var cellCount: Int { 12 * sideCount * sideCount }
  /// The area of a cell in steradians.
  public var cellArea: Double { 4 * .pi / Double(cellCount) }

  /// The centre of a cell, 0..<``cellCount``.
  public func centre(of cell: Int) -> GeographicPoint {
    let (z, longitude) = order == .ring ? ringCentre(cell) : nestedCentre(cell)
    return GeographicPoint(latitude: asin(max(-1, min(1, z))) * 180 / .pi, longitude: longitude * 180 / .pi)
  }

  private func ringCentre(_ cell: Int) -> (z: Double, longitude: Double) {
    let n = sideCount
    let capCount = 2 * n * (n - 1)
    let square = 3 * Double(n) * Double(n)
    // The ring 1, 2, … that holds cell number p of a polar cap.
    func ring(_ p: Int) -> Int { (1 + Int(Double(p).squareRoot())) >> 1 }
    if cell < capCount {
      let i = ring(1 + 2 * cell)
      let j = cell + 1 - 2 * i * (i - 1)
      return (1 - Double(i * i) / square, (Double(j) - 0.5) * .pi / Double(2 * i))
    }
    if cell < cellCount - capCount {
      let p = cell - capCount
      let (i, j) = (p / (4 * n) + n, p % (4 * n) + 1)
      let shift = (i + n) & 1 == 1 ? 1 : 0.5
      return (Double(2 * n - i) * 2 / Double(3 * n), (Double(j) - shift) * .pi / Double(2 * n))
    }
    let p = cellCount - cell
    let i = ring(2 * p - 1)
    let j = 4 * i + 1 - (p - 2 * i * (i - 1))
    return (-1 + Double(i * i) / square, (Double(j) - 0.5) * .pi / Double(2 * i))
  }

  private func nestedCentre(_ cell: Int) -> (z: Double, longitude: Double) {
    let n = sideCount
    let (face, inner) = (cell / (n * n), cell % (n * n))
    let (x, y) = (Self.evenBits(inner), Self.evenBits(inner >> 1))
    let ring = [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4][face] * n - x - y - 1
    let square = 3 * Double(n) * Double(n)
    let (width, z, shift): (Int, Double, Int)
    if ring < n {
      (width, z, shift) = (ring, 1 - Double(ring * ring) / square, 0)
    } else if ring > 3 * n {
      let fromSouth = 4 * n - ring
      (width, z, shift) = (fromSouth, -1 + Double(fromSouth * fromSouth) / square, 0)
    } else {
      (width, z, shift) = (n, Double(2 * n - ring) * 2 / Double(3 * n), (ring - n) & 1)
    }
    var column = ([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7][face] * width + x - y + 1 + shift) / 2
    if column > 4 * n { column -= 4 * n }
    if column < 1 { column += 4 * n }
    return (z, (Double(column) - Double(shift + 1) * 0.5) * .pi / Double(2 * width))
  }

  /// The number that the bits 0, 2, 4, … form.
  private static func evenBits(_ number: Int) -> Int {
    (0..<21).reduce(0) { $0 | (number >> (2 * $1) & 1) << $1 }
  }
}
