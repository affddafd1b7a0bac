// The parts that a mesh is made of: windows that average, orders that are permutations, interpolation between meshes, and
// the variance that it misses.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSparse
import Testing

@testable import SextantPriors

@Suite struct MeshLevelTests {
  static func finest(_ domain: any Domain) throws -> MeshLevel {
    try (domain as? LatitudeLongitudeGrid).map {
      try MeshLevel.cascade($0, coarsestNodeLimit: .max, atLeast: 1)[0]
    } ?? MeshLevel.single(domain)
  }

  /// The couplings and areas of a global grid as the prior's sources give them, in units of the spacing.
  @Test func globalGridHasTheDocumentedGeometry() throws {
    let level = try Self.finest(SparseFieldZoo.globalGrid(step: 10))
    let h = 10 * Double.pi / 180
    let stiffness = SparseFieldZoo.dense(level.stiffness)
    // Node 0 is the north pole, 1…36 the first row at 80°, 37…72 the second at 70°.
    #expect(abs(level.areas[0] - 36 / h * (1 - cos(h / 2))) < 1e-12)
    #expect(abs(level.areas[1] - (cos(h / 2) - cos(3 * h / 2)) / h) < 1e-12)
    #expect(abs(-stiffness[0, 5] - sin(h / 2)) < 1e-12)
    #expect(abs(-stiffness[1, 36] - 1 / sin(h)) < 1e-12)
    #expect(abs(-stiffness[1, 37] - sin(1.5 * h)) < 1e-12)
  }

  @Test(arguments: try SparseFieldZoo.all())
  func windowsAverage(_ named: NamedDomain) throws {
    let level = try Self.finest(named.domain)
    let ones = [Double](repeating: 1, count: level.nodeCount)
    var random = RandomStream(seed: 1)
    let noise = ones.map { _ in random.uniform() }
    let smooth = try level.windows.smoothed([ones, noise], standardDeviation: 2)
    #expect(smooth[0].allSatisfy { abs($0 - 1) < 1e-9 })
    #expect(smooth[1].allSatisfy { $0 > 0 && $0 < 1 })
    func roughness(_ values: [Double]) -> Double {
      zip(values, level.stiffness.times(values)).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(roughness(smooth[1]) < 0.2 * roughness(noise))
  }

  @Test func windowsHaveTheirWidth() throws {
    let grid = try SparseFieldZoo.grid(SparseFieldZoo.range(-30, 1, 61), SparseFieldZoo.range(0, 1, 360))
    let level = try Self.finest(grid)
    var spike = [Double](repeating: 0, count: level.nodeCount)
    let (row, column) = (30, 2)
    spike[row * 360 + column] = 1
    let smooth = try level.windows.smoothed([spike], standardDeviation: 4)[0]
    var (total, north, east) = (0.0, 0.0, 0.0)
    for i in 0..<61 {
      for j in 0..<360 {
        let weight = smooth[i * 360 + j]
        let across = Double(j - column).remainder(dividingBy: 360)
        total += weight
        north += weight * Double((i - row) * (i - row))
        east += weight * across * across
      }
    }
    // Rows away from the equator are shorter, so that the window is a little wider there in degrees.
    #expect(abs(total - 1) < 1e-6)
    #expect(abs((north / total).squareRoot() - 4) < 0.1 && abs((east / total).squareRoot() - 4) < 0.1)
  }

  @Test(arguments: try SparseFieldZoo.grids())
  func dissectionIsAPermutation(_ named: NamedDomain) throws {
    let grid = try #require(named.domain as? LatitudeLongitudeGrid)
    #expect(LatticeDissection.order(GridLattice(grid)).sorted() == (0..<Int32(grid.nodeCount)).map { $0 })
  }

  @Test func dissectionFillsLittle() throws {
    let prior = try SparseFieldPrior(domain: SparseFieldZoo.globalGrid(step: 2))
    let level = prior.meshes[0].level
    let matrix = prior.meshes[0].precision.prior(roughness: [Double](repeating: 1, count: level.nodeCount))
    let given = try SparseCholeskyAnalysis(matrix, ordering: level.ordering).factorEntryCount
    let degree = try SparseCholeskyAnalysis(matrix, ordering: .minimumDegree).factorEntryCount
    #expect(Double(given) < 1.1 * Double(degree))
  }

  @Test(arguments: try SparseFieldZoo.grids())
  func coarseMeshesInterpolate(_ named: NamedDomain) throws {
    let grid = try #require(named.domain as? LatitudeLongitudeGrid)
    let levels = try MeshLevel.cascade(grid, coarsestNodeLimit: 1, atLeast: 1)
    for level in levels.dropFirst() {
      let values = (0..<level.nodeCount).map { Double($0 % 11) }
      let prolonged = level.prolonged(values)
      #expect(zip(level.restricted(prolonged), values).allSatisfy { abs($0 - $1) < 1e-12 })
      let ones = level.prolonged([Double](repeating: 1, count: level.nodeCount))
      #expect(ones.count == grid.nodeCount && ones.allSatisfy { abs($0 - 1) < 1e-12 })
      let area: Double = level.areas.reduce(0, +)
      if grid.isGlobal { #expect(abs(area / levels[0].areas.reduce(0, +) - 1) < 1e-9) }
    }
    if named.name == "global, poles" { #expect(levels.count == 3) }
  }

  /// Against the dense prior: how far the middle of two or four nodes is from their mean.
  @Test func missedVarianceIsThatOfThePrior() throws {
    let grid = try SparseFieldZoo.grid(SparseFieldZoo.range(-12, 1, 25), SparseFieldZoo.range(0, 1, 25))
    let levels = try MeshLevel.cascade(grid, coarsestNodeLimit: .max, atLeast: 2)
    let factors = try #require(levels[1].submeshFactors)
    let covariance = try SparseFieldPosteriorTests.covariance(
      NamedDomain(name: "grid", domain: grid), roughness: [Double](repeating: 1, count: grid.nodeCount), landShare: nil)
    for offset in [(0, 1), (1, 0), (1, 1)] {
      let node = (12 + offset.0) * 25 + 12 + offset.1
      var weights: [Int: Double] = [node: 1]
      for (di, dj) in [(0, 0), (0, 2), (2, 0), (2, 2)] where di <= 2 * offset.0 && dj <= 2 * offset.1 {
        weights[(12 + di) * 25 + 12 + dj] = -1 / Double((1 + offset.0) * (1 + offset.1))
      }
      let variance = weights.reduce(0.0) { sum, a in
        weights.reduce(sum) { $0 + a.value * $1.value * covariance[a.key, $1.key] }
      }
      #expect(abs(Double(factors[node]) / variance - 1) < 0.1, "\(factors[node]) for \(variance)")
    }
  }
}
