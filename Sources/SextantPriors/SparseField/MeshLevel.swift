// One mesh of the cascade on which a sparse field is estimated and conditioned, for any domain: areas, couplings, an
// ordering for the factorisation, windows for the estimation, and the relation to the domain's nodes. A general domain
// has a cascade of one level; latitude–longitude grids have coarser levels, see MeshLevel+Grid.swift.

import SextantArrays
import SextantGeometry
import SextantSparse

/// A mesh of n nodes for a domain of `nodeCount` nodes.
struct MeshLevel: Sendable {
  /// The distance between neighbours, in units (1, 2, 4, …).
  let step: Double
  /// The area of each node, in squared units (n).
  let areas: [Double]
  /// −Laplacian times area, ignoring coasts (n×n).
  let stiffness: SparseMatrix
  /// The domain's values as combinations of the mesh's values (domain nodes × n); nil if the nodes are the same.
  let prolongation: SparseMatrix?
  /// The domain's node at the position of each of the mesh's nodes (n); nil if the nodes are the same.
  let nodeOfDomain: [Int32]?
  /// The variance between the mesh's nodes at each of the domain's nodes, as a multiple of the roughness there; nil if
  /// there is none.
  let submeshFactors: [Float]?
  /// The ordering of the rows of a precision.
  let ordering: SparseOrdering
  /// The windows for the estimation.
  let windows: any WindowFamily

  /// The number of nodes n.
  var nodeCount: Int { areas.count }

  /// The values at the mesh's nodes, taken from the domain's nodes at the same positions.
  func restricted<Value>(_ values: [Value]) -> [Value] {
    nodeOfDomain.map { $0.map { values[Int($0)] } } ?? values
  }

  /// Values at the mesh's nodes interpolated to the domain's nodes.
  func prolonged(_ values: [Double]) -> [Double] { prolongation?.times(values) ?? values }

  /// The single level of any domain: its own nodes, with the square root of their mean area as the unit.
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
  /// Averages each field (n values) over Gaussian windows with the given standard deviation, in units.
  func smoothed(_ fields: [[Double]], standardDeviation: Double) throws -> [[Double]]
}
