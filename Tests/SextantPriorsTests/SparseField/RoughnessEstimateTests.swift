// The estimate of the roughness on fields drawn from the prior itself: does it find what it was, follow it from place to
// place, keep its promise of coverage, and not care for units?

import Foundation
import SextantArrays
import SextantGeometry
import SextantSparse
import Testing

@testable import SextantPriors

@Suite struct RoughnessEstimateTests {
  let domain: LatitudeLongitudeGrid
  let prior: SparseFieldPrior

  init() throws {
    domain = try SparseFieldZoo.globalGrid(step: 3)
    prior = try SparseFieldPrior(domain: domain)
  }

  /// A field of the prior and 40 % of its nodes with noise.
  func simulate(roughness: [Double], noise: Double, seed: UInt64, scale: Double = 1) throws
    -> (truth: [Double], observation: SparseFieldObservation)
  {
    let factor = try SparseCholesky(
      prior.meshes[0].precision.prior(roughness: roughness), ordering: prior.meshes[0].level.ordering)
    var truth: [Double] = []
    factor.forEachDrawBlock(count: 1, random: RandomStream(seed: seed)) { _, block in truth = block.scalars }
    var random = RandomStream(seed: seed + 1000)
    let nodes = truth.indices.filter { _ in random.uniform() < 0.4 }
    let observation = SparseFieldObservation(
      matrix: SparseMatrix(
        rowCount: nodes.count, columnCount: truth.count, rowStarts: Array(0...nodes.count),
        columns: nodes.map(Int32.init), values: [Double](repeating: 1, count: nodes.count)),
      anomalies: nodes.map { scale * (truth[$0] + noise * random.normal()) },
      noiseVariance: [Double](repeating: scale * scale * noise * noise, count: nodes.count), isSelection: true)
    return (truth.map { $0 * scale }, observation)
  }

  /// The mean of the logarithm over an area.
  func typical(_ roughness: [Double], where isInside: (SIMD3<Double>) -> Bool = { _ in true }) -> Double {
    let areas = domain.nodeAreas
    var (sum, total) = (0.0, 0.0)
    for (i, position) in domain.nodePositions.enumerated() where isInside(position) {
      sum += areas[i] * log(roughness[i])
      total += areas[i]
    }
    return exp(sum / total)
  }

  /// Where nothing is observed, the expected residuals are the roughness: there are no degrees of freedom.
  @Test(arguments: try SparseFieldZoo.priors()) func residualsOfThePriorAreItsRoughness(_ named: NamedDomain) throws {
    let prior = try SparseFieldPrior(domain: named.domain)
    // With the configuration's κ², the precision of a grid is too badly conditioned for the comparison.
    let mesh = prior.mesh(0, smoothness: named.smoothness).with(kappaSquared: 0.05, prior.configuration)
    let roughness = SparseFieldZoo.roughness(named.domain)
    let factor = try SparseCholesky(mesh.precision.prior(roughness: roughness), ordering: mesh.level.ordering)
    let exact = mesh.equations.residualVariances(
      by: factor, roughness: roughness, isExact: true, draws: 0, random: RandomStream(seed: 1))
    #expect(exact.isExact && zip(exact.variances, roughness).allSatisfy { abs($0 / $1 - 1) < 1e-6 })
    let sampled = mesh.equations.residualVariances(
      by: factor, roughness: roughness, isExact: false, draws: 2000, random: RandomStream(seed: 1))
    let ratios = zip(sampled.variances, roughness).map { $0 / $1 }
    #expect(!sampled.isExact && ratios.allSatisfy { abs($0 - 1) < 0.3 })
    #expect(abs(ratios.reduce(0, +) / Double(ratios.count) - 1) < 0.02)
  }

  /// The likelihood tells fields of the two smoothnesses apart, on a mesh where the range is fitted as well.
  @Test(arguments: SparseFieldSmoothness.allCases) func theLikelihoodFindsTheSmoothness(smoothness: SparseFieldSmoothness) throws {
    let mesh = try SphereMesh.icosphere(subdivisions: 3)
    let prior = try SparseFieldPrior(domain: mesh)
    let kappaSquared = 8 * Double(smoothness.rawValue) / (0.06 * Double(mesh.nodeCount))
    let world = prior.mesh(0, smoothness: smoothness).with(kappaSquared: kappaSquared, prior.configuration)
    let factor = try SparseCholesky(world.precision.prior(roughness: [Double](repeating: 1, count: mesh.nodeCount)))
    var found: [SparseFieldSmoothness] = []
    factor.forEachDrawBlock(count: 6, random: RandomStream(seed: 3)) { _, block in
      for row in 0..<block.rowCount {
        let truth = block.row(row).scalars
        let deviation = (truth.reduce(0.0) { $0 + $1 * $1 } / Double(truth.count)).squareRoot()
        var random = RandomStream(seed: UInt64(20 + row))
        let nodes = truth.indices.filter { _ in random.uniform() < 0.6 }
        let observation = SparseFieldObservation(
          matrix: SparseMatrix(
            rowCount: nodes.count, columnCount: truth.count, rowStarts: Array(0...nodes.count),
            columns: nodes.map(Int32.init), values: [Double](repeating: 1, count: nodes.count)),
          anomalies: nodes.map { truth[$0] + 0.05 * deviation * random.normal() },
          noiseVariance: nodes.map { _ in 0.0025 * deviation * deviation }, isSelection: true)
        if let estimate = try? prior.estimate(for: observation, random: random) { found.append(estimate.smoothness) }
      }
    }
    #expect(found.count == 6 && found.count { $0 == smoothness } >= 5, "\(found)")
  }

