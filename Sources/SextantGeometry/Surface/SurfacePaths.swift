// Shortest paths along a surface, over its edges and across them: what lies near on the bunny's ear is not what lies near
// through the air. Edges of the file, edges of the intrinsic Delaunay triangulation, and straight lines from corner to
// corner across each of these serve as steps, so that paths are a few per cent too long at most on even meshes.
// Dijkstra's algorithm, cut short where only near vertices are asked for.

import SextantArrays

/// A surface made ready for shortest paths between its nodes.
public struct SurfacePaths: Sendable {
  /// A node that was found.
  public struct Neighbour: Sendable, Equatable {
    /// Which node.
    public var node: Int
    /// Its distance along the surface, in the surface's unit of length.
    public var distance: Double
  }

  /// Where each node's steps start (nodes + 1), and their ends and lengths.
  private let starts: [Int]
  private let ends: [Int32]
  private let lengths: [Double]

  /// The number of nodes.
  public var nodeCount: Int { starts.count - 1 }

  /// Collects the steps.
  public init(_ surface: SurfaceMesh) {
    var steps: [(Int32, Int32, Double)] = []
    func add(_ a: Int32, _ b: Int32, _ length: Double) {
      guard a != b else { return }
      steps.append((a, b, length))
      steps.append((b, a, length))
    }
    let positions = surface.nodePositions
    func straight(_ a: Int32, _ b: Int32) -> Double { (positions[Int(a)] - positions[Int(b)]).length }
    for t in surface.nodeTriangles {
      for side in 0..<3 { add(t[side], t[(side + 1) % 3], straight(t[side], t[(side + 1) % 3])) }
    }
    surface.cover.forEachEdge { edge in
      add(edge.start, edge.end, edge.length)
      if let diagonal = edge.diagonal { add(edge.left, edge.right, diagonal) }
    }
    for (guest, host) in surface.hostOfIsolatedNode { add(guest, host, straight(guest, host)) }
    // Of several steps between two nodes the shortest comes first, and alone is kept.
    steps.sort { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }
    var (starts, ends, lengths) = ([Int](repeating: 0, count: surface.nodeCount + 1), [Int32](), [Double]())
    for (place, step) in steps.enumerated() {
      if place > 0, steps[place - 1].0 == step.0, steps[place - 1].1 == step.1 { continue }
      ends.append(step.1)
      lengths.append(step.2)
      starts[Int(step.0) + 1] += 1
    }
    for node in 0..<surface.nodeCount { starts[node + 1] += starts[node] }
    (self.starts, self.ends, self.lengths) = (starts, ends, lengths)
  }

  /// The `count` nodes nearest to `node`, itself first; of equally near ones, those with the least number. Fewer where its
  /// piece of the surface has fewer. With `targets` (nodes entries), only nodes for which it is true count.
  public func nearest(_ count: Int, to node: Int, among targets: [Bool]? = nil) -> [Neighbour] {
    var search = Search(nodeCount: nodeCount)
    return nearest(count, to: node, among: targets, &search)
  }

  /// The same for each of `nodes`, in parallel.
  public func nearest(_ count: Int, toEach nodes: [Int], among targets: [Bool]? = nil) -> [[Neighbour]] {
    var result = [[Neighbour]](repeating: [], count: nodes.count)
    result.withUnsafeMutableBufferPointer { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEachRange(of: nodes.count, grain: 256) { range in
        var search = Search(nodeCount: nodeCount)
        for i in range { target[i] = nearest(count, to: nodes[i], among: targets, &search) }
      }
    }
    return result
  }

  private func nearest(_ count: Int, to node: Int, among targets: [Bool]?, _ search: inout Search) -> [Neighbour] {
    var found: [Neighbour] = []
    guard count > 0 else { return found }
    search.restart()
    search.offer(Int32(node), 0)
    while let (current, distance) = search.next() {
      if targets?[Int(current)] ?? true {
        found.append(Neighbour(node: Int(current), distance: distance))
        if found.count == count { break }
      }
      for k in starts[Int(current)]..<starts[Int(current) + 1] { search.offer(ends[k], distance + lengths[k]) }
    }
    return found
  }

  /// `count` nodes that are spread evenly, each as far as can be from those before it, and for every node the place in
  /// `nodes` of the nearest. Every piece of the surface gets at least one, if there are so many.
  func spreadNodes(_ count: Int) -> (nodes: [Int], nearest: [Int32]) {
    var chosen: [Int] = []
    var nearest = [Int32](repeating: -1, count: nodeCount)
    var distances = [Double](repeating: .infinity, count: nodeCount)
    var farthest = MinimumHeap<Visit>()
    for node in 0..<nodeCount { farthest.insert(Visit(distance: -.infinity, node: Int32(node))) }
    var front = MinimumHeap<Visit>()
    while chosen.count < count, let candidate = farthest.removeMinimum() {
      let node = Int(candidate.node)
      // What has come nearer to a chosen node since it was put there waits at its new distance.
      guard -candidate.distance == distances[node] else { continue }
      guard distances[node] > 0 else { break }
      let place = Int32(chosen.count)
      chosen.append(node)
      front.insert(Visit(distance: 0, node: candidate.node))
      while let visit = front.removeMinimum() {
        let current = Int(visit.node)
        guard visit.distance < distances[current] else { continue }
        distances[current] = visit.distance
        nearest[current] = place
        farthest.insert(Visit(distance: -visit.distance, node: visit.node))
        for k in starts[current]..<starts[current + 1] where visit.distance + lengths[k] < distances[Int(ends[k])] {
          front.insert(Visit(distance: visit.distance + lengths[k], node: ends[k]))
        }
      }
    }
    return (chosen, nearest)
  }

  private struct Visit: Comparable {
    var distance: Double
    var node: Int32

    static func < (a: Visit, b: Visit) -> Bool { (a.distance, a.node) < (b.distance, b.node) }
  }

  /// What one search after the other on a thread needs; starting again costs as much as the search before it touched.
  private struct Search {
    private var heap = MinimumHeap<Visit>()
    private var distances: [Double]
    private var isDone: [Bool]
    private var touched: [Int32] = []

    init(nodeCount: Int) {
      distances = [Double](repeating: .infinity, count: nodeCount)
      isDone = [Bool](repeating: false, count: nodeCount)
    }

    mutating func restart() {
      for node in touched {
        distances[Int(node)] = .infinity
        isDone[Int(node)] = false
      }
      touched.removeAll(keepingCapacity: true)
      heap.removeAll()
    }

    mutating func offer(_ node: Int32, _ distance: Double) {
      guard distance < distances[Int(node)] else { return }
      if distances[Int(node)] == .infinity { touched.append(node) }
      distances[Int(node)] = distance
      heap.insert(Visit(distance: distance, node: node))
    }

    mutating func next() -> (Int32, Double)? {
      while let visit = heap.removeMinimum() {
        guard !isDone[Int(visit.node)] else { continue }
        isDone[Int(visit.node)] = true
        return (visit.node, visit.distance)
      }
      return nil
    }
  }
}
