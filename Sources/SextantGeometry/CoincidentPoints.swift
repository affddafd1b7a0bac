// Finds vertices at the same place and numbers the places as nodes: repeated columns, poles, and points that a file
// lists twice.

import SextantArrays

/// Vertices merged into nodes.
struct CoincidentPoints {
  /// The node of each vertex, numbered by first appearance.
  let nodeOfVertex: [Int32]
  /// The position of each node: that of its first vertex.
  let nodePositions: [SIMD3<Double>]

  /// Merges points at exactly the same place.
  init(equal positions: [SIMD3<Double>]) {
    var nodeOfPlace: [SIMD3<Double>: Int32] = [:]
    nodeOfPlace.reserveCapacity(positions.count)
    var places: [SIMD3<Double>] = []
    nodeOfVertex = positions.map { place in
      if let node = nodeOfPlace[place] { return node }
      let node = Int32(places.count)
      nodeOfPlace[place] = node
      places.append(place)
      return node
    }
    nodePositions = places
  }

  /// Merges points at most `tolerance` apart.
  init(_ positions: [SIMD3<Double>], tolerance: Double = 1e-9) {
    // Along a direction that no grid is aligned with, almost only coincident points are neighbours.
    let direction = SIMD3(0.618_033_988, 0.754_877_666, 0.219_736_114)
    let heights = positions.map { $0.dot(direction) }
    let order = positions.indices.sorted { (heights[$0], $0) < (heights[$1], $1) }
    var first = [Int](positions.indices)
    for (place, i) in order.enumerated() {
      for j in order[(place + 1)...] {
        guard heights[j] - heights[i] <= tolerance else { break }
        guard (positions[j] - positions[i]).length <= tolerance else { continue }
        let representative = min(first[i], first[j])
        first[i] = representative
        first[j] = representative
      }
    }
    var nodes = [Int32](repeating: -1, count: positions.count)
    var places: [SIMD3<Double>] = []
    for vertex in positions.indices {
      // A chain of merges leads to lower and lower vertices, which already have their nodes.
      if first[vertex] == vertex {
        nodes[vertex] = Int32(places.count)
        places.append(positions[vertex])
      } else {
        nodes[vertex] = nodes[first[vertex]]
      }
    }
    nodeOfVertex = nodes
    nodePositions = places
  }

  /// The areas of the nodes, divided equally among their vertices.
  func sharing(_ nodeAreas: [Double]) -> [Double] { Self.sharing(nodeAreas, nodeOfVertex: nodeOfVertex) }

  /// The same for any assignment of vertices to nodes.
  static func sharing(_ nodeAreas: [Double], nodeOfVertex: [Int32]) -> [Double] {
    var sharers = [Double](repeating: 0, count: nodeAreas.count)
    for node in nodeOfVertex { sharers[Int(node)] += 1 }
    return nodeOfVertex.map { nodeAreas[Int($0)] / sharers[Int($0)] }
  }
}
