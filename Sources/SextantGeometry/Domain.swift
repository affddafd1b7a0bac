// The Domain: where a signal lives. One face for triangle meshes, grids on the sphere and image grids;
// nothing downstream asks which kind it has, unless geometry matters there.
//
// Vertices are those of the file, in the file's order. Some coincide (each pole of a latitude–longitude
// grid, a repeated last column): those share a *node*. Priors work on nodes, so that coincident
// vertices always have one value; files, scores and pictures work on vertices.

import SextantArrays

/// A set of V vertices on a surface, with what solvers need to know of the surface.
public protocol Domain: Sendable {
  /// V: the number of vertices, padding not counted.
  var vertexCount: Int { get }
  /// The number of distinct places, at most V.
  var nodeCount: Int { get }
  /// The node of each vertex (V entries, each below `nodeCount`; nodes are numbered by first appearance).
  var nodeOfVertex: [Int32] { get }
  /// The position of each node: on the unit sphere, or in the mesh's own coordinates.
  var nodePositions: [SIMD3<Double>] { get }
  /// The area that each vertex stands for (V entries), in steradians on a sphere; coincident vertices share theirs.
  var areaWeights: [Double] { get }
  /// The area of each node times −Laplace–Beltrami at the node (nodes × nodes, symmetric, positive semi-definite, rows sum to 0).
  var stiffness: SparseMatrix { get }
  /// A hexadecimal hash of the geometry, which tells one domain from another.
  var fingerprint: String { get }
  /// One line for people, such as "46×90 latitude–longitude grid, 4°, global, poles included".
  var summary: String { get }
  /// The weights that interpolate from vertices to places on the sphere (places × V, rows sum to 1).
  ///
  /// Throws ``GeometryError/outsideDomain(_:)`` where a place is not covered, and ``GeometryError/notOnSphere(_:)`` where
  /// the domain has no latitudes and longitudes.
  func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix
}

extension Domain {
  /// The position of each vertex (V entries).
  public var positions: [SIMD3<Double>] {
    let nodes = nodePositions
    return nodeOfVertex.map { nodes[Int($0)] }
  }

  /// The area of each node: the sum over its vertices.
  public var nodeAreas: [Double] {
    var areas = [Double](repeating: 0, count: nodeCount)
    for (vertex, area) in areaWeights.enumerated() { areas[Int(nodeOfVertex[vertex])] += area }
    return areas
  }

  /// One vertex of each node: the first.
  public var representativeVertices: [Int] {
    var result: [Int] = []
    result.reserveCapacity(nodeCount)
    for (vertex, node) in nodeOfVertex.enumerated() where Int(node) == result.count {
      result.append(vertex)
    }
    return result
  }

  /// Whether all nodes lie on the unit sphere, so that latitudes and longitudes mean something.
  public var isOnSphere: Bool { nodePositions.allSatisfy { abs(($0 * $0).sum() - 1) < 1e-6 } }

  /// The latitude and longitude of each vertex of a domain on the sphere (V entries).
  public var geographicPoints: [GeographicPoint] { positions.map(GeographicPoint.init) }
}

/// A place on the sphere, in degrees.
public struct GeographicPoint: Sendable, Hashable, Codable {
  /// Degrees north, −90…90.
  public var latitude: Double
  /// Degrees east, any range.
  public var longitude: Double

  public init(latitude: Double, longitude: Double) {
    self.latitude = latitude
    self.longitude = longitude
  }
}
