// Which places a domain covers, asked of the domain itself: it interpolates to a place or says that it lies outside.

import SextantArrays
import SextantGeometry

/// Tells the places that a domain covers from all others.
struct Coverage {
  private let geography: any Geography
  /// For domains without axes, the vertices and the distance beyond which a place is outside without a question: such
  /// domains prepare a search for each question.
  private let vertices: (tree: NearestNeighbours, reach: Double)?

  init(of domain: any Domain, _ geography: any Geography) {
    self.geography = geography
    // No cell is so stretched that a point in it is farther from every vertex.
    vertices =
      geography.gridAxes == nil
      ? (NearestNeighbours(domain.nodePositions), 6 * (domain.areaWeights.max() ?? 0).squareRoot()) : nil
  }

  /// Whether each place is covered. Throws `GeometryError` for anything but a place outside.
  func isCovered(_ places: [GeographicPoint]) throws -> [Bool] {
    var result = [Bool](repeating: false, count: places.count)
    let near = places.indices.filter { index in
      guard let vertices else { return true }
      return (vertices.tree.nearest(1, to: places[index].position).first?.distance ?? .infinity) <= vertices.reach
    }
    try mark(near[...], of: places, in: &result)
    return result
  }

  /// Halves the places until the domain covers all of a part, or a single place is outside.
  private func mark(_ indices: ArraySlice<Int>, of places: [GeographicPoint], in result: inout [Bool]) throws {
    guard !indices.isEmpty else { return }
    do {
      _ = try geography.interpolation(to: indices.map { places[$0] })
      for index in indices { result[index] = true }
    } catch GeometryError.outsideDomain {
      guard indices.count > 1 else { return }
      let middle = indices.startIndex + indices.count / 2
      try mark(indices[..<middle], of: places, in: &result)
      try mark(indices[middle...], of: places, in: &result)
    }
  }
}
