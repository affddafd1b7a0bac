// A k-d tree on positions in space: the k nearest points. Chord distance and
// great-circle distance give the same order of points on a sphere, so the tree serves both.
// The tree is implicit: a permutation of the points whose middle element splits each range.

import SextantArrays

/// Points prepared for nearest-neighbour queries; building takes O(n log n) time and 40 bytes per point.
public struct NearestNeighbours: Sendable {
  /// A point that was found.
  public struct Neighbour: Sendable, Equatable {
    /// The index of the point.
    public var index: Int
    /// The straight-line distance, in the positions' unit.
    public var distance: Double
  }

  private let points: [SIMD3<Double>]
  private let indices: [Int32]
  /// The axis that each range's middle element splits, under that element's place.
  private let axes: [UInt8]
  private static let leafSize = 12

  /// The number of points.
  public var count: Int { points.count }

  /// Prepares finite `points`.
  public init(_ points: [SIMD3<Double>]) {
    var order = [Int32](0..<Int32(points.count))
    var axes = [UInt8](repeating: 0, count: points.count)
    order.withUnsafeMutableBufferPointer { order in
      axes.withUnsafeMutableBufferPointer { axes in
        points.withUnsafeBufferPointer { points in
          guard let orderBase = order.baseAddress, let axesBase = axes.baseAddress, let source = points.baseAddress
          else { return }
          let builder = Builder(
            points: UncheckedPointer(UnsafeMutablePointer(mutating: source)), order: UncheckedPointer(orderBase),
            axes: UncheckedPointer(axesBase))
          builder.buildInParallel(points.count)
        }
      }
    }
    // Neighbours in the tree are neighbours in memory.
    self.points = order.map { points[Int($0)] }
    indices = order
    self.axes = axes
  }

  /// The `count` points nearest to `place`, nearest first; of equally near points, those with the lowest indices.
  public func nearest(_ count: Int, to place: SIMD3<Double>) -> [Neighbour] {
    var list = NearestList(capacity: min(count, points.count))
    search(0, points.count, place, &list)
    return list.items.map { Neighbour(index: Int($0.index), distance: $0.squaredDistance.squareRoot()) }
  }

  /// The `count` points nearest to each of `places`: places × count, nearest first, in parallel.
  ///
  /// `count` must not be larger than the number of points.
  public func nearest(
    _ count: Int, toEach places: [SIMD3<Double>]
  ) -> (indices: [Int32], distances: [Double]) {
    precondition(count <= points.count, "\(count) neighbours asked of \(points.count) points")
    var found = [Int32](repeating: 0, count: places.count * count)
    var distances = [Double](repeating: 0, count: places.count * count)
    found.withUnsafeMutableBufferPointer { found in
      distances.withUnsafeMutableBufferPointer { distances in
        guard let foundBase = found.baseAddress, let distanceBase = distances.baseAddress else { return }
        let (foundOut, distanceOut) = (UncheckedPointer(foundBase), UncheckedPointer(distanceBase))
        Parallel.forEachRange(of: places.count, grain: 1024) { range in
          var list = NearestList(capacity: count)
          for i in range {
            list.removeAll()
            search(0, points.count, places[i], &list)
            for (j, item) in list.items.enumerated() {
              foundOut[i * count + j] = item.index
              distanceOut[i * count + j] = item.squaredDistance.squareRoot()
            }
          }
        }
      }
    }
    return (found, distances)
  }

  private func search(_ start: Int, _ end: Int, _ place: SIMD3<Double>, _ list: inout NearestList) {
    guard end - start > Self.leafSize else {
      for i in start..<end { list.offer(indices[i], (points[i] - place).squaredLength) }
      return
    }
    let middle = (start + end) / 2
    let axis = Int(axes[middle])
    let separation = place[axis] - points[middle][axis]
    list.offer(indices[middle], (points[middle] - place).squaredLength)
    if separation < 0 {
      search(start, middle, place, &list)
      if separation * separation <= list.bound { search(middle + 1, end, place, &list) }
    } else {
      search(middle + 1, end, place, &list)
      if separation * separation <= list.bound { search(start, middle, place, &list) }
    }
  }

