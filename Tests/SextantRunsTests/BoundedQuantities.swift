// Rain and ice from a latent Gaussian field whose truth is known, with gaps, filled with and without an archive: the
// intervals are honest, the wet share is right, nothing is negative, and the errors are those of a method that knows the
// bounds. The numbers are printed beside those of plain kriging.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized) struct BoundedQuantities {
  /// A quantity that a latent standard normal variable w determines.
  struct Quantity: Sendable, CustomTestStringConvertible {
    var variable: Variable
    var noise: Float
    var value: @Sendable (Double) -> Double
    var upper: Float?
    var testDescription: String { variable.name }
  }

  static let rain = Quantity(
    variable: Variable(name: "pr", units: "mm/day", standardName: "lwe_precipitation_rate"), noise: 0.2,
    value: { $0 <= 0.3 ? 0 : 4 * expm1(0.9 * ($0 - 0.3)) })
  static let ice = Quantity(
    variable: Variable(name: "siconc", units: "%", standardName: "sea_ice_area_fraction"), noise: 2,
    value: { min(100, max(0, 50 + 60 * $0)) }, upper: 100)

  static let grid = Result {
    try LatitudeLongitudeGrid(
      latitudes: Array(stride(from: -72, through: 72, by: 12)), longitudes: Array(stride(from: 0, to: 360, by: 12)))
  }

  /// `count` latent fields with the exponential correlation of the distance through the sphere, as sums of many waves.
  static func fields(of quantity: Quantity, count: Int, seed: UInt64) throws -> SignalSet {
    let grid = try grid.get()
    var random = RandomStream(seed: seed)
    var values: [Float] = []
    for _ in 0..<count {
      let waves = (0..<400).map { _ in
        // The spectrum of the exponential correlation is a multivariate Cauchy distribution.
        let length = 0.8 * abs(random.normal())
        return (
          SIMD3(random.normal(), random.normal(), random.normal()) / max(length, 1e-3),
          2 * Double.pi * random.uniform()
        )
      }
      for vertex in 0..<grid.vertexCount {
        let p = grid.nodePositions[Int(grid.nodeOfVertex[vertex])]
        let w = waves.reduce(0) { $0 + cos(($1.0 * p).sum() + $1.1) } * (2 / Double(waves.count)).squareRoot()
        values.append(Float(quantity.value(w)))
      }
    }
    return SignalSet(
      domain: grid, variables: [quantity.variable], values: Tensor(values, shape: [count, grid.vertexCount, 1]),
      isValid: [Bool](repeating: true, count: values.count), labels: (0..<count).map { _ in FieldLabel(month: 1) })
  }

  struct Scores {
    var count = 0.0, error = 0.0, squares = 0.0, covered = 0.0, rankedProbability = 0.0, negative = 0.0, variance = 0.0
    var wet = 0.0, trueWet = 0.0
    private var sum = 0.0, sumOfSquares = 0.0

    mutating func add(_ samples: [Float], mean: Float, truth: Float, using random: inout RandomStream) {
      let n = Double(samples.count)
      count += 1
      error += Double(mean - truth)
      squares += Double((mean - truth) * (mean - truth))
      let below = samples.count { $0 < truth }
      let equal = samples.count { $0 == truth }
      // Ties at a bound are broken at random, so that an honest ensemble covers 90 %.
      let level = (Double(below) + random.uniform() * Double(equal + 1)) / (n + 1)
      covered += (0.05...0.95).contains(level) ? 1 : 0
      let sorted = samples.sorted()
      let distance = samples.reduce(0.0) { $0 + abs(Double($1 - truth)) } / n
      let pairs = sorted.enumerated().reduce(0.0) { $0 + Double($1.element) * (2 * Double($1.offset) + 1 - n) }
      rankedProbability += distance - pairs / (n * (n - 1))
      negative += Double(samples.count { $0 < 0 }) / n
      wet += Double(samples.count { $0 > 0 }) / n
      trueWet += truth > 0 ? 1 : 0
      sum += Double(truth)
      sumOfSquares += Double(truth) * Double(truth)
    }

    var deviation: Double { (sumOfSquares / count - sum / count * sum / count).squareRoot() }
    var text: String {
      String(
        format: "RMSE %.3g, CRPS %.3g, bias %+.3g, coverage of 90 %%: %.1f %%, above 0: %.1f %% (truth %.1f %%), negative: %.1f %%",
        (squares / count).squareRoot(), rankedProbability / count, error / count, 100 * covered / count, 100 * wet / count,
        100 * trueWet / count, 100 * negative / count)
    }
  }

  /// Fills fields of which 40 % are observed with noise where they are not on a bound.
  static func scores(
    of quantity: Quantity, fields: SignalSet, by solver: any Solver
  ) throws -> Scores {
    var (scores, random) = (Scores(), RandomStream(seed: 11))
    let upper = quantity.upper ?? .infinity
    for index in 0..<fields.count {
      let truth = fields[index].values.scalars
      let observed = truth.indices.filter { _ in random.uniform() < 0.4 }
      let values = observed.map { entry -> Float in
        let value = truth[entry]
        guard value > 0, value < upper else { return value }
        return min(upper, max(0, value + quantity.noise * Float(random.normal())))
      }
      let posterior = try solver.posterior(
        given: FieldMeasurement(
          values: values, noise: [Float](repeating: quantity.noise, count: observed.count),
          operation: SelectionOperator(inputCount: truth.count, indices: observed), label: fields.labels[index]),
        samples: 200, using: &random)
      let samples = try #require(posterior.samples)
      let seen = Set(observed)
      for entry in truth.indices where !seen.contains(entry) {
        scores.add(
          (0..<200).map { samples[$0, entry] }, mean: posterior.mean[entry], truth: truth[entry], using: &random)
      }
      #expect(posterior.mean.allSatisfy { $0.isFinite })
    }
    return scores
  }

  private func expectHonest(_ scores: Scores, _ what: String) {
    print("\(what): \(scores.text)")
    #expect((0.85...0.95).contains(scores.covered / scores.count), "\(what): \(scores.text)")
    #expect(abs(scores.wet - scores.trueWet) / scores.count < 0.05, "\(what): \(scores.text)")
    #expect(scores.negative == 0, "\(what): \(scores.text)")
    #expect(abs(scores.error) / scores.count < 0.2 * scores.deviation, "\(what): \(scores.text)")
  }

  /// A concentration over orders of magnitude, measured with noise that is small beside most values, and with noise larger than half
  /// of them: a value far below its noise says little of its logarithm, and must not spoil the others.
  ///
  /// Where the noise is as large as half of the values, intervals of the transformed likelihood cover less than they state: 0.84 was
  /// measured with the noise 0.2 (docs/bounded-variables.md). The values are cut off at 0, as files have them.
  @Test(arguments: [(0.005, 0.85), (0.05, 0.85), (0.2, 0.82)])
  func concentrationsBelowTheirNoise(noise: Double, leastCoverage: Double) throws {
    let quantity = Quantity(
      variable: Variable(name: "chlor_a", units: "mg m-3"), noise: Float(noise), value: { 0.2 * exp(1.6 * $0) })
    let fields = try Self.fields(of: quantity, count: 3, seed: 22)
    let space = try FieldSpace(fields, transforms: ["chlor_a": .log], bounds: [:])
    let plain = try Self.scores(of: quantity, fields: fields, by: Method.kriging.solver(for: Model(FieldSpace(fields))))
    let scores = try Self.scores(of: quantity, fields: fields, by: Method.kriging.solver(for: Model(space)))
    let text = "noise \(noise): \(scores.text); plain: \(plain.text)"
    #expect((leastCoverage...0.96).contains(scores.covered / scores.count), "\(text)")
    #expect(scores.negative == 0 && scores.rankedProbability < plain.rankedProbability, "\(text)")
  }

  @Test(arguments: [rain, ice]) func withoutAnArchive(quantity: Quantity) throws {
    let fields = try Self.fields(of: quantity, count: 4, seed: 21)
    let name = quantity.variable.name
    let space = try FieldSpace(fields, transforms: [name: .censored], bounds: [:])
    #expect(space.bounds[0] == ValueBounds(minimum: 0, maximum: quantity.upper))
    let plain = try Self.scores(
      of: quantity, fields: fields, by: Method.kriging.solver(for: Model(FieldSpace(fields))))
    print("\(name), plain kriging: \(plain.text)")
    let censored = try Self.scores(of: quantity, fields: fields, by: Method.kriging.solver(for: Model(space)))
    expectHonest(censored, "\(name), kriging, censored")
    #expect(censored.rankedProbability < plain.rankedProbability)
    #expect(plain.negative > 0)
  }

  @Test(arguments: [rain, ice]) func withAnArchive(quantity: Quantity) throws {
    let fields = try Self.fields(of: quantity, count: 44, seed: 22)
    let archive = Array(0..<40)
    let transforms = try MarginalTransform.learn(
      [.censored], bounds: [(0, quantity.upper.map(Double.init))], from: fields, indices: archive)
    let prior = try GaussianPrior.train(
      GaussianPriorConfiguration(kind: .twoScale, modeCount: 20), on: TransformedSource(fields, transforms: transforms),
      indices: archive, random: RandomStream(seed: 1))
    let model = try Model(
      FieldSpace(
        domain: fields.domain, variables: fields.variables, transforms: transforms,
        bounds: [ValueBounds(minimum: 0, maximum: quantity.upper)]),
      gaussian: LearnedGaussian(prior))
    let scores = try Self.scores(
      of: quantity, fields: fields.read(Array(40..<44)), by: Method.twoScale.solver(for: model))
    expectHonest(scores, "\(quantity.variable.name), two-scale, censored")
  }

  /// Bounds alone say how far they moved the mean, and name the transform where that is much.
  @Test func boundsAloneAreNeverSilent() throws {
    let fields = try Self.fields(of: Self.rain, count: 1, seed: 23)
    var random = RandomStream(seed: 3)
    let measurement = FieldMeasurement(
      values: fields[0].values.scalars, noise: [Float](repeating: 0.2, count: fields.vertexCount),
      operation: SelectionOperator(inputCount: fields.vertexCount, indices: Array(0..<fields.vertexCount))
    ).rowsKept { _ in random.uniform() < 0.3 }
    func remarks(_ bounds: ValueBounds?) throws -> ([Remark], Posterior) {
      let space = try FieldSpace(domain: fields.domain, variables: fields.variables, bounds: [bounds])
      var random = RandomStream(seed: 4)
      let posterior = try Method.kriging.solver(for: Model(space)).posterior(given: measurement, samples: 0, using: &random)
      return (space.clampingRemarks(posterior.diagnostics), posterior)
    }
    let (none, plain) = try remarks(nil)
    #expect(none.isEmpty)
    let (far, same) = try remarks(ValueBounds(minimum: -1e6, maximum: 1e6))
    #expect(far.isEmpty && same.mean == plain.mean && same.diagnostics == plain.diagnostics)
    let (found, moved) = try remarks(ValueBounds(minimum: 0))
    #expect(found.count == 1 && found[0].kind == .warning && found[0].text.contains("pr=censored"), "\(found)")
    let shift = zip(moved.mean, plain.mean).reduce(0.0) { $0 + Double($1.0 - $1.1) } / Double(plain.mean.count)
    #expect(abs(try #require(moved.diagnostics["clamping-shift[0]"]) - shift) < 1e-4 * abs(shift) && shift > 0)
  }

  @Test func namesThatTheFileDoesNotHaveAreRefused() throws {
    let fields = try Self.fields(of: Self.rain, count: 1, seed: 24)
    #expect(complaint { _ = try FieldSpace(fields, transforms: ["rain": .log], bounds: [:]) }.contains("'rain'"))
    #expect(complaint { _ = try FieldSpace(fields, transforms: [:], bounds: ["tp": ValueBounds()]) }.contains("'tp'"))
    #expect(complaint { _ = try FieldSpace(fields, transforms: ["pr": .logit], bounds: [:]) }.contains("both bounds"))
  }
}

extension FieldMeasurement {
  /// The part of a selection at the values that a function keeps.
  fileprivate func rowsKept(_ keeps: (Int) -> Bool) -> FieldMeasurement {
    let kept = (0..<count).filter(keeps)
    let entries = operation.selectedEntries ?? []
    return FieldMeasurement(
      values: kept.map { values[$0] }, noise: kept.map { noise[$0] },
      operation: SelectionOperator(inputCount: operation.inputCount, indices: kept.map { entries[$0] }), label: label)
  }
}
