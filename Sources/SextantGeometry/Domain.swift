// A domain: where a signal lives. A domain has vertices, areas and a Laplacian; what else it can offer (latitudes and
// longitudes, rows and columns, triangles, neighbourhoods, a form for files) it declares as a capability. Code that
// needs a capability asks for it, and never for the type of the domain.
//
// The vertices are those of the file, in the order of the file. Some vertices coincide (at the poles of a
// latitude–longitude grid, in a repeated last column). Coincident vertices share one *node*. Priors work on nodes, so
// that coincident vertices always have the same value; files, scores and pictures work on vertices.

import SextantArrays

/// A set of V vertices, with what solvers need to know about the space that the vertices sample.
///
/// The first eight members are required. The others are capabilities, and a domain that does not have one inherits
/// `nil`, or what any domain has.
public protocol Domain: Sendable {
  /// V: the number of vertices, without padding.
  var vertexCount: Int { get }
  /// The number of distinct places, at most V.
  var nodeCount: Int { get }
  /// The node of each vertex (V entries, each below `nodeCount`; nodes are numbered by first appearance).
  var nodeOfVertex: [Int32] { get }
  /// The position of each node: on the unit sphere if the domain has a ``geography``, and otherwise in coordinates of
  /// its own.
  var nodePositions: [SIMD3<Double>] { get }
  /// The area that each vertex represents (V entries), in steradians on the sphere; coincident vertices share theirs.
  var areaWeights: [Double] { get }
  /// The area of each node times −Laplace–Beltrami at the node (nodes × nodes, symmetric, positive semi-definite, rows
  /// sum to 0).
  var stiffness: SparseMatrix { get }
  /// A hexadecimal hash of the geometry, which tells one domain from another.
  var fingerprint: String { get }
  /// One line for people, such as "46×90 latitude–longitude grid, 4°, global, poles included".
  var summary: String { get }

  /// The form in which a model file stores the domain; nil for a domain that cannot be stored.
  var stored: StoredDomain? { get }
  /// The latitudes and longitudes of the vertices; nil for a domain that is not on the Earth, whatever its shape.
  var geography: (any Geography)? { get }
  /// Whether the vertices are places on the Earth that nothing connects, such as stations: they are drawn as dots, written
  /// with their latitudes and longitudes, and need not all lie inside of the domain that answers them.
  var isScattered: Bool { get }
  /// The rows and columns in which the vertices are arranged; nil for a domain without rows and columns.
  var raster: Raster? { get }
  /// Whether the vertices are the pixels of an image: they have a ``raster`` and lie in a plane, not on the Earth.
  var isImage: Bool { get }
  /// The larger, finer and coarser grids of the same kind; nil for all but plane images.
  var plane: (any PlaneRaster)? { get }
  /// The vertices in space and the triangles between them, in the order of ``Domain/positions``; a cloud of points has
  /// no triangles. Nil for a domain that is not a surface in space.
  var surface: TriangleMesh? { get }
  /// The stiffness by which values at `nodes` are interpolated: ``stiffness``, unless the domain has one by which the
  /// values between observed places on a boundary do not depend on how the boundary is triangulated. Entries between two
  /// of these nodes have no meaning.
  func stiffness(interpolatingBetween nodes: Set<Int>) -> SparseMatrix
  /// The neighbourhoods of the vertices at no more than `levelCount` resolutions, for networks; nil for a domain that
  /// has none. Throws ``GeometryError``.
  func neighbourhoods(levelCount: Int) throws -> NeighbourhoodHierarchy?
  /// Windows in the form of a smaller domain that cover this one, by which what was learned on the smaller one serves here; nil where
  /// there are none.
  func windows(like model: any Domain) -> [DomainWindow]?
}

extension Domain {
  public func windows(like model: any Domain) -> [DomainWindow]? { nil }
  public func stiffness(interpolatingBetween nodes: Set<Int>) -> SparseMatrix { stiffness }
  public var stored: StoredDomain? { nil }
  public var geography: (any Geography)? { nil }
  public var isScattered: Bool { false }
  public var raster: Raster? { nil }
  public var isImage: Bool { false }
  public var plane: (any PlaneRaster)? { nil }
  public var surface: TriangleMesh? { nil }
  public func neighbourhoods(levelCount: Int) throws -> NeighbourhoodHierarchy? { nil }
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

  /// Whether all vertices represent one area, up to rounding, so that means by area are plain ones.
  public var hasEqualAreas: Bool {
    let areas = areaWeights
    guard let first = areas.first else { return true }
    return areas.allSatisfy { abs($0 - first) <= 1e-9 * abs(first) }
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

  /// The geography of the domain. Throws ``GeometryError/noGeography(domain:purpose:)`` if it has none.
  ///
  /// - Parameter purpose: What needs latitudes and longitudes, as the subject of a sentence: "A land mask".
  public func requiredGeography(for purpose: String) throws -> any Geography {
    guard let geography else { throw GeometryError.noGeography(domain: summary, purpose: purpose) }
    return geography
  }

  /// The stored form of the domain. Throws ``GeometryError/notStorable(domain:)`` if it has none.
  public func requiredStored() throws -> StoredDomain {
    guard let stored else { throw GeometryError.notStorable(domain: summary) }
    return stored
  }
}
