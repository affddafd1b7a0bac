// Kriging along the surface: two parts that nothing joins tell each other nothing, on meshes and on clouds, while through
// space they do; and on one part it is the sparse Matérn field.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite struct SurfaceKrigingTests {
  /// Two squares one above the other, so near that they are neighbours in space.
  static func twoSheets() throws -> TriangleMesh {
    let side = 9
    var mesh = TriangleMesh(positions: [], triangles: [])
    for sheet in 0..<2 {
      let first = Int32(mesh.positions.count)
      for i in 0..<side {
        for j in 0..<side { mesh.positions.append(SIMD3(Double(j), Double(i), 0.3 * Double(sheet))) }
      }
      for i in 0..<Int32(side - 1) {
        for j in 0..<Int32(side - 1) {
          let a = first + i * Int32(side) + j
          mesh.triangles += [SIMD3(a, a + 1, a + Int32(side) + 1), SIMD3(a, a + Int32(side) + 1, a + Int32(side))]
        }
      }
    }
    return mesh
  }

  private static func measurement(_ mesh: TriangleMesh, below: Double, above: Double, onlyBelow: Bool = false) -> FieldMeasurement {
    let half = mesh.positions.count / 2
    let seen = mesh.positions.indices.filter { $0 % 3 != 1 && (!onlyBelow || $0 < half) }
    let values = seen.map { vertex in
      let p = mesh.positions[vertex]
      return Float((vertex < half ? below : above) * (sin(0.7 * p.x) + cos(0.5 * p.y)) + (vertex < half ? 0 : 10))
    }
    return FieldMeasurement(
      values: values, noise: [Float](repeating: 0.05, count: seen.count),
      operation: SelectionOperator(inputCount: mesh.positions.count, indices: seen))
  }

  private static func answer(_ solver: any Solver, _ measurement: FieldMeasurement) throws -> Posterior {
    var random = RandomStream(seed: 4)
    return try solver.posterior(given: measurement, samples: 3, using: &random)
  }

  @Test func partsThatNothingJoinsAreIndependent() throws {
    let mesh = try Self.twoSheets()
    let domain = try SurfaceMesh(mesh)
    let half = mesh.positions.count / 2
    let solver = try SurfaceKrigingSolver(domain: domain, channelCount: 1)
    let (first, second) = (
      try Self.answer(solver, Self.measurement(mesh, below: 1, above: 1)),
      try Self.answer(solver, Self.measurement(mesh, below: 1, above: -7))
    )
    // To the last bit: mean, spread and samples.
    #expect(first.mean[..<half] == second.mean[..<half] && first.mean[half...] != second.mean[half...])
    #expect(first.spread?[..<half] == second.spread?[..<half])
    for row in 0..<3 {
      #expect(first.samples?.row(row).scalars[..<half] == second.samples?.row(row).scalars[..<half])
    }
    // Nothing is known of a part that is not observed.
    let only = try Self.answer(solver, Self.measurement(mesh, below: 1, above: 0, onlyBelow: true))
    #expect(only.mean[..<half] == first.mean[..<half] && only.mean[half...].allSatisfy { $0.isNaN })
    #expect(only.spread?[half...].allSatisfy { $0.isNaN } == true)
    #expect(only.diagnostics["parts without observations"] == 1 && first.diagnostics["parts without observations"] == nil)
    // Through space the sheets are neighbours.
    let space = KrigingSolver(domain: domain, channelCount: 1)
    let through = try Self.answer(space, Self.measurement(mesh, below: 1, above: 0, onlyBelow: true))
    #expect(through.mean.allSatisfy { $0.isFinite })
    #expect(zip(through.mean[..<half], through.mean[half...]).allSatisfy { abs($0 - $1) < 0.7 })
    // What is fitted once is kept for the same parts.
    let fitted = try solver.fitted(to: Self.measurement(mesh, below: 1, above: 1))
    let again = try Self.answer(fitted, Self.measurement(mesh, below: 1, above: 1))
    #expect(zip(again.mean, first.mean).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test func valuesThatMixPartsAreRefused() throws {
    let mesh = try Self.twoSheets()
    let count = mesh.positions.count
    let mixing = SparseOperator(
      SparseMatrix(rowCount: 1, columnCount: count, entries: [(0, 3, 0.5), (0, count - 3, 0.5)]))
    let solver = try SurfaceKrigingSolver(domain: SurfaceMesh(mesh), channelCount: 1)
    let text = complaint {
      _ = try Self.answer(solver, FieldMeasurement(values: [1], noise: [0.1], operation: mixing))
    }
    #expect(text.contains("mixes parts") && text.contains("distances=space"), "\(text)")
  }

  @Test(arguments: [false, true]) func onOnePartItIsTheSparseField(isCloud: Bool) throws {
    let sphere = try SphereMesh.icosphere(subdivisions: 2)
    let positions = sphere.nodePositions.map { $0 * SIMD3(1, 1.4, 0.8) }
    let domain: any Domain =
      isCloud
      ? try PointCloud(positions) : try SurfaceMesh(TriangleMesh(positions: positions, triangles: sphere.triangles))
    let seen = positions.indices.filter { $0 % 3 != 0 }
    let measurement = FieldMeasurement(
      values: seen.map { Float(sin(2 * positions[$0].x) + positions[$0].y) },
      noise: [Float](repeating: 0.05, count: seen.count),
      operation: SelectionOperator(inputCount: positions.count, indices: seen))
    let along = try Self.answer(SurfaceKrigingSolver(domain: domain, channelCount: 1), measurement)
    let sparse = try Self.answer(SparseFieldSolver(domain: domain, channelCount: 1), measurement)
    #expect(zip(along.mean, sparse.mean).allSatisfy { abs($0 - $1) < 1e-4 })
    // It fills what was not observed.
    for vertex in positions.indices where vertex % 3 == 0 {
      #expect(abs(Double(along.mean[vertex]) - (sin(2 * positions[vertex].x) + positions[vertex].y)) < 0.2)
    }
  }
}
