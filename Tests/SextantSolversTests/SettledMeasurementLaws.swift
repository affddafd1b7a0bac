// Counted values and values that were cut off, as the methods take them: each method in its own world (OwnWorldCoverage), where the
// noise follows the signal, keeps its coverage and has no bias; one value that was cut off has the exact moments; and the fidelity
// of such values is downhill for the methods that follow gradients.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantSolvers

@Suite(.serialized) struct SettledMeasurementLaws {
  typealias World = OwnWorldCoverage.World

  private struct Outcome {
    var covered = 0
    var count = 0
    var error = 0.0
    var squaredError = 0.0
    var variance = 0.0
    var coverage: Double { Double(covered) / Double(count) }
    var bias: Double { error / Double(count) }
    var rootMeanSquareError: Double { (squaredError / Double(count)).squareRoot() }

    mutating func add(_ posterior: Posterior, truth: [Double], at places: [Int]) throws {
      let spread = try #require(posterior.spread)
      for place in places {
        let difference = Double(posterior.mean[place]) - truth[place]
        covered += abs(difference) <= 1.645 * Double(spread[place]) ? 1 : 0
        count += 1
        error += difference
        squaredError += difference * difference
      }
    }
  }

  /// Fields about 5 as an instrument reads them at six places in ten.
  private func measurement(_ truth: [Double], by detector: Detector, noise: Float, seed: Int) -> FieldMeasurement {
    var random = RandomStream(seed: 21).split(seed)
    let observed = truth.indices.filter { _ in random.uniform() < 0.6 }
    let values = observed.map { place -> Float in
      guard let law = detector.law(ofChannel: 0) else { return Float(truth[place] + Double(noise) * random.normal()) }
      return Float(law.measured(truth[place], using: &random))
    }
    var measurement = FieldMeasurement(
      values: values, noise: [Float](repeating: noise, count: values.count),
      operation: SelectionOperator(inputCount: truth.count, indices: observed))
    measurement.read(by: detector, channels: [Int](repeating: 0, count: values.count))
    return measurement
  }

  /// A gain of 0.2: 25 counts at the mean of 5, whose noise of 1 is that of the fields, and 15 where the field is low. Speckle of 100 looks has
  /// a noise of a half there.
  @Test(arguments: World.allCases.map { ($0, NoiseLaw.poisson(gain: 0.2, read: 0.1)) } + [(World.modes, NoiseLaw.gamma(looks: 100))])
  func noiseOfALawIsHonestInItsWorld(world: World, law: NoiseLaw) throws {
    let model = try world.model(on: SphereMesh.fibonacci(vertexCount: 240))
    let solver = try world.method.solver(for: model)
    #expect(world.method.pilot(for: model) == world.method)
    var outcome = Outcome()
    for (index, field) in try world.fields(model, count: 20).enumerated() {
      let truth = field.map { 5 + $0 }
      let measured = measurement(truth, by: Detector(laws: [law]), noise: 1, seed: index)
      let settled = try world.method.settled(measured, by: solver)
      #expect(settled.laws.isEmpty && settled.values == measured.values)
      var random = RandomStream(seed: 22)
      let posterior = try solver.posterior(given: settled, samples: 0, using: &random)
      try outcome.add(posterior, truth: truth, at: Array(truth.indices))
      // It has settled: the noise is that of the answer, but for the parameters, which the answer fits anew.
      let entries = try #require(settled.operation.selectedEntries)
      var squares = 0.0
      for (row, entry) in entries.enumerated() {
        let share = Double(settled.noise[row]) / law.deviation(at: Double(posterior.mean[entry])) - 1
        squares += share * share
      }
      #expect((squares / Double(entries.count)).squareRoot() < 0.1)
    }
    // As for one third of the noise in OwnWorldCoverage.
    #expect((0.78...0.98).contains(outcome.coverage), "\(world): \(outcome.coverage)")
    #expect(abs(outcome.bias) < 0.1, "\(world): \(outcome.bias)")
  }

  /// Noise that is stated at the measured values trusts low ones more than high ones, and the answer is too low.
  @Test func noiseAtTheMeasuredValuesIsBiased() throws {
    let law = NoiseLaw.poisson(gain: 0.5)
    let model = try World.modes.model(on: SphereMesh.fibonacci(vertexCount: 240))
    let solver = try Method.eof.solver(for: model)
    var (naive, settled) = (Outcome(), Outcome())
    for (index, field) in try World.modes.fields(model, count: 12).enumerated() {
      let truth = field.map { 5 + $0 }
      let measured = measurement(truth, by: Detector(laws: [law]), noise: 1, seed: index)
      var atValues = measured
      for row in atValues.noise.indices { atValues.noise[row] = Float(law.deviation(at: Double(measured.values[row]))) }
      var random = RandomStream(seed: 22)
      try naive.add(solver.posterior(given: atValues, samples: 0, using: &random), truth: truth, at: Array(truth.indices))
      try settled.add(
        solver.posterior(given: solver.settled(measured), samples: 0, using: &random), truth: truth, at: Array(truth.indices))
    }
    #expect(naive.bias < -0.15 && abs(settled.bias) < 0.08, "\(naive.bias), \(settled.bias)")
    #expect(settled.rootMeanSquareError < naive.rootMeanSquareError)
  }

