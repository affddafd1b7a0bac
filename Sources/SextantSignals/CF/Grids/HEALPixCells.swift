// HEALPix grids in CF files: a grid mapping gives the number of cells and their order, by the attributes that ICON and
// the HEALPix stores of weather models use (healpix_nside, healpix_order) or those proposed for CF (refinement_level,
// indexing_scheme). A coordinate along the cells gives their numbers, where a file has a part of the sphere.

import Foundation
import SextantGeometry

/// The cells of a HEALPix grid in a file.
struct HEALPixCells {
  let places: [GeographicPoint]
  let areas: [Double]
  let name: String

  /// Whether a grid mapping is HEALPix.
  static func isHEALPix(_ mapping: NetCDFVariable) -> Bool {
    mapping.text("grid_mapping_name")?.lowercased() == "healpix"
  }

  /// The number of cells of the whole sphere that a mapping states; nil if it does not.
  static func cellCount(_ mapping: NetCDFVariable) -> Int? {
    sideCount(mapping).flatMap { HEALPix(sideCount: $0, order: .ring)?.cellCount }
  }

  /// Throws ``NetCDFError/invalidCoordinate(path:variable:reason:)``.
  init(_ mapping: NetCDFVariable, of grid: HorizontalGrid, in file: NetCDFFile) throws {
    func failure(_ reason: String, _ variable: NetCDFVariable? = nil) -> NetCDFError {
      .invalidCoordinate(path: file.path, variable: (variable ?? mapping).name, reason: reason)
    }
    guard let sideCount = Self.sideCount(mapping) else {
      throw failure("a HEALPix grid needs the attribute healpix_nside, or refinement_level.")
    }
    let orderText = (mapping.text("healpix_order") ?? mapping.text("indexing_scheme") ?? "").lowercased()
    let orders: [String: HEALPix.Order] = ["nest": .nested, "nested": .nested, "ring": .ring]
    guard let order = orders[orderText] else {
      throw failure(
        "the attribute healpix_order is \"\(orderText)\": expected nested or ring, which tells the order of the cells.")
    }
    guard let healpix = HEALPix(sideCount: sideCount, order: order) else {
      throw failure("healpix_nside is \(sideCount): expected a power of 2 for nested cells, and 1 or more for rings.")
    }
    var numbers = Array(0..<grid.rows.length)
    if let index = grid.coordinates.first {
      let values = try file.values(of: index)
      guard let exact = Self.whole(values, below: healpix.cellCount) else {
        throw failure(
          "the numbers of HEALPix cells: expected whole numbers 0…\(healpix.cellCount - 1), as healpix_nside is \(sideCount).",
          index)
      }
      numbers = exact
    } else if grid.rows.length != healpix.cellCount {
      throw failure(
        "the dimension \(grid.rows.name) has \(grid.rows.length) cells: expected \(healpix.cellCount), which is 12·\(sideCount)², or a coordinate with the number of each cell."
      )
    }
    places = numbers.map(healpix.centre)
    areas = numbers.map { _ in healpix.cellArea }
    name = "HEALPix grid (N = \(sideCount), \(order.rawValue))"
  }

  private static func sideCount(_ mapping: NetCDFVariable) -> Int? {
    func whole(_ name: String) -> Int? { mapping.attribute(name)?.numbers?.first.flatMap { Int(exactly: $0) } }
    if let count = whole("healpix_nside") ?? whole("nside") { return count }
    return (whole("refinement_level") ?? whole("healpix_level")).flatMap { (0...20).contains($0) ? 1 << $0 : nil }
  }

  private static func whole(_ values: [Double], below end: Int) -> [Int]? {
    let numbers = values.compactMap { Int(exactly: $0) }
    return numbers.count == values.count && numbers.allSatisfy((0..<end).contains) ? numbers : nil
  }
}
