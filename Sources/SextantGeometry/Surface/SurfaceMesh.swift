// A triangle mesh as a domain: any surface in space, with the vertices of its file. Areas and Laplacian are those of
// the surface itself, computed on an intrinsic Delaunay triangulation of its tufted cover, so that boundaries,
// non-manifold edges, triangles without area and repeated triangles all give a symmetric, positive semi-definite
// stiffness without negative couplings. It has no latitudes and longitudes, even if its vertices lie on the unit
// sphere: see SphereMesh for a mesh of the Earth. Not here: files, see MeshFile.

import SextantArrays

/// Vertices on a surface in space and the triangles between them.
///
/// A vertex that no triangle uses is attached to the nearest vertex of the surface: it is coupled to that vertex with
/// weight 1 (the size of a coupling between neighbours, which does not depend on the unit of length in two dimensions)
/// and takes an equal part of its area. A value that is not observed there is therefore filled from its neighbour, the
/// surface remains as connected as it was, and no mode of the Laplacian belongs to such a vertex alone.
public struct SurfaceMesh: Domain {
  /// The vertices and triangles as they were given.
  public let mesh: TriangleMesh
  /// Whether vertices at exactly the same place are one node.
  public let mergesCoincident: Bool
  public let nodeOfVertex: [Int32]
  public let nodePositions: [SIMD3<Double>]
  /// A third of the area of each triangle around a vertex, after edges have been flipped. The sum is the area of the
  /// surface.
  public let areaWeights: [Double]
  /// Half the cotangent Laplacian of the cover (nodes × nodes); no off-diagonal entry is positive.
  public let stiffness: SparseMatrix
  public let fingerprint: String
  /// The node to which each node without a triangle is attached.
  let hostOfIsolatedNode: [Int32: Int32]
  /// How often the triangles cover the surface: once, or more often where several vertices made the same triangle.
  private let coverings: Int
  /// The nodes at edges of a single triangle.
  private let boundaryNodes: Set<Int>
  /// The triangles between nodes, without those that repeat a corner.
  let nodeTriangles: [SIMD3<Int32>]
  /// The Delaunay triangulation of the cover, which contains each piece of the surface twice.
  let cover: IntrinsicTriangulation

  public var vertexCount: Int { mesh.positions.count }
  public var nodeCount: Int { nodePositions.count }
  /// The position of each vertex (V entries), without a copy.
  public var positions: [SIMD3<Double>] { mesh.positions }
  /// The triangles as they were given.
  public var triangles: [SIMD3<Int32>] { mesh.triangles }

  /// A domain of the vertices of `mesh`, in its unit of length.
  ///
  /// With `mergesCoincident`, vertices at exactly the same place become one node, as files require that repeat a vertex
  /// for each of its triangles. Otherwise each vertex is a node, and the surface ends where its triangles share none.
  ///
  /// - Throws: ``GeometryError/invalidMesh(_:)`` for positions that are not finite, corners out of range, and a mesh
  ///   without a triangle that has an extent.
  public init(_ mesh: TriangleMesh, mergesCoincident: Bool = false) throws {
    try self.init(mesh, mergesCoincident: mergesCoincident, coverings: 1)
  }

