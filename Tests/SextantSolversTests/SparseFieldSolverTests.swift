// The solver's face: shapes, ties, entries outside the domain, several variables, and mixed measurements.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct SparseFieldSolverTests {
  /// 15° with poles and a repeated column.
  let grid: LatitudeLongitudeGrid
  let size: Int

  init() throws {
    grid = try LatitudeLongitudeGrid(
      latitudes: (0..<13).map { 90 - 15 * Double($0) }, longitudes: (0..<25).map { -180 + 15 * Double($0) })
    size = grid.vertexCount
  }

  func measurement(_ observed: [Int], channels: Int) -> FieldMeasurement {
    let positions = grid.positions
    return FieldMeasurement(
      values: observed.map { entry in
        let p = positions[entry / channels]
        return Float(280 + 20 * p.z + 5 * p.x + Double(entry % channels) * 100)
      }, noise: [Float](repeating: 0.5, count: observed.count),
      operation: SelectionOperator(inputCount: size * channels, indices: observed))
  }

  @Test func coincidentVerticesHaveOneValue() throws {
    let solver = try SparseFieldSolver(domain: grid)
    var random = RandomStream(seed: 1)
    let posterior = try solver.posterior(
      given: measurement((0..<size).filter { $0 % 3 == 0 }, channels: 1), samples: 3, using: &random)
    let samples = try #require(posterior.samples)
    let spread = try #require(posterior.spread)
    #expect(samples.shape == [3, size] && posterior.mean.count == size && spread.count == size)
    let rows = [posterior.mean, spread] + (0..<3).map { samples.row($0).scalars }
    for row in rows {
      #expect(Set(row[..<25]).count == 1 && Set(row[(12 * 25)...]).count == 1)
      for i in 0..<13 { #expect(row[i * 25] == row[i * 25 + 24]) }
    }
    for (vertex, position) in grid.positions.enumerated() {
      #expect(abs(Double(posterior.mean[vertex]) - (280 + 20 * position.z + 5 * position.x)) < 2)
    }
  }

  @Test func variablesAndGapsAreKeptApart() throws {
    // The second variable is there on the northern half only, as a variable of the sea is not on land.
    let isInside = (0..<2 * size).map { $0 % 2 == 0 || $0 / 2 < 7 * 25 }
    let solver = try SparseFieldSolver(
      FieldSpace(domain: grid, variables: [Variable(name: "a"), Variable(name: "b")], isInside: isInside))
    let observed = (0..<2 * size).filter { $0 % 5 == 0 && isInside[$0] }
    var random = RandomStream(seed: 2)
    let posterior = try solver.posterior(given: measurement(observed, channels: 2), samples: 2, using: &random)
    for entry in 0..<2 * size {
      #expect(posterior.mean[entry].isNaN == !isInside[entry])
      #expect(posterior.spread?[entry].isNaN == !isInside[entry])
      #expect(posterior.samples.map { $0[1, entry].isNaN } == !isInside[entry])
      if isInside[entry] { #expect(abs(posterior.mean[entry] - (entry % 2 == 0 ? 280 : 380)) < 40) }
    }
  }

  @Test func sameStreamSameResult() throws {
    let solver = try SparseFieldSolver(domain: grid)
    let measured = measurement((0..<size).filter { $0 % 4 == 0 }, channels: 1)
    var (first, second) = (RandomStream(seed: 3), RandomStream(seed: 3))
    let a = try solver.posterior(given: measured, samples: 2, using: &first)
    let b = try solver.posterior(given: measured, samples: 2, using: &second)
    let next = try solver.posterior(given: measured, samples: 2, using: &second)
    #expect(a.samples == b.samples && a.mean == b.mean && a.spread == b.spread)
    #expect(next.samples != a.samples && next.mean == a.mean)
  }

  @Test func interpolatedPlacesAreMeasurements() throws {
    let solver = try SparseFieldSolver(domain: grid)
    var random = RandomStream(seed: 4)
    let places = (0..<150).map { _ in
      GeographicPoint(latitude: asin(random.uniform(in: -1..<1)) * 180 / .pi, longitude: 360 * random.uniform())
    }
    let posterior = try solver.posterior(
      given: FieldMeasurement(
        values: places.map { Float(5 * sin($0.latitude * .pi / 180)) }, noise: [Float](repeating: 0.1, count: 150),
        operation: SparseOperator(try grid.interpolation(to: places))), samples: 0, using: &random)
    #expect(posterior.samples == nil && posterior.spread?.allSatisfy { $0 > 0 && $0 < 5 } == true)
    for (vertex, position) in grid.positions.enumerated() {
      #expect(abs(Double(posterior.mean[vertex]) - 5 * position.z) < 1)
    }
  }

  @Test func valuesOfTwoVariablesAreRefused() throws {
    let solver = try SparseFieldSolver(domain: grid, channelCount: 2)
    let mixed = SparseOperator(
      SparseMatrix(rowCount: 1, columnCount: 2 * size, entries: [(0, 60, 0.5), (0, 61, 0.5)]))
    var random = RandomStream(seed: 5)
    #expect(throws: PriorError.mixesChannels(row: 0)) {
      try solver.posterior(
        given: FieldMeasurement(values: [1], noise: [1], operation: mixed), samples: 1, using: &random)
    }
  }

  /// Where there is no memory for the exact spread, samples give it, and the answer says so.
  @Test(arguments: [false, true]) func spreadIsExactWhereThereIsMemory(isFitted: Bool) throws {
    let measured = measurement((0..<2 * size).filter { $0 % 3 == 0 }, channels: 2)
    func answer(byteLimit: Int, samples: Int, seed: UInt64) throws -> Posterior {
      var configuration = SparseFieldConfiguration()
      configuration.inverseByteLimit = byteLimit
      let solver = try SparseFieldSolver(FieldSpace(domain: grid, channelCount: 2), configuration: configuration)
      let used: any Solver = isFitted ? try solver.fitted(to: measured) : solver
      var random = RandomStream(seed: seed)
      return try used.posterior(given: measured, samples: samples, using: &random)
    }
    let exact = try answer(byteLimit: 1 << 30, samples: 0, seed: 1)
    let spread = try #require(exact.spread)
    #expect(!exact.diagnostics.keys.contains { $0.hasPrefix("spread from samples") })
    // Neither the number of samples nor the stream matters.
    #expect(try answer(byteLimit: 1 << 30, samples: 3, seed: 2).spread == spread)
    let sampled = try answer(byteLimit: 0, samples: 3000, seed: 1)
    #expect(sampled.diagnostics["spread from samples 1"] == 3000 && sampled.diagnostics["spread from samples 2"] == 3000)
    let found = try #require(sampled.spread)
    #expect(zip(found, spread).allSatisfy { abs($0 / $1 - 1) < 0.08 } && found != spread)
    #expect(try answer(byteLimit: 0, samples: 2, seed: 1).diagnostics["spread from samples 1"] == 128)
    #expect(exact.mean == sampled.mean)
  }

  @Test func nothingObservedIsRefused() throws {
    let solver = try SparseFieldSolver(domain: grid)
    var random = RandomStream(seed: 6)
    #expect(throws: PriorError.nothingObserved) {
      try solver.posterior(given: measurement([], channels: 1), samples: 1, using: &random)
    }
  }
}
