// Interpolation from an observed boundary: on a flat mesh, linear functions are harmonic inside, however long its
// triangles are; and what is not observed at the boundary is as it was.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct BoundaryInterpolationLaws {
  /// A rectangle of `count`² cells, `aspect` times as long as it is wide, whose vertices inside are shaken, sheared and
  /// turned in space.
  static func sheet(_ count: Int, aspect: Double, shear: Double, jitter: Double, seed: UInt64) -> TriangleMesh {
    var random = RandomStream(seed: seed)
    var mesh = TriangleMesh(positions: [], triangles: [])
    for i in 0...count {
      for j in 0...count {
        let isInside = i > 0 && j > 0 && i < count && j < count
        let shaken = (0..<2).map { _ in isInside ? jitter * (2 * random.uniform() - 1) : 0 }
        let (u, v) = (aspect * (Double(j) + shaken[0]) / Double(count), (Double(i) + shaken[1]) / Double(count))
        let x = u + shear * v
        mesh.positions.append(SIMD3(0.6 * x - 0.8 * v, 0.8 * x + 0.6 * v, 0.3 * x))
        guard i > 0, j > 0 else { continue }
        let d = Int32(mesh.positions.count - 1)
        let (a, b, c) = (d - Int32(count) - 2, d - Int32(count) - 1, d - 1)
        mesh.triangles += [SIMD3(a, b, d), SIMD3(a, d, c)]
      }
    }
    return mesh
  }

  static func boundary(_ count: Int) -> Set<Int> {
    let ends = [0, count]
    return Set(
      (0..<(count + 1) * (count + 1)).filter { ends.contains($0 / (count + 1)) || ends.contains($0 % (count + 1)) })
  }

  /// The greatest |K f| at the other nodes than `fixed`, over the sum of the absolute terms there.
  static func residual(_ stiffness: SparseMatrix, _ values: [Double], besides fixed: Set<Int>) -> Double {
    let image = stiffness.times(values)
    return image.indices.filter { !fixed.contains($0) }.map { node in
      let terms = (stiffness.rowStarts[node]..<stiffness.rowStarts[node + 1]).map {
        abs(stiffness.values[$0] * values[Int(stiffness.columns[$0])])
      }
      return abs(image[node]) / terms.reduce(0, +)
    }.max() ?? 0
  }

  @Test(arguments: [1.0, 4, 20, 100], [0, 0.4, -2])
  func linearFunctionsAreHarmonic(aspect: Double, shear: Double) throws {
    let count = 12
    for (seed, jitter) in [0, 0.1, 0.15].enumerated() {
      let surface = try SurfaceMesh(
        Self.sheet(count, aspect: aspect, shear: shear, jitter: jitter, seed: UInt64(seed)))
      let fixed = Self.boundary(count)
      let stiffness = surface.stiffness(interpolatingBetween: fixed)
      let linear = surface.positions.map { 2 * $0.x - 3 * $0.y + $0.z + 1 }
      #expect(Self.residual(stiffness, linear, besides: fixed) < 1e-11, "\(jitter)")
      // A quadratic function is not harmonic: the law above can fail.
      let curved = surface.positions.map { $0.dot($0) }
      #expect(Self.residual(stiffness, curved, besides: fixed) > 1e-6)
      #expect(!Self.hasNegativeCoupling(stiffness))
    }
  }

  private static func hasNegativeCoupling(_ stiffness: SparseMatrix) -> Bool {
    (0..<stiffness.rowCount).contains { node in
      (stiffness.rowStarts[node]..<stiffness.rowStarts[node + 1]).contains {
        Int(stiffness.columns[$0]) != node && stiffness.values[$0] > 0
      }
    }
  }

  @Test func anyObservedNodesGiveALaplacian() throws {
    for named in try SurfaceZoo.all() {
      let domain = named.domain
      for part in [1, 2, 3] {
        let nodes = Set((0..<domain.nodeCount).filter { $0 % part == 0 })
        let stiffness = domain.stiffness(interpolatingBetween: nodes)
        let ones = [Double](repeating: 1, count: domain.nodeCount)
        let size = stiffness.values.map(abs).max() ?? 0
        #expect(stiffness.times(ones).allSatisfy { abs($0) < 1e-12 * size }, "\(named.name)")
        #expect(!Self.hasNegativeCoupling(stiffness), "\(named.name)")
      }
    }
  }

  /// The stiffness is that of the surface to the last bit where no observed node is at a boundary, and where a surface
  /// has none.
  @Test func withoutAnObservedBoundaryNothingChanges() throws {
    let count = 6
    let sheet = try SurfaceMesh(Self.sheet(count, aspect: 20, shear: 0.3, jitter: 0.3, seed: 1))
    let inside = Set(0..<sheet.nodeCount).subtracting(Self.boundary(count))
    let sphere = try SurfaceMesh(SurfaceZoo.sphere(2))
    for (surface, nodes) in [(sheet, inside), (sheet, Set<Int>()), (sphere, Set(0..<sphere.nodeCount))] {
      let stiffness = surface.stiffness(interpolatingBetween: nodes)
      #expect(stiffness.values == surface.stiffness.values && stiffness.columns == surface.stiffness.columns)
    }
    // Nor does it where an observed node of the boundary has no observed neighbour there, but for rounding.
    let single = sheet.stiffness(interpolatingBetween: [0])
    #expect(single.values.count == sheet.stiffness.values.count)
    #expect(zip(single.values, sheet.stiffness.values).allSatisfy { abs($0 - $1) < 1e-12 * max(1, abs($1)) })
  }
}