  /// A domain of triangles that cover the surface `coverings` times, as those around each point of a cloud do.
  init(_ mesh: TriangleMesh, mergesCoincident: Bool, coverings: Int) throws {
    try Self.check(mesh)
    self.mesh = mesh
    self.coverings = coverings
    self.mergesCoincident = mergesCoincident
    if mergesCoincident {
      let merged = CoincidentPoints(equal: mesh.positions)
      (nodeOfVertex, nodePositions) = (merged.nodeOfVertex, merged.nodePositions)
    } else {
      (nodeOfVertex, nodePositions) = ((0..<Int32(mesh.positions.count)).map { $0 }, mesh.positions)
    }
    let nodes = nodeOfVertex
    nodeTriangles = mesh.triangles.map { t in SIMD3(nodes[Int(t.x)], nodes[Int(t.y)], nodes[Int(t.z)]) }
      .filter { $0.x != $0.y && $0.y != $0.z && $0.z != $0.x }
    var cover = IntrinsicTriangulation(tuftedCoverOf: nodeTriangles, nodePositions)
    boundaryNodes = cover.boundaryCorners
    cover.makeDelaunay()
    // The cover contains each triangle twice.
    let share = 0.5 / Double(coverings)
    var areas = cover.thirdsOfAreas(vertexCount: nodePositions.count).map { share * $0 }
    var edges = cover.cotangentEdges(factor: share)
    guard areas.contains(where: { $0 > 0 }) else {
      throw GeometryError.invalidMesh(
        "None of the \(mesh.triangles.count) triangles has an area: a surface needs at least one that has.")
    }
    hostOfIsolatedNode = TriangleNodes.hosts(nodePositions, areas)
    Self.attach(hostOfIsolatedNode, on: &areas, &edges)
    self.cover = cover
    stiffness = edges.laplacian(nodeCount: nodePositions.count)
    areaWeights = CoincidentPoints.sharing(areas, nodeOfVertex: nodeOfVertex)
    var hash = Fingerprint(kind: mergesCoincident ? "merged surface mesh" : "surface mesh")
    hash.add(singlePrecision: mesh.positions)
    hash.add(mesh.triangles.count)
    for triangle in mesh.triangles { for corner in 0..<3 { hash.add(Int(triangle[corner])) } }
    fingerprint = hash.text
  }

  /// Boundary edges between two of the nodes stay where they are, so that no coupling leads around the boundary to the
  /// back of the surface; elsewhere the triangulation is Delaunay, as that of ``stiffness``. On a flat mesh with an
  /// observed boundary, linear functions are then harmonic at all other nodes, whatever the shape of the triangles.
  public func stiffness(interpolatingBetween nodes: Set<Int>) -> SparseMatrix {
    guard !nodes.isDisjoint(with: boundaryNodes) else { return stiffness }
    var cover = IntrinsicTriangulation(
      tuftedCoverOf: nodeTriangles, nodePositions, holdingBoundaryBetween: nodes)
    cover.makeDelaunay()
    var areas = cover.thirdsOfAreas(vertexCount: nodePositions.count)
    var edges = cover.cotangentEdges(factor: 0.5 / Double(coverings))
    Self.attach(hostOfIsolatedNode, on: &areas, &edges)
    return edges.laplacian(nodeCount: nodePositions.count)
  }

  private static func check(_ mesh: TriangleMesh) throws {
    if let bad = mesh.positions.firstIndex(where: { !$0.isFinite }) {
      throw GeometryError.invalidMesh(
        "Vertex number \(bad + 1) lies at \(mesh.positions[bad]): expected finite coordinates.")
    }
    try TriangleNodes.check(mesh.triangles, count: mesh.positions.count)
    guard !mesh.triangles.isEmpty else {
      throw GeometryError.invalidMesh(
        "A mesh of \(mesh.positions.count) vertices and no triangles is no surface: expected at least one triangle.")
    }
  }

  private static func attach(_ hosts: [Int32: Int32], on areas: inout [Double], _ edges: inout WeightedEdges) {
    let guests = Dictionary(grouping: hosts.keys.sorted()) { hosts[$0] ?? $0 }
    for (host, isolated) in guests.sorted(by: { $0.key < $1.key }) {
      let part = areas[Int(host)] / Double(isolated.count + 1)
      areas[Int(host)] = part
      for node in isolated {
        areas[Int(node)] = part
        edges.add(node, host, weight: 1)
      }
    }
  }

  /// The direction that the surface faces at each node, of length 1; that of its host at a node without triangles, and
  /// zero where triangles cancel out.
  var nodeNormals: [SIMD3<Double>] {
    var normals = TriangleMesh(positions: nodePositions, triangles: nodeTriangles).vertexNormals
    for (guest, host) in hostOfIsolatedNode { normals[Int(guest)] = normals[Int(host)] }
    return normals
  }

  public var surface: TriangleMesh? { mesh }

  public func neighbourhoods(levelCount: Int) throws -> NeighbourhoodHierarchy? {
    try NeighbourhoodHierarchy(self, levelCount: levelCount)
  }

  public var summary: String {
    let merged = nodeCount < vertexCount ? ", \(nodeCount) places" : ""
    return "\(vertexCount)-vertex surface\(merged), \(triangles.count) triangles"
  }
}
