// The exact spread of the sparse field: that of the dense Gaussian on every kind of domain and mesh, and the same whatever the
// numbering of a mesh and the number of threads.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantPriors

@Suite struct SparseFieldSpreadTests {
  /// A mesh in another order of its vertices, and the new number of each vertex.
  private static func renumbered(_ mesh: TriangleMesh, seed: UInt64) -> (mesh: TriangleMesh, numbers: [Int]) {
    var random = RandomStream(seed: seed)
    let order = mesh.positions.indices.map { ($0, random.uniform()) }.sorted { $0.1 < $1.1 }.map(\.0)
    var numbers = [Int](repeating: 0, count: order.count)
    for (number, vertex) in order.enumerated() { numbers[vertex] = number }
    let triangles = mesh.triangles.map { t in
      SIMD3(Int32(numbers[Int(t.y)]), Int32(numbers[Int(t.z)]), Int32(numbers[Int(t.x)]))
    }
    return (TriangleMesh(positions: order.map { mesh.positions[$0] }, triangles: triangles.reversed()), numbers)
  }

  @Test(arguments: [false, true]) func renumberingAMeshMovesNothing(isSelection: Bool) throws {
    let mesh = try SphereMesh.icosphere(subdivisions: 3)
    let roughness = SparseFieldZoo.roughness(mesh)
    let observation =
      isSelection ? SparseFieldZoo.observation(mesh, seed: 5) : SparseFieldZoo.averages(mesh, seed: 5)
    let posterior = try SparseFieldPrior(domain: mesh).posterior(given: observation, roughness: roughness)
    let spread = try #require(try posterior.spread(byteLimit: .max))
    for seed in [1, 2, 3] as [UInt64] {
      let (other, numbers) = Self.renumbered(mesh.triangleMesh, seed: seed)
      let domain = try SphereMesh(positions: other.positions, triangles: other.triangles)
      let source = observation.matrix
      let entries = (0..<source.rowCount).flatMap { row in
        (source.rowStarts[row]..<source.rowStarts[row + 1]).map {
          (row: row, column: numbers[Int(source.columns[$0])], value: source.values[$0])
        }
      }
      let moved = SparseFieldObservation(
        matrix: SparseMatrix(rowCount: source.rowCount, columnCount: source.columnCount, entries: entries),
        anomalies: observation.anomalies, noiseVariance: observation.noiseVariance, isSelection: isSelection)
      let turned = try SparseFieldPrior(domain: domain).posterior(
        given: moved, roughness: SparseFieldZoo.roughness(domain))
      let found = try #require(try turned.spread(byteLimit: .max))
      #expect(spread.indices.allSatisfy { abs(found[numbers[$0]] / spread[$0] - 1) < 1e-4 })
      #expect(spread.indices.allSatisfy { abs(turned.mean[numbers[$0]] - posterior.mean[$0]) < 1e-4 })
    }
  }

  @Test(arguments: [SparseFieldFinish.fine, .coarse]) func threadsChangeNoBit(finish: SparseFieldFinish) throws {
    let domain = try SparseFieldZoo.globalGrid(step: 6)
    let prior = try SparseFieldPrior(domain: domain, configuration: SparseFieldConfiguration(finish: finish))
    let posterior = try prior.posterior(
      given: SparseFieldZoo.observation(domain, seed: 2), roughness: SparseFieldZoo.roughness(domain))
    let before = Parallel.threadCount
    defer { Parallel.limitThreads(to: before) }
    let spreads = try [1, 2, 3].map { threads in
      Parallel.limitThreads(to: threads)
      return try #require(try posterior.spread(byteLimit: .max))
    }
    #expect(spreads.allSatisfy { $0 == spreads[0] } && spreads[0].allSatisfy { $0 > 0 })
  }

  /// The entries of the inverse take as much memory as those of the factor.
  @Test func thereIsNoneWithoutTheMemory() throws {
    let domain = try SparseFieldZoo.globalGrid(step: 12)
    let posterior = try SparseFieldPrior(domain: domain).posterior(
      given: SparseFieldZoo.observation(domain, seed: 2), roughness: SparseFieldZoo.roughness(domain))
    #expect(try posterior.spread(byteLimit: 8 * posterior.factorEntryCount - 1) == nil)
    #expect(try posterior.spread(byteLimit: 1 << 30)?.count == domain.nodeCount)
  }
}
