// The vertex nearest to a point on the sphere, by a k-d tree over the vertex positions (Bentley 1975). It serves
// domains without rows and columns. A point beyond the reach of its nearest vertex's cell has no vertex, so that a
// regional domain does not colour the whole globe.

import SextantGeometry

/// Finds the nearest of V positions on the unit sphere.
struct NearestVertices: Sendable {
  /// The vertices as a balanced tree: the middle element of each range splits it along one axis.
  private let order: [Int32]
  private let positions: [SIMD3<Double>]
  /// The squared chord length up to which a vertex's cell reaches, per vertex.
  private let squaredReach: [Double]

  /// A tree over `positions` (V unit vectors) with the area of each vertex in steradians (V entries).
  init(positions: [SIMD3<Double>], areas: [Double]) {
    self.positions = positions
    var order = (0..<Int32(positions.count)).map { $0 }
    order.withUnsafeMutableBufferPointer { Self.split($0[...], positions, axis: 0) }
    self.order = order
    let median = areas.isEmpty ? 0 : areas.sorted()[areas.count / 2]
    // The corner of a square cell is 0.71 sides away from its centre; boundary vertices have only part of a cell's
    // area.
    squaredReach = areas.map { 0.75 * max($0, median) }
  }

  /// The vertex nearest to `point`; nil if no cell reaches that far.
  func vertex(at point: GeographicPoint) -> Int? {
    guard !order.isEmpty else { return nil }
    let target = point.position
    var best: (vertex: Int, distance: Double) = (-1, .infinity)
    search(0, order.count, axis: 0, target, &best)
    return best.vertex >= 0 && best.distance <= squaredReach[best.vertex] ? best.vertex : nil
  }

  private func search(
    _ low: Int, _ high: Int, axis: Int, _ target: SIMD3<Double>, _ best: inout (vertex: Int, distance: Double)
  ) {
    guard low < high else { return }
    let middle = (low + high) / 2
    let vertex = Int(order[middle])
    let difference = target - positions[vertex]
    let distance = (difference * difference).sum()
    // Among coincident vertices, the first in the file is chosen.
    if distance < best.distance || (distance == best.distance && vertex < best.vertex) {
      best = (vertex, distance)
    }
    let next = axis == 2 ? 0 : axis + 1
    let toSplit = difference[axis]
    if toSplit < 0 {
      search(low, middle, axis: next, target, &best)
      if toSplit * toSplit <= best.distance { search(middle + 1, high, axis: next, target, &best) }
    } else {
      search(middle + 1, high, axis: next, target, &best)
      if toSplit * toSplit <= best.distance { search(low, middle, axis: next, target, &best) }
    }
  }

  private static func split(
    _ slice: Slice<UnsafeMutableBufferPointer<Int32>>, _ positions: [SIMD3<Double>], axis: Int
  ) {
    var slice = slice
    guard slice.count > 1 else { return }
    let middle = (slice.startIndex + slice.endIndex) / 2
    select(middle, in: &slice) { positions[Int($0)][axis] < positions[Int($1)][axis] }
    let next = axis == 2 ? 0 : axis + 1
    split(slice.base[slice.startIndex..<middle], positions, axis: next)
    split(slice.base[middle + 1..<slice.endIndex], positions, axis: next)
  }

  /// Moves the entry with rank `place` there, with no greater entry before it (Hoare's quickselect).
  private static func select(
    _ place: Int, in slice: inout Slice<UnsafeMutableBufferPointer<Int32>>, by isLess: (Int32, Int32) -> Bool
  ) {
    var (low, high) = (slice.startIndex, slice.endIndex - 1)
    while low < high {
      let pivot = slice[(low + high) / 2]
      var (i, j) = (low, high)
      while i <= j {
        while isLess(slice[i], pivot) { i += 1 }
        while isLess(pivot, slice[j]) { j -= 1 }
        if i <= j {
          slice.swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if place <= j { high = j } else if place >= i { low = i } else { return }
    }
  }
}
