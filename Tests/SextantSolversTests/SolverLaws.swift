// Laws of every solver: a preparation serves many measurements as the solver itself serves each, and no other operator; an operator
// that is known by its action alone is as good as its matrix; a fitted solver keeps what it was fitted to.

import Sextant
import SextantTestSupport
import Synchronization
import Testing

@testable import SextantSolvers

@Suite(.serialized) struct SolverLaws {
  private func family() throws -> SolverFamily { try SolverFamily.shared() }

  private func expectSame(_ a: Posterior, _ b: Posterior, _ what: String) {
    func bits(_ values: [Float]?) -> [UInt32]? { values?.map(\.bitPattern) }
    #expect(bits(a.mean) == bits(b.mean), "\(what): mean")
    #expect(bits(a.spread) == bits(b.spread), "\(what): spread")
    #expect(bits(a.samples?.scalars) == bits(b.samples?.scalars), "\(what): samples")
    #expect(a.cost == b.cost && a.diagnostics == b.diagnostics, "\(what): cost and diagnostics")
  }

  @Test(arguments: SolverFamily.names)
  func aPreparationAnswersAsTheSolverDoes(name: String) throws {
    let family = try family()
    let measurements = try family.measurements(by: family.operation(for: name))
    let prepared = try family.solver(name).prepare(
      for: measurements[0].operation, noise: measurements[0].noise)
    // In another order, and one of them twice, so that nothing that one leaves behind goes unseen.
    let answers = try [2, 0, 1, 0].map { index in
      var random = RandomStream(seed: 9).split(index)
      return (index, try prepared.posterior(given: measurements[index], samples: 3, using: &random))
    }
    for (index, answer) in answers {
      var random = RandomStream(seed: 9).split(index)
      let alone = try family.solver(name).posterior(given: measurements[index], samples: 3, using: &random)
      expectSame(answer, alone, name)
    }
    #expect(name == "climatology" || answers[0].1.mean != answers[1].1.mean)
  }

