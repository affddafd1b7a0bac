// The cascade of a latitude–longitude grid: the grid itself, then every second row and column, every fourth, and so on.
// Coarse meshes are grids as well, so their areas, couplings, poles and periodicity use the same code as all grids.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSparse

extension MeshLevel {
  /// The meshes of a grid from the finest, its own, to the first with at most `nodeLimit` nodes; at least `count`
  /// meshes, unless the grid is too small.
  static func cascade(
    _ grid: LatitudeLongitudeGrid, coarsestNodeLimit nodeLimit: Int, atLeast count: Int
  ) throws -> [MeshLevel] {
    let unit = unitLength(grid)
    let fine = GridLattice(grid)
    var levels = [level(grid, lattice: fine, unit: unit, step: 1, prolongation: nil, restriction: nil, submesh: nil)]
    var stride = 2
    while levels[levels.count - 1].nodeCount > nodeLimit || levels.count < count {
      let rows = kept(grid.rows, stride: stride, keepsLast: true)
      let columns = kept(fine.columns, stride: stride, keepsLast: !fine.wraps)
      guard rows.count >= 5, columns.count >= 5 else { break }
      let coarse = try LatitudeLongitudeGrid(
        latitudes: rows.map { grid.latitudes[$0] }, longitudes: columns.map { grid.longitudes[$0] })
      let lattice = GridLattice(coarse)
      let between = GridRefinement(
        fine: grid, fineLattice: fine, coarse: coarse, rows: rows, columns: columns, wraps: fine.wraps)
      levels.append(
        level(
          coarse, lattice: lattice, unit: unit, step: Double(stride), prolongation: between.prolongation,
          restriction: between.restriction, submesh: between.submeshFactors(unit: unit)))
      stride *= 2
    }
    return levels
  }

  private static func level(
    _ grid: LatitudeLongitudeGrid, lattice: GridLattice, unit: Double, step: Double, prolongation: SparseMatrix?,
    restriction: [Int32]?, submesh: [Float]?
  ) -> MeshLevel {
    MeshLevel(
      step: step, areas: grid.nodeAreas.map { $0 / (unit * unit) }, stiffness: grid.stiffness,
      prolongation: prolongation, nodeOfDomain: restriction, submeshFactors: submesh,
      ordering: .given(LatticeDissection.order(lattice)), windows: GridWindows(lattice: lattice, unit: unit))
  }

  /// The typical distance between neighbours in radians: the geometric mean of the median steps of rows and columns.
  private static func unitLength(_ grid: LatitudeLongitudeGrid) -> Double {
    func median(_ values: [Double]) -> Double? {
      let steps = zip(values.dropFirst(), values).map { abs(($0 - $1).remainder(dividingBy: 360)) }.sorted()
      return steps.isEmpty ? nil : steps[steps.count / 2] * .pi / 180
    }
    switch (median(grid.latitudes), median(grid.longitudes)) {
    case (let north?, let east?): return (north * east).squareRoot()
    case (let one?, nil), (nil, let one?): return one
    case (nil, nil): return 1
    }
  }

  /// Every `stride`-th of `count` lines, and the last line if nothing lies beyond it.
  private static func kept(_ count: Int, stride: Int, keepsLast: Bool) -> [Int] {
    var lines = Array(Swift.stride(from: 0, to: count, by: stride))
    if keepsLast, let last = lines.last, last < count - 1 { lines.append(count - 1) }
    return lines
  }
}
