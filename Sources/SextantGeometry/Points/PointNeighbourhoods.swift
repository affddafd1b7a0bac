// Points of a surface in space without triangles: the nearest points of each, the plane through them, and which way it
// faces. Planes are fitted by least squares; their sides are made to agree from neighbour to neighbour along a minimum
// spanning tree (Hoppe, DeRose, Duchamp, McDonald and Stuetzle, "Surface reconstruction from unorganized points", 1992).

import Foundation
import SextantArrays

/// The nearest points of each of n distinct points, with a normal.
struct PointNeighbourhoods: Sendable {
  /// The number of other points in a neighbourhood, as in Sharp and Crane's own program.
  static let size = 30

  let positions: [SIMD3<Double>]
  /// The number of other points that each point has: those that were asked for, or all.
  let width: Int
  /// The nearest other points of each point (n × width), nearest first.
  let neighbours: [Int32]
  /// Their distances (n × width).
  let distances: [Double]
  /// The direction across the surface at each point, of length 1.
  private(set) var normals: [SIMD3<Double>]

  /// Fits a plane at each of distinct `positions` to its `size` nearest other points.
  init(_ positions: [SIMD3<Double>], size: Int = Self.size) {
    let count = positions.count
    let width = max(0, min(size, count - 1))
    self.positions = positions
    self.width = width
    let found = NearestNeighbours(positions).nearest(width + 1, toEach: positions)
    // The nearest of all is the point itself.
    neighbours = (0..<count).flatMap { found.indices[$0 * (width + 1) + 1..<($0 + 1) * (width + 1)] }
    distances = (0..<count).flatMap { found.distances[$0 * (width + 1) + 1..<($0 + 1) * (width + 1)] }
    normals = []
    normals = (0..<count).map { point in
      var moments = SymmetricMoments()
      for other in around(point) { moments.add(positions[Int(other)] - positions[point]) }
      return moments.leastDirection
    }
    orient()
  }

  /// The nearest other points of a point.
  func around(_ point: Int) -> ArraySlice<Int32> { neighbours[point * width..<(point + 1) * width] }

  /// The distance of a point from its `rank`-th nearest other point, counted from 1, or from the last that it has.
  func distance(_ point: Int, rank: Int) -> Double {
    width == 0 ? 0 : distances[point * width + min(rank, width) - 1]
  }

  private struct Step: Comparable {
    var turn: Double
    var point: Int32
    var from: Int32

    static func < (a: Step, b: Step) -> Bool { (a.turn, a.point, a.from) < (b.turn, b.point, b.from) }
  }

  /// Turns the normals so that neighbours agree, and the outermost point of each connected part looks outwards.
  private mutating func orient() {
    let count = positions.count
    let centre = positions.reduce(SIMD3<Double>(), +) / Double(max(1, count))
    let outermost = (0..<count).sorted {
      let (a, b) = ((positions[$0] - centre).squaredLength, (positions[$1] - centre).squaredLength)
      return a == b ? $0 < $1 : a > b
    }
    var isDone = [Bool](repeating: false, count: count)
    var heap = MinimumHeap<Step>()
    for start in outermost where !isDone[start] {
      if normals[start].dot(positions[start] - centre) < 0 { normals[start] = -normals[start] }
      heap.insert(Step(turn: 0, point: Int32(start), from: Int32(start)))
      while let step = heap.removeMinimum() {
        let point = Int(step.point)
        guard !isDone[point] else { continue }
        isDone[point] = true
        if normals[point].dot(normals[Int(step.from)]) < 0 { normals[point] = -normals[point] }
        // The nearest few suffice: farther ones may lie on another sheet.
        for other in around(point).prefix(10) where !isDone[Int(other)] {
          let turn = 1 - abs(normals[point].dot(normals[Int(other)]))
          heap.insert(Step(turn: turn, point: other, from: Int32(point)))
        }
      }
    }
  }
}

/// Σ v·vᵀ of vectors in space, and the direction in which they extend least.
private struct SymmetricMoments {
  private var rows: [SIMD3<Double>] = [SIMD3(), SIMD3(), SIMD3()]

  mutating func add(_ v: SIMD3<Double>) { for axis in 0..<3 { rows[axis] += v * v[axis] } }

  /// The eigenvector of the least eigenvalue, by Jacobi's rotations.
  var leastDirection: SIMD3<Double> {
    var a = rows
    var vectors: [SIMD3<Double>] = [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
    for _ in 0..<30 {
      let sizes = [abs(a[0].y), abs(a[0].z), abs(a[1].z)]
      guard let largest = sizes.max(), largest > 1e-15 * (a[0].x + a[1].y + a[2].z) else { break }
      let (p, q) = largest == sizes[0] ? (0, 1) : largest == sizes[1] ? (0, 2) : (1, 2)
      let angle = 0.5 * atan2(2 * a[p][q], a[q][q] - a[p][p])
      let (c, s) = (cos(angle), sin(angle))
      // Rows, then columns.
      (a[p], a[q]) = (c * a[p] - s * a[q], s * a[p] + c * a[q])
      for row in 0..<3 { (a[row][p], a[row][q]) = (c * a[row][p] - s * a[row][q], s * a[row][p] + c * a[row][q]) }
      (vectors[p], vectors[q]) = (c * vectors[p] - s * vectors[q], s * vectors[p] + c * vectors[q])
    }
    let least = a[0].x <= a[1].y ? (a[0].x <= a[2].z ? 0 : 2) : a[1].y <= a[2].z ? 1 : 2
    return vectors[least].normalized
  }
}
