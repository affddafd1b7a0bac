// What holds for every diffusion solver: samples are their own, units do not matter, calls are counted, memory is used
// again, and what makes no sense is refused.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantMeasurement
import SextantPriors
import SextantTestSupport
import Testing

@testable import SextantSolvers

@Suite struct DiffusionSolverLaws {
  private func answer(
    _ name: String, samples: Int = 8, steps: Int = 20, batchSize: Int = 8, scale: Float = 2.5, offset: Float = 280,
    asMatrix: Bool = false, seed: UInt64 = 40
  ) throws -> Posterior {
    let problems = try MeshProblems.load()
    let solver = try DiffusionFamily.solver(
      name, problems.prior(scale: scale, offset: offset), steps: steps, batchSize: batchSize)
    var random = RandomStream(seed: seed)
    return try solver.posterior(
      given: problems.measurement(
        DiffusionFamily.problem(name), scale: scale, offset: offset, asMatrix: asMatrix), samples: samples,
      using: &random)
  }

  private func largest(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } }

  /// Eight together give what eight alone give, and the first three of eight are three.
  @Test(arguments: DiffusionFamily.walkers)
  func samplesDoNotDependOnTheirCompany(_ name: String) throws {
    let together = try #require(answer(name, batchSize: 8).samples)
    for batchSize in [1, 3] { #expect(try answer(name, batchSize: batchSize).samples == together) }
    #expect(try answer(name, samples: 3, batchSize: 8).samples == together.rows(0..<3))
    #expect(largest(together.row(0).scalars, together.row(1).scalars) > 0.1)
  }

  @Test(arguments: DiffusionFamily.names)
  func threadsChangeNoBit(_ name: String) throws {
    let problems = try MeshProblems.load()
    let answers = try ThreadCounts.forEach {
      let solver = try DiffusionFamily.solver(name, problems.prior())
      let measurement = try problems.measurement(DiffusionFamily.problem(name))
      var random = RandomStream(seed: 40)
      return try solver.posterior(given: measurement, samples: 8, using: &random)
    }
    #expect(answers[0].mean == answers[1].mean && answers[0].samples == answers[1].samples)
  }

  @Test(arguments: DiffusionFamily.names)
  func theSeedMakesTheAnswerAndTheStreamMovesOn(_ name: String) throws {
    #expect(try answer(name).mean == answer(name).mean)
    guard name != "noise2score" else { return }
    #expect(try answer(name).mean != answer(name, seed: 41).mean)
    let problems = try MeshProblems.load()
    let solver = try DiffusionFamily.solver(name, problems.prior(), steps: 3)
    let measurement = try problems.measurement("mask")
    var random = RandomStream(seed: 42)
    let first = try solver.posterior(given: measurement, samples: 2, using: &random)
    let second = try solver.posterior(given: measurement, samples: 2, using: &random)
    #expect(first.mean != second.mean)
  }

  /// Noise is given in data units: data in other units, and noise with them, are the same problem.
  @Test(arguments: DiffusionFamily.names)
  func unitsOfTheDataDoNotMatter(_ name: String) throws {
    let plain = try answer(name, scale: 1, offset: 0)
    let other = try answer(name, scale: 8, offset: 32)
    for i in plain.mean.indices {
      let place = Float(i % 5) / 10
      let (a, b) = (plain.mean[i] - place, (other.mean[i] - 32 - 8 * place) / 8)
      #expect(abs(a - b) < 2e-4)
    }
  }

  /// A mask written as a matrix of ones and zeros is decomposed, and is the same mask.
  @Test(arguments: ["dps", "ambient-dps", "pigdm", "mmps", "ddnm", "red-diff", "score-prior"])
  func operatorsAreWhatTheyDo(_ name: String) throws {
    let mask = try answer(name)
    let matrix = try answer(name, asMatrix: true)
    #expect(largest(mask.mean, matrix.mean) < 2e-3)
  }

  @Test(arguments: DiffusionFamily.names)
  func evaluationsAreCounted(_ name: String) throws {
    let problems = try MeshProblems.load()
    let counter = CountingPredictor(try problems.predictor())
    let solver = try DiffusionFamily.solver(
      name, DiffusionPrior(counter, space: problems.space()), steps: 5, batchSize: 4)
    var random = RandomStream(seed: 43)
    let posterior = try solver.posterior(
      given: problems.measurement(DiffusionFamily.problem(name)), samples: 6, using: &random)
    let cost = try #require(posterior.cost)
    #expect(cost.evaluations == counter.evaluations && cost.gradients == counter.gradients)
    let perSample: [String: Double] = [
      "dps": 6, "ambient-dps": 11, "mcg": 6, "pigdm": 6, "mmps": 18, "ddnm": 6, "red-diff": 5, "noise2score": 1, "score-prior": 20.0 / 6,
      "score-prior-exact": 5 * 4 * 96 / 6,
    ]
    #expect(cost.evaluationsPerSample == perSample[name])
    let gradients: [String: Int] = [
      "dps": 30, "ambient-dps": 30, "mcg": 30, "pigdm": 36, "mmps": 72, "score-prior": 20, "score-prior-exact": 5 * 4 * 48,
    ]
    #expect(counter.gradients == gradients[name] ?? 0)
  }

  private struct Stop: Error {}

  /// Once a stop was asked for, no further step is begun, whichever batch it belongs to.
  @Test(arguments: DiffusionFamily.names.filter { $0 != "noise2score" })
  func aStopIsHeardBetweenTheSteps(_ name: String) throws {
    let problems = try MeshProblems.load()
    let measurement = try problems.measurement(DiffusionFamily.problem(name))
    func evaluations(isStopped: Bool) throws -> Int {
      let counter = CountingPredictor(try problems.predictor())
      var prior = DiffusionPrior(counter, space: try problems.space())
      if isStopped { prior.checkInterruption = { if counter.evaluations > 0 { throw Stop() } } }
      let solver = try DiffusionFamily.solver(name, prior, steps: 10, batchSize: 4)
      var random = RandomStream(seed: 45)
      if isStopped {
        #expect(throws: Stop.self) { _ = try solver.posterior(given: measurement, samples: 8, using: &random) }
      } else {
        _ = try solver.posterior(given: measurement, samples: 8, using: &random)
      }
      return counter.evaluations
    }
    let (first, all) = (try evaluations(isStopped: true), try evaluations(isStopped: false))
    #expect(first > 0 && 8 * first < all)
  }

  /// After one answer the next takes no memory that is not there.
  @Test(arguments: DiffusionFamily.names)
  func memoryIsUsedAgain(_ name: String) throws {
    let problems = try MeshProblems.load()
    let measurement = try problems.measurement(DiffusionFamily.problem(name))
    let prepared = try DiffusionFamily.solver(name, problems.prior(), steps: 6)
      .prepare(for: measurement.operation, noise: measurement.noise)
    var random = RandomStream(seed: 44)
    _ = try prepared.posterior(given: measurement, samples: 8, using: &random)
    let before = StoragePool.shared.statistics.allocations
    _ = try prepared.posterior(given: measurement, samples: 8, using: &random)
    #expect(StoragePool.shared.statistics.allocations == before)
  }

  /// Without samples there is a mean all the same.
  @Test(arguments: DiffusionFamily.names)
  func aMeanNeedsNoSamples(_ name: String) throws {
    let posterior = try answer(name, samples: 0, steps: 10)
    #expect(posterior.samples == nil && posterior.mean.allSatisfy(\.isFinite))
    #expect(posterior.mean.count == 42)
  }

  @Test(
    arguments: DiffusionFamily.names.filter { !["noise2score", "ddnm", "mmps"].contains($0) },
    [0, -0.1, Double.nan, .infinity, -.infinity])
  func stepSizesThatAreNoneAreRefused(_ name: String, _ stepSize: Double) throws {
    let prior = try MeshProblems.load().prior()
    let error = try #require(throws: SolverError.self) {
      try DiffusionFamily.solver(name, prior, stepSize: stepSize)
    }
    guard case .invalidSetting(_, let setting, let found, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(setting.hasSuffix("stepSize") || setting == "optimiser.rate")
    #expect(found == "\(stepSize)" && "\(error)".contains("finite number above 0"))
  }

  @Test(arguments: DiffusionFamily.names.filter { $0 != "noise2score" }, [0, -3])
  func countsBelowOneAreRefused(_ name: String, _ count: Int) throws {
    let prior = try MeshProblems.load().prior()
    #expect(throws: SolverError.self) { try DiffusionFamily.solver(name, prior, steps: count) }
    #expect(throws: SolverError.self) { try DiffusionFamily.solver(name, prior, batchSize: count) }
  }

  @Test(arguments: DiffusionFamily.names)
  func unusableMeasurementsAreRefused(_ name: String) throws {
    let problems = try MeshProblems.load()
    let solver = try DiffusionFamily.solver(name, problems.prior(), steps: 2)
    let measurement = try problems.measurement(DiffusionFamily.problem(name))
    func attempt(_ change: (inout FieldMeasurement) -> Void) throws -> Posterior {
      var measurement = measurement
      change(&measurement)
      var random = RandomStream(seed: 45)
      return try solver.posterior(given: measurement, samples: 1, using: &random)
    }
    for (bad, name) in [(Float.nan, "nan"), (.infinity, "inf")] {
      let error = try #require(throws: MeasurementError.self) { _ = try attempt { $0.values[3] = bad } }
      #expect("\(error)".contains("value number 4") && "\(error)".contains("found \(name)"))
    }
    for bad in [Float(0), -1, .nan] {
      let error = try #require(throws: SolverError.self) { _ = try attempt { $0.noise[2] = bad } }
      #expect("\(error)".contains("value number 3 is \(bad)"))
    }
    #expect(throws: PriorError.wrongSize(expected: 42, found: 7)) {
      _ = try attempt {
        $0 = FieldMeasurement(values: [1], noise: [1], operation: SelectionOperator(inputCount: 7, indices: [0]))
      }
    }
    guard name != "noise2score" else { return }
    #expect(throws: PriorError.nothingObserved) {
      _ = try attempt {
        $0 = FieldMeasurement(values: [], noise: [], operation: SelectionOperator(inputCount: 42, indices: []))
      }
    }
  }
}