  /// A quarter of each field is cut off. It is missed less than where it counts as missing, or as measured.
  @Test(arguments: World.allCases.filter { $0.method.takesSaturation }) func whatIsCutOffIsUsed(world: World) throws {
    let model = try world.model(on: SphereMesh.fibonacci(vertexCount: 240))
    let solver = try world.method.solver(for: model)
    var (used, missing, taken) = (Outcome(), Outcome(), Outcome())
    for (index, field) in try world.fields(model, count: 8).enumerated() {
      let truth = field.map { 5 + $0 }
      let mean = truth.reduce(0, +) / Double(truth.count)
      let deviation = (truth.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(truth.count)).squareRoot()
      let level = Float(truth.sorted()[3 * truth.count / 4])
      let measured = measurement(truth, by: Detector(saturation: [level]), noise: Float(0.2 * deviation), seed: index)
      guard measured.isSaturated.contains(true) else { continue }
      let entries = try #require(measured.operation.selectedEntries)
      let cut = entries.indices.filter { measured.isSaturated[$0] }
      let places = cut.map { entries[$0] }
      var random = RandomStream(seed: 22)
      let settled = try world.method.settled(measured, by: solver)
      try used.add(solver.posterior(given: settled, samples: 0, using: &random), truth: truth, at: places)
      var plain = measured
      plain.isSaturated = []
      try taken.add(solver.posterior(given: plain, samples: 0, using: &random), truth: truth, at: places)
      let rest = plain.rows(entries.indices.filter { !measured.isSaturated[$0] })
      try missing.add(solver.posterior(given: rest, samples: 0, using: &random), truth: truth, at: places)
    }
    #expect((0.78...0.97).contains(used.coverage), "\(world): \(used.coverage)")
    #expect(
      used.rootMeanSquareError < missing.rootMeanSquareError && used.rootMeanSquareError < taken.rootMeanSquareError,
      "\(world): \(used.rootMeanSquareError), \(missing.rootMeanSquareError), \(taken.rootMeanSquareError)")
  }

  /// One value that was cut off, alone and under an operator, against integrals.
  @Test(arguments: [4.5, 6, 8]) func oneCutOffValueHasItsExactMoments(level: Double) throws {
    let model = try World.modes.model(on: SphereMesh.fibonacci(vertexCount: 60))
    let solver = try Method.eof.solver(for: model)
    var random = RandomStream(seed: 23)
    let others = Array(1..<30)
    let rest = FieldMeasurement(
      values: others.map { _ in Float(5 + 0.7 * random.normal()) }, noise: [Float](repeating: 0.5, count: others.count),
      operation: SelectionOperator(inputCount: 60, indices: others))
    let without = try solver.posterior(given: rest, samples: 0, using: &random)
    let spreadWithout = try #require(without.spread)
    let (mean, deviation, noise) = (Double(without.mean[0]), Double(spreadWithout[0]), 0.3)
    var (mass, first, second) = (0.0, 0.0, 0.0)
    for step in -8000...8000 {
      let t = Double(step) / 1000
      let value = mean + deviation * t
      let weight = StandardNormal.density(t) * StandardNormal.cumulative((value - level) / noise)
      mass += weight
      first += weight * value
      second += weight * value * value
    }
    let exact = (mean: first / mass, deviation: (second / mass - first / mass * first / mass).squareRoot())
    var whole = FieldMeasurement(
      values: [Float(level)] + rest.values, noise: [Float(noise)] + rest.noise,
      operation: SelectionOperator(inputCount: 60, indices: [0] + others))
    whole.isSaturated = [true] + others.map { _ in false }
    let posterior = try solver.posterior(given: solver.settled(whole), samples: 0, using: &random)
    #expect(abs(Double(posterior.mean[0]) - exact.mean) < 0.02 * deviation)
    let spread = try #require(posterior.spread)
    #expect(abs(Double(spread[0]) - exact.deviation) < 0.02 * deviation)
    // The same as an operator whose rows are combinations: moments come from samples.
    let rows = ([0] + others).enumerated().map { (row: $0.offset, column: $0.element, value: 1.0) } + [(row: 0, column: 59, value: 1e-6)]
    whole.operation = SparseOperator(SparseMatrix(rowCount: 30, columnCount: 60, entries: rows))
    let combined = try solver.posterior(given: solver.settled(whole), samples: 0, using: &random)
    #expect(abs(Double(combined.mean[0]) - exact.mean) < 0.3 * deviation)
  }

  @Test func methodsWithoutASpreadRefuse() throws {
    var measurement = FieldMeasurement(values: [1, 2], noise: [1, 1], operation: SelectionOperator(inputCount: 60, indices: [0, 1]))
    measurement.isSaturated = [false, true]
    let model = try World.modes.model(on: SphereMesh.fibonacci(vertexCount: 60))
    #expect(throws: SolverError.saturated(method: "patches")) {
      try Method.patches.settled(measurement, by: Method.eof.solver(for: model))
    }
    // A method that knows such values gets them as they are, and only the noise of the counted ones is settled.
    measurement.laws = [NoiseLaw.poisson(gain: 0.1), nil]
    let given = try Method.dps.settled(measurement, by: Method.eof.solver(for: model))
    #expect(given.isSaturated == [false, true] && given.values == [1, 2] && given.noise[1] == 1 && given.noise[0] != 1)
  }

  /// Speckle has no noise where there is no signal, and an answer may be 0 or less: a value is not trusted without limit there.
  @Test func speckleOfNothingKeepsSomeNoise() throws {
    let model = try World.modes.model(on: SphereMesh.fibonacci(vertexCount: 60))
    var measurement = FieldMeasurement(
      values: [1e-6, 2e-6], noise: [1, 1], operation: SelectionOperator(inputCount: 60, indices: [0, 1]))
    measurement.laws = [.gamma(looks: 4), .gamma(looks: 4)]
    let settled = try Method.eof.solver(for: model).settled(measurement)
    #expect(settled.noise.allSatisfy { $0 >= 0.0099 && $0 < 1 }, "\(settled.noise)")
  }
}
