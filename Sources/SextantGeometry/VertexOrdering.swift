// Orders in which the vertices of a domain can stand in an array: what a network that looks along the array takes for
// neighbours. No values are moved here.

import SextantArrays

/// An order of the vertices of a domain.
public enum VertexOrdering: String, Sendable, Codable, CaseIterable {
  /// As they stand in the file.
  case file
  /// Along a Hilbert curve: vertices that are near in the array are near on the surface.
  case curve
  /// By the smoothest mode of the Laplacian that is not constant (the Fiedler vector): the two ends of each edge of the
  /// surface stand near each other in the array. On the whole sphere three modes are equally smooth, and any serves.
  case spectral

  /// The vertices (V) in their new order; coincident ones follow each other, except in the file's own order.
  ///
  /// Throws ``LinearAlgebraError`` or ``SparseCholeskyError`` where the Laplacian's modes cannot be found.
  public func order(of domain: any Domain) throws -> [Int32] {
    let nodes = domain.nodeOfVertex
    switch self {
    case .file: return nodes.indices.map { Int32($0) }
    case .curve:
      let places = domain.nodePositions
      let curve = HilbertCurve(through: places)
      return Self.sorted(nodes, by: places.map { curve.position(of: $0) })
    case .spectral:
      let modes = try SpectralBasis(eigenvectorsOf: domain, count: 2).modes
      return Self.sorted(nodes, by: (0..<modes.rowCount).map { modes[$0, modes.columnCount - 1] })
    }
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