  @Test(arguments: SolverFamily.names)
  func aPreparationRefusesOtherMeasurements(name: String) throws {
    let family = try family()
    let operation = family.operation(for: name)
    let measurement = try family.measurements(by: operation)[0]
    let prepared = try family.solver(name).prepare(for: operation, noise: measurement.noise)
    var random = RandomStream(seed: 1)
    var louder = measurement
    louder.noise[3] *= 2
    let entries = try #require(operation.selectedEntries)
    let other = FieldMeasurement(
      values: measurement.values, noise: measurement.noise,
      operation: SelectionOperator(inputCount: operation.inputCount, indices: entries.reversed()))
    for (refused, what) in [(louder, "other noise levels"), (other, "another operator")] {
      #expect(throws: MeasurementError.notPrepared(what: what)) {
        try prepared.posterior(given: refused, samples: 0, using: &random)
      }
    }
  }

  /// The same operator written as a matrix gives the same answer.
  @Test(arguments: SolverFamily.linear)
  func anOperatorWithoutAMatrixIsAsGoodAsOne(name: String) throws {
    let family = try family()
    let operation = family.maskedBlur
    #expect(operation.form.kind == .matrixFree)
    let measurement = try family.measurements(by: operation)[1]
    let twin = FieldMeasurement(
      values: measurement.values, noise: measurement.noise,
      operation: SparseOperator(try operation.materialised(for: "the test")), label: measurement.label)
    let answers = try [measurement, twin].map { measurement in
      var random = RandomStream(seed: 4)
      return try family.solver(name).posterior(given: measurement, samples: 2, using: &random)
    }
    expectSame(answers[0], answers[1], name)
  }

  /// The two-scale Gaussian of a blurred field against the textbook formula on dense matrices.
  @Test func theTwoScalePosteriorOfABlurIsExact() throws {
    let family = try family()
    let (prior, parameters) = (family.model.prior, family.model.parameters)
    guard case .fixed(let theta) = parameters else {
      Issue.record("The parameters should be fixed.")
      return
    }
    let covariance = prior.covarianceModel(on: family.model.space.domain)
      .covariance(parameters: theta)
    let measurement = try family.measurements(by: family.maskedBlur)[0]
    let observation = try prior.space.observe(measurement)
    let (m, d) = (observation.count, prior.space.count)
    var h = Tensor<Double>.zeros([m, d])
    for i in 0..<m {
      for k in observation.matrix.rowStarts[i]..<observation.matrix.rowStarts[i + 1] {
        h[i, Int(observation.matrix.columns[k])] += observation.matrix.values[k]
      }
    }
    let hk = matrixProduct(h, covariance)
    var s = matrixProduct(hk, h, transposingSecond: true)
    for i in 0..<m { s[i, i] += observation.noiseVariance[i] }
    let gain = matrixProduct(hk, try CholeskyFactor(s).inverse(), transposingFirst: true)
    let mean = matrixProduct(gain, Tensor(observation.anomalies, shape: [m, 1])).scalars
    let explained = matrixProduct(gain, hk)
    var random = RandomStream(seed: 1)
    let posterior = try family.solver("two-scale, fixed").posterior(given: measurement, samples: 0, using: &random)
    let expected = prior.space.fields(
      fromStates: Tensor(mean.map { Float($0) }, shape: [1, d]), label: measurement.label
    ).scalars
    let deviations = prior.space.spread(
      fromStates: (0..<d).map { Float(max(0, covariance[$0, $0] - explained[$0, $0]).squareRoot()) })
    for entry in expected.indices where expected[entry].isFinite {
      #expect(abs(posterior.mean[entry] - expected[entry]) < 5e-3 * deviations[entry] + 1e-6 * abs(expected[entry]))
      #expect(abs(try #require(posterior.spread)[entry] / deviations[entry] - 1) < 5e-3)
    }
  }

  @Test(arguments: SolverFamily.selecting)
  func otherMethodsRefuseWhatTheyCannotUse(name: String) throws {
    let family = try family()
    for operation in [family.averages, family.maskedBlur] {
      let error = try #require(throws: MeasurementError.self) {
        try family.solver(name).prepare(
          for: operation, noise: [Float](repeating: 1, count: operation.outputCount))
      }
      guard case .operatorNotSupported(_, operation.form.kind, _, _) = error else {
        Issue.record("\(name): \(error)")
        continue
      }
    }
  }

  @Test(arguments: SolverFamily.names)
  func aFittedSolverAnswersWhatItWasFittedTo(name: String) throws {
    let family = try family()
    let measurement = try family.measurements(by: family.operation(for: name))[0]
    let solver = try family.solver(name)
    let answers = try [solver, solver.fitted(to: measurement)].map { solver in
      var random = RandomStream(seed: 5)
      return try solver.posterior(given: measurement, samples: 2, using: &random)
    }
    expectSame(answers[0], answers[1], name)
  }

  /// What a fitted solver tells of observed entries for less is what the whole posterior says there.
  @Test(arguments: ["two-scale, fixed", "two-scale", "bounded", "EOF"])
  func marginalsAreThoseOfThePosterior(name: String) throws {
    let family = try family()
    let measurement = try family.measurements(by: family.mask)[0]
    let solver = try family.solver(name).fitted(to: measurement)
    let marginals = try solver.marginals(atObserved: measurement)
    #expect((marginals != nil) == name.hasPrefix("two-scale"))
    guard let marginals else { return }
    var random = RandomStream(seed: 5)
    let whole = try solver.posterior(given: measurement, samples: 0, using: &random)
    let observed = marginals.mean.indices.filter { marginals.mean[$0].isFinite }
    #expect(observed.count >= measurement.count)
    for entry in observed {
      let deviation = try #require(whole.spread)[entry]
      #expect(abs(marginals.mean[entry] - whole.mean[entry]) < 0.02 * deviation + 1e-4 * abs(whole.mean[entry]))
      #expect(abs(try #require(marginals.spread)[entry] / deviation - 1) < 0.02)
    }
  }

  @Test func recentPreparationsAreKept() throws {
    let family = try family()
    let counter = CountingSolver()
    let solvers = PreparedSolvers(counter, limit: 2)
    let masks = [family.mask, family.averages, family.everything]
    func ask(_ index: Int) throws {
      let measurement = try family.measurements(by: masks[index])[0]
      var random = RandomStream(seed: 1)
      _ = try solvers.posterior(given: measurement, samples: 0, using: &random)
    }
    for index in [0, 0, 1, 0, 1] { try ask(index) }
    #expect(counter.preparations == 2)
    // The third takes the place of the one that was not used for longest.
    for index in [0, 2, 0] { try ask(index) }
    #expect(counter.preparations == 3)
    try ask(1)
    #expect(counter.preparations == 4)
  }
}

/// Counts how often it is prepared.
private final class CountingSolver: Solver {
  let name = "counter"
  private let count = Mutex(0)
  var preparations: Int { count.withLock { $0 } }

  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    count.withLock { $0 += 1 }
    return Preparation(model: try MeasurementModel(operation: operation, noise: noise))
  }

  private struct Preparation: PreparedSolver {
    let model: MeasurementModel
    func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) -> Posterior {
      Posterior(mean: measurement.values)
    }
  }
}
