// The sparse posterior against dense matrices: precision, mean, spread and covariance of samples, on every kind of domain
// and for every kind of observation, at a known roughness.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantPriors

@Suite struct SparseFieldPosteriorTests {
  /// The prior covariance of the domain's values, with nothing clever.
  static func covariance(
    _ named: NamedDomain, roughness: [Double], landShare: [Float]?
  ) throws -> Tensor<Double> {
    let domain = named.domain
    let precision = SparseFieldZoo.densePrecision(
      domain, unit: SparseFieldZoo.unit(domain), roughness: roughness, landShare: landShare,
      kappaSquared: named.kappaSquared, smoothness: named.smoothness)
    return try CholeskyFactor(precision).inverse()
  }

  @Test(arguments: try SparseFieldZoo.priors(), [false, true])
  func precisionIsThatOfTheEquation(_ named: NamedDomain, hasLand: Bool) throws {
    let domain = named.domain
    let land = hasLand ? SparseFieldZoo.landShare(domain) : nil
    let roughness = SparseFieldZoo.roughness(domain)
    let prior = try SparseFieldPrior(domain: domain, landShare: land)
    let mesh = prior.mesh(0, smoothness: named.smoothness).with(
      kappaSquared: named.kappaSquared, prior.configuration)
    let sparse = SparseFieldZoo.dense(mesh.precision.prior(roughness: roughness), isLowerTriangle: true)
    let expected = SparseFieldZoo.densePrecision(
      domain, unit: SparseFieldZoo.unit(domain), roughness: roughness, landShare: land,
      kappaSquared: named.kappaSquared, smoothness: named.smoothness)
    let largest = expected.scalars.map { abs($0) }.max() ?? 0
    #expect(zip(sparse.scalars, expected.scalars).allSatisfy { abs($0 - $1) <= 1e-12 * largest })
    #expect(zip(sparse.scalars, sparse.transposed().scalars).allSatisfy { $0 == $1 })
    #expect(throws: Never.self) { try CholeskyFactor(sparse) }
  }

  @Test(arguments: try SparseFieldZoo.priors(), [false, true])
  func posteriorIsTheClosedForm(_ named: NamedDomain, isSelection: Bool) throws {
    let domain = named.domain
    let roughness = SparseFieldZoo.roughness(domain)
    let land = SparseFieldZoo.landShare(domain)
    let observation =
      isSelection ? SparseFieldZoo.observation(domain, seed: 5) : SparseFieldZoo.averages(domain, seed: 5)
    let prior = try SparseFieldPrior(domain: domain, landShare: land)
    let posterior = try prior.posterior(given: observation, roughness: roughness, as: named)
    let expected = try DenseReference(
      covariance: Self.covariance(named, roughness: roughness, landShare: land), observation: observation)
    try expected.check(posterior)
  }

  @Test(arguments: try SparseFieldZoo.grids(), [false, true])
  func coarsePosteriorIsTheClosedForm(_ named: NamedDomain, isSelection: Bool) throws {
    let domain = named.domain
    let roughness = SparseFieldZoo.roughness(domain)
    let observation =
      isSelection ? SparseFieldZoo.observation(domain, seed: 6) : SparseFieldZoo.averages(domain, seed: 6)
    var settings = SparseFieldConfiguration()
    settings.finish = .coarse
    let prior = try SparseFieldPrior(domain: domain, configuration: settings)
    let mesh = prior.meshes[prior.finishIndex]
    let precision = SparseFieldZoo.dense(
      mesh.precision.prior(roughness: mesh.level.restricted(roughness)), isLowerTriangle: true)
    var covariance = try CholeskyFactor(precision).inverse()
    if let prolongation = mesh.level.prolongation, let factors = mesh.level.submeshFactors {
      let b = SparseFieldZoo.dense(prolongation)
      covariance = matrixProduct(matrixProduct(b, covariance), b, transposingSecond: true)
      // Averages are conditioned on the mesh alone; only selections tell of what lies between.
      if isSelection { for i in factors.indices { covariance[i, i] += Double(factors[i]) * roughness[i] } }
      let between = isSelection ? nil : zip(factors, roughness).map { Double($0) * $1 }
      let expected = try DenseReference(
        covariance: covariance, observation: observation, unconditionedVariance: between)
      try expected.check(prior.posterior(given: observation, roughness: roughness))
    } else {
      #expect(named.name == "region over the date line", "Only this grid is too small for a coarser one")
    }
  }

