// The k-d tree against brute force.

import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct NearestNeighboursTests {
  static func points(_ count: Int, seed: UInt64) -> [SIMD3<Double>] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in SIMD3(random.normal(), random.normal(), random.normal()).normalized }
  }

  /// All points by distance, then index.
  static func bruteForce(_ points: [SIMD3<Double>], _ place: SIMD3<Double>) -> [NearestNeighbours.Neighbour] {
    points.enumerated().map { .init(index: $0, distance: ($1 - place).length) }
      .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
  }

  @Test(arguments: [1, 2, 12, 13, 100, 3000], [1, 3, 8])
  func findsTheNearest(_ size: Int, _ count: Int) {
    let points = Self.points(size, seed: 1)
    let tree = NearestNeighbours(points)
    let places = Self.points(20, seed: 2)
    for place in places {
      #expect(tree.nearest(count, to: place) == Array(Self.bruteForce(points, place).prefix(count)))
    }
    guard count <= size else { return }
    let (indices, distances) = tree.nearest(count, toEach: places)
    for (i, place) in places.enumerated() {
      let expected = Self.bruteForce(points, place).prefix(count)
      #expect(indices[i * count..<(i + 1) * count].map(Int.init) == expected.map(\.index))
      #expect(Array(distances[i * count..<(i + 1) * count]) == expected.map(\.distance))
    }
  }

  @Test func equallyNearPointsComeByIndex() {
    let points = [SIMD3<Double>](repeating: SIMD3(1, 0, 0), count: 50) + [SIMD3(0, 1, 0)]
    let tree = NearestNeighbours(points)
    #expect(tree.nearest(4, to: SIMD3(1, 0, 0)).map(\.index) == [0, 1, 2, 3])
    #expect(NearestNeighbours([]).nearest(3, to: SIMD3(0, 0, 1)).isEmpty)
  }
}