  // A field of roughness 0.3 under noise of 3 tells too little: the estimate stays several times too rough (docs/sparse-field.md).
  @Test(arguments: [(0.3, 1.0), (3.0, 1.0), (3.0, 3.0)])
  func findsAConstantRoughness(roughness: Double, noise: Double) throws {
    let (_, observation) = try simulate(
      roughness: [Double](repeating: roughness, count: domain.nodeCount), noise: noise, seed: 3)
    let found = typical(try prior.roughness(for: observation, random: RandomStream(seed: 1)))
    #expect(abs(log(found / roughness)) < log(1.6), "\(found) for \(roughness)")
  }

  @Test func followsTwoRegions() throws {
    let given = domain.nodePositions.map { $0.z > 0 ? 4.0 : 0.1 }
    let (_, observation) = try simulate(roughness: given, noise: 1, seed: 4)
    let found = try prior.roughness(for: observation, random: RandomStream(seed: 1))
    let north = typical(found) { $0.z > 0.35 }
    let south = typical(found) { $0.z < -0.35 }
    // The rough side is found; the smooth side is told apart, but under noise of 1 its size is not found (measured: 0.96 for 0.1).
    #expect(abs(log(north / 4)) < log(1.6) && south < north / 3, "\(north) and \(south)")
  }

  @Test(arguments: [1, 2])
  func keepsItsPromiseOfCoverage(seed: UInt64) throws {
    let given = domain.nodePositions.map { $0.z > 0 ? 4.0 : 0.1 }
    let (truth, observation) = try simulate(roughness: given, noise: 1, seed: seed)
    let roughness = try prior.roughness(for: observation, random: RandomStream(seed: 1))
    let posterior = try prior.posterior(given: observation, roughness: roughness)
    let spread = posterior.spread(draws: 256, random: RandomStream(seed: 2))
    let areas = domain.nodeAreas
    let covered = truth.indices.reduce(0.0) { sum, i in
      sum + (abs(truth[i] - Double(posterior.mean[i])) <= 1.645 * Double(spread[i]) ? areas[i] : 0)
    }
    #expect((0.85...0.95).contains(covered / areas.reduce(0, +)))
  }

  @Test func doesNotDependOnUnits() throws {
    let given = SparseFieldZoo.roughness(domain)
    let (_, small) = try simulate(roughness: given, noise: 1, seed: 6)
    let (_, large) = try simulate(roughness: given, noise: 1, seed: 6, scale: 1000)
    let first = try prior.roughness(for: small, random: RandomStream(seed: 1))
    let second = try prior.roughness(for: large, random: RandomStream(seed: 1))
    #expect(zip(first, second).allSatisfy { abs($1 / $0 / 1e6 - 1) < 1e-6 })
  }

  @Test func doesNotDependOnThreads() throws {
    let (_, observation) = try simulate(roughness: SparseFieldZoo.roughness(domain), noise: 1, seed: 7)
    let threads = Parallel.threadCount
    defer { Parallel.limitThreads(to: threads) }
    Parallel.limitThreads(to: 1)
    let alone = try prior.roughness(for: observation, random: RandomStream(seed: 1))
    Parallel.limitThreads(to: 3)
    #expect(try prior.roughness(for: observation, random: RandomStream(seed: 1)) == alone)
  }

  @Test func aCascadeFindsWhatOneMeshFinds() throws {
    var settings = SparseFieldConfiguration()
    settings.coarsestNodeLimit = 2000
    let cascade = try SparseFieldPrior(domain: domain, configuration: settings)
    #expect(cascade.meshes.count == 2)
    let (_, observation) = try simulate(roughness: [Double](repeating: 1, count: domain.nodeCount), noise: 1, seed: 8)
    let found = typical(try cascade.roughness(for: observation, random: RandomStream(seed: 1)))
    #expect(abs(log(found)) < log(1.5), "\(found) for 1")
  }
}
