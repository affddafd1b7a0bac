// The topology of a mesh's faces: edges with one face or more than two, duplicate faces, connected components. They are
// only counted; nothing is repaired.

/// Counts of regular and irregular features of the faces of a mesh.
public struct MeshTopology: Sendable, Equatable, Encodable {
  /// The number of edges; an edge is a pair of different, consecutive corners of a face.
  public let edgeCount: Int
  /// The number of edges with only one face.
  public let boundaryEdgeCount: Int
  /// The number of edges with more than two faces.
  public let nonManifoldEdgeCount: Int
  /// The number of directed edges shared by several faces, because of inconsistent orientation or non-manifold edges.
  public let repeatedDirectedEdgeCount: Int
  /// The number of vertices that no face uses.
  public let isolatedVertexCount: Int
  /// The number of faces with the same corners as an earlier face, in any order.
  public let duplicateFaceCount: Int
  /// The number of components connected by vertices, not counting isolated vertices.
  public let componentCount: Int

  /// Whether every edge has exactly two faces.
  public var isClosed: Bool { edgeCount > 0 && boundaryEdgeCount == 0 && nonManifoldEdgeCount == 0 }

  /// Counts the edges of polygons, whose corners must be below `vertexCount`.
  public init(polygons: PolygonList, vertexCount: Int) {
    var pieces = VertexSets(count: vertexCount)
    var isUsed = [Bool](repeating: false, count: vertexCount)
    // The lower end, the higher end and the direction in a single number, so that sorting groups the faces of an edge.
    var sides: [UInt64] = []
    sides.reserveCapacity(polygons.corners.count)
    var faces: Set<[Int32]> = []
    faces.reserveCapacity(polygons.count)
    var duplicates = 0
    for index in 0..<polygons.count {
      let polygon = polygons[index]
      guard var previous = polygon.last, let first = polygon.first else { continue }
      for corner in polygon {
        isUsed[Int(corner)] = true
        pieces.join(Int(first), Int(corner))
        let (a, b) = (UInt64(min(previous, corner)), UInt64(max(previous, corner)))
        if a != b { sides.append(a << 32 | b << 1 | (previous < corner ? 0 : 1)) }
        previous = corner
      }
      if !faces.insert(polygon.sorted()).inserted { duplicates += 1 }
    }
    sides.sort()
    var (edges, boundary, nonManifold, repeated) = (0, 0, 0, 0)
    var start = 0
    while start < sides.count {
      var (forward, end) = (0, start)
      while end < sides.count, sides[end] >> 1 == sides[start] >> 1 {
        if sides[end] & 1 == 0 { forward += 1 }
        end += 1
      }
      let count = end - start
      edges += 1
      if count == 1 { boundary += 1 }
      if count > 2 { nonManifold += 1 }
      repeated += (forward > 1 ? 1 : 0) + (count - forward > 1 ? 1 : 0)
      start = end
    }
    edgeCount = edges
    boundaryEdgeCount = boundary
    nonManifoldEdgeCount = nonManifold
    repeatedDirectedEdgeCount = repeated
    isolatedVertexCount = isUsed.count { !$0 }
    duplicateFaceCount = duplicates
    componentCount = isUsed.indices.count { isUsed[$0] && pieces.isRoot($0) }
  }
}

/// Sets of vertices that are merged step by step.
private struct VertexSets {
  private var parent: [Int]

  init(count: Int) { parent = Array(0..<count) }

  func isRoot(_ vertex: Int) -> Bool { parent[vertex] == vertex }

  private mutating func root(_ vertex: Int) -> Int {
    var vertex = vertex
    while parent[vertex] != vertex {
      parent[vertex] = parent[parent[vertex]]
      vertex = parent[vertex]
    }
    return vertex
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (first, second) = (root(a), root(b))
    if first != second { parent[max(first, second)] = min(first, second) }
  }
}
