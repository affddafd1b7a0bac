// Kriging on a domain that is too large for samples: the mean and the spread that are made block by block are those of the dense form,
// whatever the size of the blocks, and there are no samples.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import Testing

@testable import SextantPriors
@testable import SextantSolvers

@Suite struct BlockwiseKrigingTests {
  private static let domain: LatitudeLongitudeGrid? = try? LatitudeLongitudeGrid(
    latitudes: (0..<9).map { -80 + 20 * Double($0) }, longitudes: (0..<16).map { 22.5 * Double($0) })

  /// Operators on the 144 vertices: some twice, and weighted sums of neighbours.
  static var operators: [any LinearOperator] {
    let indices: [Int] = (0..<40).map { 3 * $0 + $0 % 3 }
    var entries: [(row: Int, column: Int, value: Double)] = []
    for row in 0..<30 {
      let weight = 0.25 + 0.02 * Double(row)
      entries.append((row, 4 * row, weight))
      entries.append((row, 4 * row + 1, 1 - weight))
    }
    return [
      SelectionOperator(inputCount: 144, indices: indices + [9, 9]),
      SparseOperator(SparseMatrix(rowCount: 30, columnCount: 144, entries: entries)),
    ]
  }

  @Test(arguments: operators.indices) func blocksGiveTheDenseAnswer(index: Int) throws {
    let domain = try #require(Self.domain)
    let operation = Self.operators[index]
    let values: [Float] = (0..<operation.outputCount).map { (row: Int) -> Float in
      Float(280 + 7 * ((row * 37) % 11)) - 0.2 * Float(row)
    }
    let noise: [Float] = values.indices.map { (row: Int) -> Float in 0.5 + Float(row % 3) }
    let measurement = FieldMeasurement(values: values, noise: noise, operation: operation)
    let prior = KrigingSolver.prior(domain: domain, isInside: [Bool](repeating: true, count: 144), values: values)
    var random = RandomStream(seed: 1)
    let dense = try TwoScaleSolver(prior, domain: domain).posterior(given: measurement, samples: 0, using: &random)
    let whole = try KrigingSolver.blockwisePosterior(given: measurement, prior: prior, on: domain)
    #expect(whole.samples == nil && whole.diagnostics["field.log-range"] == dense.diagnostics["field.log-range"])
    #expect(zip(whole.mean, dense.mean).allSatisfy { abs($0 - $1) < 2e-3 })
    let (own, other) = (try #require(whole.spread), try #require(dense.spread))
    #expect(zip(own, other).allSatisfy { abs($0 - $1) < 2e-3 * $1 })
    // Blocks of 8 states each, of which the last is shorter where the states are no multiple.
    let observation = try prior.space.observe(measurement)
    let covariance = try CovarianceFit(prior, on: domain, seed: RandomStream(seed: 0)).covariance(for: observation)
    let theta = covariance.chosen.values
    let one = try BlockwiseGaussianPosterior(observation, covariance: covariance.model, parameters: theta)
    let many = try BlockwiseGaussianPosterior(
      observation, covariance: covariance.model, parameters: theta, blockSize: 7 * operation.outputCount)
    #expect(zip(one.mean, many.mean).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(zip(one.spread, many.spread).allSatisfy { abs($0 - $1) < 1e-7 })
    #expect(one.mean.count == many.mean.count && abs(one.logEvidence - many.logEvidence) < 1e-7)
  }
}
