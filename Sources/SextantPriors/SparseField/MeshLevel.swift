// One mesh of the cascade on which a sparse field is estimated and conditioned, whatever the domain: areas, couplings, an
// order for the factorisation, windows for the estimation, and how the domain's nodes hang on the mesh's.
// A domain of any kind is a cascade of one level; latitude–longitude grids make coarser ones, see MeshLevel+Grid.swift.

import SextantArrays
import SextantGeometry
import SextantSparse

/// A mesh of n nodes for a domain of `nodeCount` nodes.
struct MeshLevel: Sendable {
  /// The distance between neighbours, in units (1, 2, 4, …).
  let step: Double
  /// The area of each node, in squared units (n).
  let areas: [Double]
  /// −Laplacian times area, without regard to coasts (n×n).
  let stiffness: SparseMatrix
  /// The domain's values as combinations of the mesh's (domain nodes × n); nil where they are the same nodes.
  let prolongation: SparseMatrix?
  /// The domain's node at the place of each of the mesh's (n); nil where they are the same nodes.
  let nodeOfDomain: [Int32]?
  /// The variance between the mesh's nodes, at each of the domain's, as a multiple of the roughness there; nil where none.
  let submeshFactors: [Float]?
  /// How the rows of a precision are arranged.
  let ordering: SparseOrdering
  /// The windows of the estimation.
  let windows: any WindowFamily

  /// The number of nodes n.
  var nodeCount: Int { areas.count }

  /// Values on the domain's nodes taken to the mesh's: those at the same places.
  func restricted<Value>(_ values: [Value]) -> [Value] {
    nodeOfDomain.map { $0.map { values[Int($0)] } } ?? values
  }

  /// Values on the mesh's nodes taken to the domain's.
  func prolonged(_ values: [Double]) -> [Double] { prolongation?.times(values) ?? values }

  /// The one level of any domain: its own nodes, in units of the root of their mean area.
  static func single(_ domain: some Domain) -> MeshLevel {
    let nodeAreas = domain.nodeAreas
    let unitArea = max(nodeAreas.reduce(0, +) / Double(max(1, nodeAreas.count)), .leastNormalMagnitude)
    let areas = nodeAreas.map { $0 / unitArea }
    let stiffness = domain.stiffness
    return MeshLevel(
      step: 1, areas: areas, stiffness: stiffness, prolongation: nil, nodeOfDomain: nil, submeshFactors: nil,
      ordering: .automatic, windows: GraphWindows(areas: areas, stiffness: stiffness))
  }
}

/// Makes smoothing windows of any width on one mesh.
protocol WindowFamily: Sendable {
  /// Averages each field (n values) in Gaussian windows with the given standard deviation, in units.
  func smoothed(_ fields: [[Double]], deviation: Double) throws -> [[Double]]
}