  /// Arranges a range of the order so that its middle splits it on its widest axis.
  private struct Builder: Sendable {
    let points: UncheckedPointer<SIMD3<Double>>
    let order: UncheckedPointer<Int32>
    let axes: UncheckedPointer<UInt8>

    /// Splits the first levels one after another, then builds the parts side by side.
    func buildInParallel(_ count: Int) {
      var ranges = [0..<count]
      for _ in 0..<4 { ranges = ranges.flatMap { split($0) } }
      let parts = ranges
      Parallel.forEach(parts.count) { build(parts[$0]) }
    }

    func build(_ range: Range<Int>) { for part in split(range) { build(part) } }

    /// The two halves of a range beside its middle, or none if it is a leaf.
    func split(_ range: Range<Int>) -> [Range<Int>] {
      guard range.count > NearestNeighbours.leafSize else { return [] }
      var (low, high) = (points[Int(order[range.lowerBound])], points[Int(order[range.lowerBound])])
      for i in range {
        let point = points[Int(order[i])]
        low = pointwiseMin(low, point)
        high = pointwiseMax(high, point)
      }
      let extent = high - low
      let axis = extent.x >= extent.y ? (extent.x >= extent.z ? 0 : 2) : extent.y >= extent.z ? 1 : 2
      let middle = (range.lowerBound + range.upperBound) / 2
      select(middle, range, axis)
      axes[middle] = UInt8(axis)
      return [range.lowerBound..<middle, middle + 1..<range.upperBound]
    }

    /// Quickselect (Hoare): afterwards nothing before `target` is larger than it and nothing behind it smaller.
    func select(_ target: Int, _ range: Range<Int>, _ axis: Int) {
      var (low, high) = (range.lowerBound, range.upperBound - 1)
      while low < high {
        let pivot = median(low, high, axis)
        var (i, j) = (low, high)
        while i <= j {
          while points[Int(order[i])][axis] < pivot { i += 1 }
          while points[Int(order[j])][axis] > pivot { j -= 1 }
          guard i <= j else { break }
          (order[i], order[j]) = (order[j], order[i])
          i += 1
          j -= 1
        }
        if target <= j { high = j } else if target >= i { low = i } else { return }
      }
    }

    private func median(_ low: Int, _ high: Int, _ axis: Int) -> Double {
      let (a, b, c) = (
        points[Int(order[low])][axis], points[Int(order[(low + high) / 2])][axis], points[Int(order[high])][axis]
      )
      return max(min(a, b), min(max(a, b), c))
    }
  }
}

/// The nearest points found so far, nearest first; of equally near points, the lowest index first.
private struct NearestList {
  struct Item {
    var squaredDistance: Double
    var index: Int32

    func precedes(_ other: Item) -> Bool {
      squaredDistance < other.squaredDistance || (squaredDistance == other.squaredDistance && index < other.index)
    }
  }

  private(set) var items: [Item] = []
  private let capacity: Int
  /// The squared distance above which a point is not among the nearest.
  private(set) var bound: Double

  init(capacity: Int) {
    self.capacity = max(0, capacity)
    items.reserveCapacity(self.capacity)
    bound = capacity > 0 ? .infinity : -1
  }

  mutating func removeAll() {
    items.removeAll(keepingCapacity: true)
    bound = capacity > 0 ? .infinity : -1
  }

  mutating func offer(_ index: Int32, _ squaredDistance: Double) {
    guard squaredDistance <= bound else { return }
    let item = Item(squaredDistance: squaredDistance, index: index)
    if items.count < capacity {
      items.append(item)
    } else if item.precedes(items[capacity - 1]) {
      items[capacity - 1] = item
    } else {
      return
    }
    // Only a few items are kept, so moving them is cheaper than a cleverer order.
    var slot = items.count - 1
    while slot > 0, item.precedes(items[slot - 1]) {
      items[slot] = items[slot - 1]
      slot -= 1
    }
    items[slot] = item
    if items.count == capacity { bound = items[capacity - 1].squaredDistance }
  }
}
