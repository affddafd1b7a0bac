// Finite volumes on the latitude–longitude grid: the flux between two cells is the length of their common
// edge times the difference over the distance of their centres. A pole is one cell, a cap that borders all
// cells of the next ring; no flux crosses the edge of a regional grid.

import Foundation
import SextantArrays

extension LatitudeLongitudeGrid {
  /// The Laplacian, computed at each call in time and memory linear in the number of vertices: keep it if you need it
  /// twice.
  public var stiffness: SparseMatrix {
    let distinct = longitudeAxis.distinctCount
    var edges = WeightedEdges()
    edges.reserveCapacity(2 * nodeCount)
    let eastSteps = (0..<distinct).map { j in
      let end = j + 1 < distinct ? longitudeAxis.offsets[j + 1] : 360
      return (end - longitudeAxis.offsets[j]) * .pi / 180
    }
    let eastCount = distinct == 1 ? 0 : wraps ? distinct : distinct - 1
    for i in 0..<rows {
      if !isPole(i) {
        let height = abs(latitudeAxis.edges[i + 1] - latitudeAxis.edges[i]) * .pi / 180
        let ratio = height / cos(latitudeAxis.latitudes[i] * .pi / 180)
        for j in 0..<eastCount { edges.add(node(i, j), node(i, (j + 1) % distinct), weight: ratio / eastSteps[j]) }
      }
      guard i + 1 < rows else { continue }
      let distance = abs(latitudeAxis.latitudes[i + 1] - latitudeAxis.latitudes[i]) * .pi / 180
      let ratio = (1 - latitudeAxis.edgeSines[i + 1] * latitudeAxis.edgeSines[i + 1]).squareRoot() / distance
      for j in 0..<distinct { edges.add(node(i, j), node(i + 1, j), weight: ratio * longitudeAxis.widths[j]) }
    }
    return edges.laplacian(nodeCount: nodeCount)
  }
}
