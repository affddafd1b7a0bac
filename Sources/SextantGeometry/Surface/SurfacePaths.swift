// Shortest paths along a surface, over its edges and across them: two points on the bunny's ears may be near each other
// in space and far apart on the surface. Edges of the file, edges of the intrinsic Delaunay triangulation, and straight
// lines from corner to corner across each of these serve as steps, so that on even meshes paths are at most a few per
// cent too long. Dijkstra's algorithm finds them, and stops early if only near vertices are wanted.

import SextantArrays

/// A surface prepared for shortest paths between its nodes.
struct SurfacePaths: Sendable {
  /// A node that was found.
  struct Neighbour: Sendable, Equatable {
    /// The index of the node.
    var node: Int
    /// Its distance along the surface, in the surface's unit of length.
    var distance: Double
  }

  /// The index at which each node's steps begin (nodes + 1), and the ends and lengths of the steps.
  private let starts: [Int]
  private let ends: [Int32]
  private let lengths: [Double]

  /// The number of nodes.
  var nodeCount: Int { starts.count - 1 }

  /// Collects the steps.
  init(_ surface: SurfaceMesh) {
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
    // Of several steps between two nodes, the shortest comes first and is kept.
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

  /// The `count` nodes nearest to `node`, itself first; of equally near nodes, those with the lowest indices. There are
  /// fewer if its piece of the surface has fewer. With `targets` (nodes entries), only nodes for which it is true
  /// count.
  func nearest(_ count: Int, to node: Int, among targets: [Bool]? = nil) -> [Neighbour] {
    var search = Search(nodeCount: nodeCount)
    return nearest(count, to: node, among: targets, &search)
  }

  /// The same for each of `nodes`, in parallel.
  func nearest(_ count: Int, toEach nodes: [Int], among targets: [Bool]? = nil) -> [[Neighbour]] {
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

  /// `count` nodes that are spread evenly, each as far as possible from those before it, and for every node the
  /// position in `nodes` of the nearest. Every piece of the surface gets at least one if `count` is large enough.
  func spreadNodes(_ count: Int) -> (nodes: [Int], nearest: [Int32]) {
    var chosen: [Int] = []
    var nearest = [Int32](repeating: -1, count: nodeCount)
    var distances = [Double](repeating: .infinity, count: nodeCount)
    var farthest = MinimumHeap<Visit>()
    for node in 0..<nodeCount { farthest.insert(Visit(distance: -.infinity, node: Int32(node))) }
    var front = MinimumHeap<Visit>()
    while chosen.count < count, let candidate = farthest.removeMinimum() {
      let node = Int(candidate.node)
      // A node that has come nearer to a chosen one since this entry was made has another entry with its new distance.
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

  /// The memory of a search, reused by the next search of the same thread. A restart costs only as much as the last
  /// search touched.
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
