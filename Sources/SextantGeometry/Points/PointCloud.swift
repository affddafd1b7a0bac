// Points on a surface in space without triangles, as a domain: what a scanner or a particle method gives. Its Laplacian
// and areas are those of the triangles that each point makes with its nearest points, all taken together on their tufted
// cover (Sharp and Crane, "A Laplacian for nonmanifold triangle meshes", 2020, §5.7). No surface is reconstructed, and
// points need no normals. Not here: places on the Earth, see ScatteredPoints.

import SextantArrays

/// Points on a surface in space.
///
/// Points at exactly the same place are one node. Each node is coupled with nodes among its 30 nearest: two parts that
/// are nearer to each other than a few spacings of their points are one part.
public struct PointCloud: Domain {
  /// The triangles around all nodes, which cover the surface three times.
  private let sheets: SurfaceMesh
  public let fingerprint: String

  /// A domain of points, in their unit of length.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)`` for positions that are not finite and for points that are no surface:
  /// fewer than three, or all on one line.
  public init(_ positions: [SIMD3<Double>]) throws {
    if let bad = positions.firstIndex(where: { !$0.isFinite }) {
      throw GeometryError.invalidMesh("Point number \(bad + 1) lies at \(positions[bad]): expected finite coordinates.")
    }
    let merged = CoincidentPoints(equal: positions)
    let triangles = merged.nodePositions.count < 3 ? [] : PointNeighbourhoods(merged.nodePositions).localTriangles
    guard !triangles.isEmpty else {
      throw GeometryError.invalidMesh(
        "A cloud of \(positions.count) points at \(merged.nodePositions.count) places is no surface: expected at least three points that are not on one line."
      )
    }
    var vertexOfNode = [Int32](repeating: -1, count: merged.nodePositions.count)
    for (vertex, node) in merged.nodeOfVertex.enumerated() where vertexOfNode[Int(node)] < 0 {
      vertexOfNode[Int(node)] = Int32(vertex)
    }
    sheets = try SurfaceMesh(
      TriangleMesh(
        positions: positions,
        triangles: triangles.map {
          SIMD3(vertexOfNode[Int($0.x)], vertexOfNode[Int($0.y)], vertexOfNode[Int($0.z)])
        }), mergesCoincident: true, coverings: PointNeighbourhoods.coverings)
    var hash = Fingerprint(kind: "point cloud")
    hash.add(singlePrecision: positions)
    fingerprint = hash.text
  }

  public var vertexCount: Int { sheets.vertexCount }
  public var nodeCount: Int { sheets.nodeCount }
  public var nodeOfVertex: [Int32] { sheets.nodeOfVertex }
  public var nodePositions: [SIMD3<Double>] { sheets.nodePositions }
  public var positions: [SIMD3<Double>] { sheets.positions }
  /// A ninth of the area of each triangle around a point, after edges have been flipped.
  public var areaWeights: [Double] { sheets.areaWeights }
  public var stiffness: SparseMatrix { sheets.stiffness }

  /// The points, and no triangles.
  public var surface: TriangleMesh? { TriangleMesh(positions: positions, triangles: []) }

  public func neighbourhoods(levelCount: Int) throws -> NeighbourhoodHierarchy? {
    try sheets.neighbourhoods(levelCount: levelCount)
  }

  public var summary: String {
    "cloud of \(vertexCount) points" + (nodeCount < vertexCount ? " at \(nodeCount) places" : "")
  }
}

/// Discs that show the points of a cloud: across the surface at each point, and large enough to touch their neighbours.
package struct PointSplats: Sendable {
  /// The direction across the surface at each point (V), of length 1.
  package let normals: [SIMD3<Double>]
  /// The radius of the disc of each point (V).
  package let radii: [Double]

  private static let neighbourCount = 8

  /// The discs of points.
  package init(_ positions: [SIMD3<Double>]) {
    let merged = CoincidentPoints(equal: positions)
    // Few points, so that the discs of thin parts such as ears lie in their own side.
    let points = PointNeighbourhoods(merged.nodePositions, size: Self.neighbourCount)
    // On even points, the sixth neighbour is one of the ring around a point.
    let own = merged.nodePositions.indices.map { 0.75 * points.distance($0, rank: 6) }
    let usual = own.sorted()[own.count / 2]
    let radii = own.map { min($0, 3 * usual) }
    normals = merged.nodeOfVertex.map { points.normals[Int($0)] }
    self.radii = merged.nodeOfVertex.map { radii[Int($0)] > 0 ? radii[Int($0)] : 1 }
  }
}
