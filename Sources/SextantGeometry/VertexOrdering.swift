// Orders of the vertices of a domain in an array, which determine the neighbours for a network that convolves along the
// array. No values are moved here.

import SextantArrays

/// An order of the vertices of a domain.
public enum VertexOrdering: String, Sendable, Codable, CaseIterable {
  /// The order of the file.
  case file
  /// Along a Hilbert curve: vertices that are near in the array are near on the surface.
  case curve
  /// By the smoothest mode of the Laplacian that is not constant (the Fiedler vector): the two ends of each edge of the
  /// surface are near each other in the array. On the whole sphere three modes are equally smooth, and any of them
  /// serves. Unconnected pieces follow one another.
  case spectral

  /// The vertices (V) in their new order; coincident ones follow each other, except in the file's own order.
  ///
  /// Throws `LinearAlgebraError` or `SparseCholeskyError` where the Laplacian's modes cannot be found.
  public func order(of domain: any Domain) throws -> [Int32] {
    let nodes = domain.nodeOfVertex
    switch self {
    case .file: return nodes.indices.map { Int32($0) }
    case .curve:
      let places = domain.nodePositions
      let curve = HilbertCurve(through: places)
      return Self.sorted(nodes, by: places.map { curve.position(of: $0) })
    case .spectral:
      return Self.sorted(nodes, by: try Self.spectralKeys(of: domain))
    }
  }

  /// For each node the number of its piece of the domain, and the smoothest mode of that piece that is not constant.
  private static func spectralKeys(of domain: any Domain) throws -> [PieceKey] {
    let (stiffness, areas) = (domain.stiffness, domain.nodeAreas)
    let pieces = stiffness.connectedComponents
    var keys = pieces.map { PieceKey(piece: $0, value: 0) }
    for (_, members) in Dictionary(grouping: pieces.indices, by: { pieces[$0] }) where members.count > 1 {
      let isWhole = members.count == pieces.count
      let pairs = try LaplacianEigenpairs(
        stiffness: isWhole ? stiffness : stiffness.submatrix(of: members), nodeAreas: members.map { areas[$0] },
        count: 2)
      for (place, node) in members.enumerated() { keys[node].value = pairs.vectors[1, place] }
    }
    return keys
  }

  /// Pieces one after the other, each along its mode.
  private struct PieceKey: Comparable {
    var piece: Int32
    var value: Double

    static func < (a: PieceKey, b: PieceKey) -> Bool { (a.piece, a.value) < (b.piece, b.value) }
  }

  /// The vertices by the key of their node; equal keys by node and vertex.
  private static func sorted<Key: Comparable>(_ nodes: [Int32], by keys: [Key]) -> [Int32] {
    nodes.indices.sorted { a, b in
      let (i, j) = (nodes[a], nodes[b])
      let (first, second) = (keys[Int(i)], keys[Int(j)])
      return first != second ? first < second : (i, a) < (j, b)
    }.map { Int32($0) }
  }
}