  @Test func nothingObservedIsRefused() throws {
    let domain = try SparseFieldZoo.globalGrid(step: 12)
    let nothing = SparseFieldObservation(
      matrix: SparseMatrix(rowCount: 0, columnCount: domain.nodeCount, entries: []), anomalies: [], noiseVariance: [],
      isSelection: true)
    let prior = try SparseFieldPrior(domain: domain)
    #expect(throws: PriorError.nothingObserved) { try prior.roughness(for: nothing, random: RandomStream(seed: 1)) }
  }

  @Test func samplesDependOnTheirNumbersAlone() throws {
    let domain = try SparseFieldZoo.globalGrid(step: 12)
    let posterior = try SparseFieldPrior(domain: domain).posterior(
      given: SparseFieldZoo.observation(domain, seed: 2), roughness: SparseFieldZoo.roughness(domain))
    func samples(_ count: Int) -> [Float] {
      var all: [Float] = []
      posterior.forEachDeviationBlock(count: count, random: RandomStream(seed: 3)) { _, block in all += block.scalars }
      return all
    }
    let threads = Parallel.threadCount
    defer { Parallel.limitThreads(to: threads) }
    Parallel.limitThreads(to: 1)
    let alone = samples(40)
    Parallel.limitThreads(to: 3)
    #expect(samples(40) == alone)
    #expect(Array(samples(48)[..<alone.count]).elementsEqual(alone) { abs($0 - $1) < 1e-5 })
  }
}

/// The posterior by the textbook formula.
struct DenseReference {
  let mean: [Double]
  let covariance: Tensor<Double>

  /// - Parameter unconditionedVariance: independent variance that counts as noise and stays as it is.
  init(
    covariance: Tensor<Double>, observation: SparseFieldObservation, unconditionedVariance: [Double]? = nil
  ) throws {
    let h = SparseFieldZoo.dense(observation.matrix)
    let (m, n) = (observation.count, covariance.columnCount)
    let sums = (0..<m).map { row in (0..<n).reduce(0.0) { $0 + h[row, $1] } }
    // The constant is fitted by least squares before all else.
    let constant =
      zip(sums, observation.anomalies).reduce(0.0) { $0 + $1.0 * $1.1 } / sums.reduce(0.0) { $0 + $1 * $1 }
    let hk = matrixProduct(h, covariance)
    var s = matrixProduct(hk, h, transposingSecond: true)
    for i in 0..<m {
      s[i, i] += observation.noiseVariance[i]
      if let extra = unconditionedVariance { for j in 0..<n { s[i, i] += h[i, j] * h[i, j] * extra[j] } }
    }
    let factor = try CholeskyFactor(s)
    let residuals = Tensor(
      zip(observation.anomalies, sums).map { $0 - constant * $1 }, shape: [m, 1])
    mean = matrixProduct(hk, factor.solve(residuals), transposingFirst: true).scalars.map { $0 + constant }
    var posterior = covariance - matrixProduct(hk, factor.solve(hk), transposingFirst: true)
    if let extra = unconditionedVariance { for j in 0..<n { posterior[j, j] += extra[j] } }
    self.covariance = posterior
  }

  /// Mean and spread to rounding, covariance of samples to six standard errors.
  func check(_ posterior: SparseFieldPosterior) throws {
    let n = mean.count
    let scale = mean.map { abs($0) }.max() ?? 1
    #expect(zip(posterior.mean, mean).allSatisfy { abs(Double($0) - $1) < 1e-5 * scale })
    let count = 3000
    var sums = Tensor<Double>.zeros([n, n])
    posterior.forEachDeviationBlock(count: count, random: RandomStream(seed: 7)) { _, block in
      sums = sums + gramMatrix(block.converted(to: Double.self), transposeFirst: true)
    }
    var worst = 0.0
    for i in 0..<n {
      for j in 0..<n {
        let product = covariance[i, i] * covariance[j, j] + covariance[i, j] * covariance[i, j]
        worst = max(worst, abs(sums[i, j] / Double(count) - covariance[i, j]) / (product / Double(count)).squareRoot())
      }
    }
    #expect(worst < 6)
    let spread = posterior.spread(draws: count, random: RandomStream(seed: 7))
    #expect((0..<n).allSatisfy { abs(Double(spread[$0]) / covariance[$0, $0].squareRoot() - 1) < 0.08 })
    let exact = try #require(try posterior.spread(byteLimit: .max))
    #expect((0..<n).allSatisfy { abs(Double(exact[$0]) / covariance[$0, $0].squareRoot() - 1) < 1e-5 })
  }
}
