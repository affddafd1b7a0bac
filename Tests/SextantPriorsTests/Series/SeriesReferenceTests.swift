// The filter and the smoother of a series, and its likelihood, against the dense space-time Gaussian of NumPy
// (Tests/References/series.py): exact to rounding, over uneven, repeated and unobserved times.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import Testing

@testable import SextantPriors

@Suite struct SeriesReferenceTests {
  struct Reference: Decodable {
    var times, scales, memory: [Double]
    var observed: [[Int]]
    var values, noise: [[Double]]
    var mean, spread, causalMean, causalSpread, gradient: [Double]
    var objective, logEvidence: Double
  }

  let reference: Reference
  let model: CovarianceModel
  let parameters: SeriesParameters
  let steps: [SeriesStep]

  init() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/series.json")
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
    let spatial = try TwoScaleReferenceTests()
    model = spatial.model
    parameters = SeriesParameters(spatial: spatial.reference.theta, memory: reference.memory)
    let grid = try LatitudeLongitudeGrid(latitudes: [-40, -20, 0, 20, 40], longitudes: [0, 10, 20, 30, 40, 50])
    let layout = StateLayout(domain: grid, channelCount: 1, isInside: [Bool](repeating: true, count: 30))
    let space = StateSpace(
      layout: layout, climatology: Climatology(kind: .constant, coefficients: .zeros([1, 30])), scales: [1])
    steps = try reference.times.indices.map { index in
      let states = reference.observed[index]
      let observation =
        states.isEmpty
        ? nil
        : try space.observe(
          FieldMeasurement(
            values: reference.values[index].map { Float($0) }, noise: reference.noise[index].map { Float($0) },
            operation: SelectionOperator(inputCount: 30, indices: states)))
      return SeriesStep(
        time: reference.times[index], observation: observation, random: RandomStream(seed: 3).split(index),
        localScale: reference.scales[index])
    }
    self.reference = reference
  }

  /// The engine in double or in single precision.
  private func engine(isDouble: Bool, members: Int = 0) throws -> SeriesEngine {
    try SeriesEngine(model, parameters: parameters, memberCount: members, smallestNoise: isDouble ? 0 : .infinity)
  }

  private func expect(_ estimates: [SeriesEstimate], _ mean: [Double], _ spread: [Double], within tolerance: Double) {
    for (step, estimate) in estimates.enumerated() {
      for i in 0..<30 {
        #expect(abs(Double(estimate.mean[i]) - mean[step * 30 + i]) < tolerance, "mean of step \(step), state \(i)")
        #expect(abs(Double(estimate.spread[i]) - spread[step * 30 + i]) < tolerance, "spread of step \(step), state \(i)")
      }
    }
  }

  /// Answers are given in single precision, so that rounding is 1e-7 of a value of order 1 even where all is double.
  @Test(arguments: [(true, 4e-7), (false, 2e-4)]) func theSmootherIsTheDenseGaussian(isDouble: Bool, tolerance: Double) throws {
    var engine = try engine(isDouble: isDouble)
    let estimates = try engine.estimates(of: steps, count: steps.count)
    expect(estimates, reference.mean, reference.spread, within: tolerance)
    #expect(abs(engine.logEvidence - reference.logEvidence) < (isDouble ? 1e-8 : 1e-3))
  }

  @Test(arguments: [(true, 4e-7), (false, 2e-4)]) func theFilterIsTheDenseGaussianOfThePast(isDouble: Bool, tolerance: Double) throws {
    var engine = try engine(isDouble: isDouble)
    let estimates = try steps.map { try engine.estimate(at: $0) }
    expect(estimates, reference.causalMean, reference.causalSpread, within: tolerance)
  }

  /// Other parameters change what is expected, and not what is known: the answer at the same moment stays.
  @Test func otherParametersKeepWhatIsKnown() throws {
    let other = SeriesParameters(
      spatial: parameters.spatial.map { $0 + 0.2 }, memory: parameters.memory.map { $0 - 0.3 })
    var engine = try engine(isDouble: true, members: 2)
    for step in steps[..<3] { try engine.skip(step) }
    let pause = SeriesStep(time: steps[2].time, observation: nil, random: RandomStream(seed: 1), localScale: steps[2].localScale)
    var changed = engine
    try changed.replace(parameters: other)
    let (before, after) = (try engine.estimate(at: pause), try changed.estimate(at: pause))
    for i in 0..<30 {
      #expect(abs(before.mean[i] - after.mean[i]) < 1e-5 && abs(before.spread[i] - after.spread[i]) < 1e-5)
    }
    // And what is forgotten returns to the new prior.
    let far = SeriesStep(time: 1e4, observation: nil, random: RandomStream(seed: 1))
    let late = try changed.estimate(at: far)
    let prior = model.variances(parameters: other.spatial)
    for i in 0..<30 { #expect(abs(Double(late.spread[i]) - prior[i].squareRoot()) < 1e-5) }
  }

  /// However much of the local part is slow, a field at one time has the same variance.
  @Test(arguments: [0.0, 0.3, 0.9]) func theSlowPartChangesNoFieldAtOneTime(share: Double) throws {
    var own = parameters
    own.slowShare = share
    var engine = try SeriesEngine(model, parameters: own, memberCount: 0, smallestNoise: 0)
    let nothing = SeriesStep(time: 0, observation: nil, random: RandomStream(seed: 1))
    let spread = try engine.estimate(at: nothing).spread
    let prior = model.variances(parameters: own.spatial)
    for i in 0..<30 { #expect(abs(Double(spread[i]) - prior[i].squareRoot()) < 1e-5) }
  }

  /// One size at all steps is a prior whose local part is that much larger.
  @Test(arguments: [1.7, 0.6]) func oneSizeAtAllStepsIsALargerLocalPart(scale: Double) throws {
    var larger = parameters
    // The logarithms of the localised term's amplitude and of the Matérn field's standard deviation.
    for index in [1, 6] { larger.spatial[index] += log(scale) }
    func answers(_ parameters: SeriesParameters, _ scale: Double) throws -> [SeriesEstimate] {
      var engine = try SeriesEngine(model, parameters: parameters, memberCount: 2, smallestNoise: 0)
      let sized = steps.map { SeriesStep(time: $0.time, observation: $0.observation, random: $0.random, localScale: scale) }
      return try engine.estimates(of: sized, count: steps.count)
    }
    let (sized, whole) = (try answers(parameters, scale), try answers(larger, 1))
    for (a, b) in zip(sized, whole) {
      for (p, q) in [(a.mean, b.mean), (a.spread, b.spread), (a.samples?.scalars ?? [], b.samples?.scalars ?? [])] {
        #expect(p.count == q.count && !p.isEmpty)
        for (x, y) in zip(p, q) { #expect(abs(x - y) < 1e-5) }
      }
    }
  }

  /// A field whose local part was made larger or smaller tells by how much; without observations nothing is said.
  @Test(arguments: [0.6, 1.0, 1.6]) func aStepTellsTheSizeOfItsLocalPart(scale: Double) throws {
    let theta = parameters.spatial
    var covariance = model.localCovariance(parameters: theta) * (scale * scale)
    covariance.mirrorLowerTriangle()
    covariance.add(gramMatrix(model.modes, transposeFirst: true), scaledBy: model.modeAmplitude(parameters: theta))
    for i in 0..<30 { covariance[i, i] += 1e-6 }
    let factor = try CholeskyFactor(covariance)
    var random = RandomStream(seed: 5)
    // Each draw is a step of its own, of which all are averaged as their precisions ask for.
    var (sum, precision, squares) = (0.0, 0.0, 0.0)
    let count = 60
    for _ in 0..<count {
      let white: Tensor<Double> = random.normals([1, 30])
      var piece = SeriesPiece()
      piece.states = Array(0..<30)
      piece.times = [Double](repeating: 0, count: 30)
      piece.anomalies = factor.multiplyLower(rows: white).scalars
      piece.noiseVariance = [Double](repeating: 1e-6, count: 30)
      let evidence = model.logScaleEvidence(of: piece, parameters: theta)
      sum += evidence.precision * evidence.mean
      precision += evidence.precision
      squares += evidence.precision * (evidence.mean - log(scale)) * (evidence.mean - log(scale))
    }
    // The mean within four of its stated errors, and the errors as large as stated: mean square 1, of which the error is √(2/60).
    #expect(abs(sum / precision - log(scale)) < 4 / precision.squareRoot() + 0.02, "\(exp(sum / precision))")
    #expect(abs(squares / Double(count) - 1) < 4 * (2 / Double(count)).squareRoot(), "\(squares / Double(count))")
    #expect(model.logScaleEvidence(of: SeriesPiece(), parameters: theta) == LogScaleEvidence())
  }

  /// The sizes of all steps, against the same Gaussian written as one matrix.
  @Test func theSizesOfAllStepsAgree() throws {
    let times = [0.0, 1, 1, 2.5, 4, 9, 30]
    let evidence = [(0.5, 30.0), (-0.2, 4), (0.1, 12), (0, 0), (-0.6, 20), (0, 0), (0, 0)].map { LogScaleEvidence(mean: $0.0, precision: $0.1) }
    let localMemory = 1.3
    let prior = Tensor<Double>(shape: [7, 7]) { out in
      for i in 0..<7 { for j in 0..<7 { out[i * 7 + j] = 0.16 * exp(-abs(times[i] - times[j]) / (2 * localMemory)) } }
    }
    // m = C·(C + Σ)⁻¹·y with the steps that say something.
    let said = evidence.indices.filter { evidence[$0].precision > 0 }
    var among = prior.gatheringRows(said).gatheringColumns(said)
    for (place, step) in said.enumerated() { among[place, place] += 1 / evidence[step].precision }
    let weights = try CholeskyFactor(among).solve(Tensor(said.map { evidence[$0].mean }, shape: [said.count, 1]))
    let expected = matrixProduct(prior.gatheringColumns(said), weights).scalars
    let scales = LogScaleFilter.smoothed(evidence, times: times, localMemory: localMemory)
    for (own, mean) in zip(scales, expected) { #expect(abs(log(own) - mean) < 1e-12) }
    #expect(abs(log(scales[6])) < 1e-3)
  }

  @Test func windowsThatSeeEverythingAheadAreTheWhole() throws {
    var engine = try engine(isDouble: true)
    let first = try engine.estimates(of: steps, count: 3)
    let rest = try engine.estimates(of: Array(steps[3...]), count: steps.count - 3)
    expect(first + rest, reference.mean, reference.spread, within: 4e-7)
  }

  /// Steps without observations: the spread grows to the middle of the pause, towards the prior's, and falls after it.
  @Test(arguments: [1, 10, 30]) func aPauseReturnsToThePrior(length: Int) throws {
    let pause = 4..<4 + length
    var engine = try engine(isDouble: true)
    let film = (0..<length + 8).map { index in
      SeriesStep(
        time: Double(index), observation: pause.contains(index) ? nil : steps[5].observation, random: RandomStream(seed: 1))
    }
    let estimates = try engine.estimates(of: film, count: film.count)
    func mean(_ values: [Float]) -> Double { values.reduce(0.0) { $0 + Double($1) } / Double(values.count) }
    let spread = estimates.map { mean($0.spread) }
    let prior = mean(model.variances(parameters: parameters.spatial).map { Float($0.squareRoot()) })
    let middle = 4 + length / 2
    for index in 3..<middle { #expect(spread[index] < spread[index + 1] + 1e-6) }
    for index in middle..<4 + length { #expect(spread[index] > spread[index + 1] - 1e-6) }
    #expect(spread.allSatisfy { $0 <= prior + 1e-5 } && spread[middle] > spread[3] + 0.01)
    if length == 30 { #expect(spread[middle] > 0.98 * prior) }
  }

  @Test func aStoredStateGoesOn() throws {
    var whole = try engine(isDouble: false, members: 3)
    let expected = try steps.map { try whole.estimate(at: $0) }
    var early = try engine(isDouble: false, members: 3)
    for step in steps[..<4] { try early.skip(step) }
    var later = try engine(isDouble: false, members: 3)
    later.restore(early.stored)
    for (index, step) in steps[4...].enumerated() {
      let estimate = try later.estimate(at: step)
      #expect(estimate.mean == expected[4 + index].mean)
      #expect(estimate.samples == expected[4 + index].samples)
    }
  }

  @Test func samplesHaveTheMomentsOfTheFilm() throws {
    // Means over time and differences between steps have the variance of the dense Gaussian only if members are films.
    let count = 4000
    var engine = try engine(isDouble: false, members: count)
    let estimates = try engine.estimates(of: steps, count: steps.count)
    var all: [Tensor<Float>] = []
    for (step, estimate) in estimates.enumerated() {
      let samples = try #require(estimate.samples)
      all.append(samples)
      for i in stride(from: 0, to: 30, by: 7) {
        let column = samples.columns(i..<i + 1).scalars.map(Double.init)
        let mean = column.reduce(0, +) / Double(count)
        let deviation = (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
        let spread = reference.spread[step * 30 + i]
        #expect(abs(mean - reference.mean[step * 30 + i]) < 5 * spread / Double(count).squareRoot())
        #expect(abs(deviation / spread - 1) < 0.06)
      }
    }
    // Steps 1 and 2 are at one time: each member is the same field there.
    #expect(zip(all[1].scalars, all[2].scalars).allSatisfy { abs($0 - $1) < 1e-3 })
    // A close pair goes together, and a far one does not.
    func correlation(_ a: Int, _ b: Int) -> Double {
      let (x, y) = (all[a].columns(4..<5).scalars.map(Double.init), all[b].columns(4..<5).scalars.map(Double.init))
      let (mx, my) = (x.reduce(0, +) / Double(count), y.reduce(0, +) / Double(count))
      let xy = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
      let (xx, yy) = (x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }, y.reduce(0) { $0 + ($1 - my) * ($1 - my) })
      return xy / (xx * yy).squareRoot()
    }
    #expect(correlation(3, 4) > correlation(0, 6) + 0.2)
  }

  @Test func threadsChangeNoBit() throws {
    func answers(_ threads: Int) throws -> [SeriesEstimate] {
      let before = Parallel.threadCount
      Parallel.limitThreads(to: threads)
      defer { Parallel.limitThreads(to: before) }
      var engine = try engine(isDouble: false, members: 2)
      return try engine.estimates(of: steps, count: steps.count)
    }
    for (one, two) in zip(try answers(1), try answers(2)) {
      #expect(one.mean == two.mean && one.spread == two.spread && one.samples == two.samples)
    }
  }

  @Test func theLikelihoodAndItsGradientAgree() throws {
    var piece = SeriesPiece()
    var random = RandomStream(seed: 1)
    for step in steps {
      if let observation = step.observation { piece.add(observation, at: step.time, limit: 100, using: &random) }
    }
    let likelihood = PieceLikelihood(model, piece: piece)
    let (value, spatial, memory) = try #require(likelihood(parameters))
    #expect(abs(value - reference.objective) < 1e-8)
    for (ours, theirs) in zip(spatial + memory, reference.gradient) { #expect(abs(ours - theirs) < 1e-5) }
  }

  /// A memory that is stated is not fitted, and the parameters of one time are, as they are the other way round.
  @Test func whatIsStatedIsNotFitted() {
    var piece = SeriesPiece()
    var random = RandomStream(seed: 1)
    for step in steps {
      if let observation = step.observation { piece.add(observation, at: step.time, limit: 100, using: &random) }
    }
    let stated = SeriesMemory(modes: 3, local: 0.5)
    let own = model.chooseSeriesParameters(for: [piece], spacing: 1, fixedMemory: stated).parameters
    #expect(own.modeMemory == 3 && own.localMemory == 0.5 && own.modeSlope == 0 && own.slowShare == 0)
    #expect(own.spatial != model.start(noise: 0.4))
    let other = model.chooseSeriesParameters(for: [piece], spacing: 1, fixedSpatial: parameters.spatial).parameters
    #expect(other.spatial == parameters.spatial && other.localMemory != SeriesParameters.expected(spatial: [], spacing: 1, memory: nil).localMemory)
    let both = model.chooseSeriesParameters(for: [piece], spacing: 1, fixedSpatial: parameters.spatial, fixedMemory: stated)
    #expect(both.evaluations == 0 && both.parameters.spatial == parameters.spatial && both.parameters.modeMemory == 3)
  }
}
