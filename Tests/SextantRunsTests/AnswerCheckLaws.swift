// An answer checks itself: leaving out in closed form equals leaving out, intervals that are honest are called so and others not,
// and the check changes no answer.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct AnswerCheckLaws {
  private static let gaussianMethods = [Method].withoutNetworks.filter(\.traits.hasGaussianPosterior)

  /// Temperature of an unseen field where a random half is observed with a noise of 1 K, and its model.
  private func measurement() throws -> (Model, FieldMeasurement) {
    let fields = try SmallClimate.fields().selecting(["tas"])
    let model = try SmallClimate.model(of: fields)
    let field = try fields.read([SmallClimate.trainingCount + 9])[0]
    var random = RandomStream(seed: 3)
    let mask = try AnyMeasurementDesign("random:0.5").draw(
      in: MeasurementContext(domain: field.domain, isValid: field.isValid), using: &random)
    return (
      model,
      try Simulation.measure(field, by: mask, noise: [Float](repeating: 1, count: field.isValid.count), using: &random)
        .measurement
    )
  }

  /// For a Gaussian posterior with its parameters held, the closed form is the answer without the observation.
  @Test(arguments: gaussianMethods) func leavingOneOutHasAClosedForm(method: Method) throws {
    let (model, measurement) = try measurement()
    let solver = try method.solver(for: model).fitted(to: measurement)
    // Kriging fits its parameters to what is left anew, so its closed form is near the answer without an observation, not equal to it.
    let checking = AnswerChecking(
      share: 0.02, encodings: [.number], isGaussian: true, knowsNoise: true, samples: 0)
    var random = RandomStream(seed: 4)
    let whole = try solver.posterior(given: measurement, samples: 0, using: &random)
    var explicit = AnswerCheck(channelCount: 1)
    let rows = Array(stride(from: 0, to: measurement.count, by: 3))
    let closed = checking.closedForm(measurement.rows(rows), whole).check.channels[0]
    let entries = try #require(measurement.operation.selectedEntries)
    for row in rows {
      let rest = measurement.rows((0..<measurement.count).filter { $0 != row })
      let posterior = try solver.posterior(given: rest, samples: 0, using: &random)
      let spread = Double(try #require(posterior.spread)[entries[row]])
      explicit.add(
        predicted: Double(posterior.mean[entries[row]]), deviation: (spread * spread + 1).squareRoot(),
        observed: Double(measurement.values[row]), channel: 0)
    }
    #expect(closed.count >= rows.count * 9 / 10 && rows.count >= 25)
    let error = (explicit.channels[0].squaredError / Double(explicit.channels[0].count)).squareRoot()
    let score = explicit.channels[0].rankedProbability / Double(explicit.channels[0].spreadCount)
    let closedError = (closed.squaredError / Double(closed.count)).squareRoot()
    let closedScore = closed.rankedProbability / Double(closed.spreadCount)
    let tolerance = method == .kriging ? 0.15 : 0.01
    #expect(abs(closedError / error - 1) < tolerance, "\(closedError) beside \(error)")
    #expect(abs(closedScore / score - 1) < tolerance, "\(closedScore) beside \(score)")
  }

  /// The check hides observations, which a method that fills no gaps cannot do without: complete fields were refused.
  @Test func aMethodThatFillsNoGapsIsNotChecked() throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields().selecting(["tas"])
    let model = try SmallClimate.model(of: fields)
    try SmallClimate.write(SmallClimate.unseen(2).selecting(["tas"]), to: folder.path("noisy.nc"))
    let solvers = try SolverSettings(overrides: ["solvers.prior=gaussian"])
    let method = try #require([Method].standard.named("noise2score"))
    let summary = try Imputation(method: method, samples: 0, noise: NoiseSpecification(text: "2"), solvers: solvers).run(
      SignalInput(folder.path("noisy.nc")), model: model, output: folder.path("clean.nc"), overwrite: false, history: "test")
    #expect(summary.fieldCount == 2 && summary.check.isEmpty)
  }

  /// Each observation's own closed form, beside the answer without it.
  @Test func eachObservationIsPredictedAsWithoutIt() throws {
    let (model, measurement) = try measurement()
    let solver = try Method.eof.solver(for: model)
    var random = RandomStream(seed: 4)
    let whole = try solver.posterior(given: measurement, samples: 0, using: &random)
    let entries = try #require(measurement.operation.selectedEntries)
    let spread = try #require(whole.spread)
    for row in stride(from: 0, to: measurement.count, by: 5) {
      let rest = measurement.rows((0..<measurement.count).filter { $0 != row })
      let without = try solver.posterior(given: rest, samples: 0, using: &random)
      let left = 1 - Double(spread[entries[row]]) * Double(spread[entries[row]])
      let value = Double(measurement.values[row])
      let predicted = value + (Double(whole.mean[entries[row]]) - value) / left
      #expect(abs(predicted - Double(without.mean[entries[row]])) < 0.02, "\(row)")
      let own = Double(try #require(without.spread)[entries[row]])
      #expect(abs((own * own + 1).squareRoot() * left.squareRoot() - 1) < 0.01, "\(row)")
    }
  }

  /// Where a preparation for all observations knows the answer without some of them, it is the answer of the same solver that
  /// was not given them, also within bounds, and whatever the noise is.
  @Test(arguments: [1, 0.03] as [Float]) func leavingOutIsFillingWithout(noise: Float) throws {
    // Several values measure one node: the cells of a pole, of which some are left out.
    let (model, given) = try measurement()
    var measurement = given
    measurement.noise = [Float](repeating: noise, count: measurement.count)
    var known: [String] = []
    for method in Self.gaussianMethods {
      let plain = try method.solver(for: model).fitted(to: measurement)
      // Half of the values lie near the bound.
      for solver in [plain, plain.clamped(to: [ValueBounds(minimum: measurement.values.sorted()[measurement.count / 2])])] {
        let prepared = try solver.prepare(for: measurement.operation, noise: measurement.noise)
        let rows = Array(stride(from: 3, to: measurement.count, by: 7))
        guard let quick = try prepared.posterior(leavingOut: rows, of: measurement) else { continue }
        known.append(method.name)
        var random = RandomStream(seed: 4)
        let whole = try solver.posterior(given: measurement.without(rows), samples: 0, using: &random)
        let entries = try #require(measurement.rows(rows).operation.selectedEntries)
        let (spread, quickSpread) = (try #require(whole.spread), try #require(quick.spread))
        for entry in entries {
          #expect(abs(quick.mean[entry] - whole.mean[entry]) < 0.01 * max(0.1, spread[entry]), "\(method)")
          #expect(abs(quickSpread[entry] - spread[entry]) < 0.01 * max(0.1, spread[entry]), "\(method)")
        }
        let nodes = Set(entries.map { model.space.domain.nodeOfVertex[$0] })
        #expect(quick.mean.indices.allSatisfy { quick.mean[$0].isFinite == nodes.contains(model.space.domain.nodeOfVertex[$0]) })
      }
    }
    #expect(known == ["two-scale", "two-scale"])
  }

  /// The summary's coverage of observations is near the coverage of the truth, and stated noise that is far too small is told.
  @Test(arguments: [Method.eof, .twoScale, .kriging, .sparseMatern, .nearest])
  func theSummaryTellsHonestAnswersFromOthers(method: Method) throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields().selecting(["tas"])
    let model = try SmallClimate.model(of: fields, fixesParameters: false)
    let truth = try fields.read((0..<4).map { SmallClimate.trainingCount + 4 + 9 * $0 })
    try SmallClimate.observe(truth, mask: "random:0.5", noise: "tas=1K", to: folder.path("in.nc"))
    func fill(_ noise: String, _ output: String, check: Double = 0.02) throws -> ImputationSummary {
      try Imputation(
        method: method, samples: 16, noise: NoiseSpecification(text: noise), checkShare: check, seed: 2
      ).run(
        SignalInput(folder.path("in.nc")), model: model, output: folder.path(output), overwrite: false, history: "test")
    }
    let honest = try fill("1K", "honest.nc")
    let check = try #require(honest.check["tas"])
    #expect(check.count >= 15)
    #expect(check.rootMeanSquareError > 0.8 && abs(check.bias) < check.rootMeanSquareError)
    #expect((check.coverage90 != nil) == (method != .nearest))
    if let coverage = check.coverage90 {
      let (means, spreads) = try (
        SmallClimate.values("tas", in: folder.path("honest.nc")),
        SmallClimate.values("tas_spread", in: folder.path("honest.nc"))
      )
      let observed = try SmallClimate.values("tas", in: folder.path("in.nc"))
      var (covered, count) = (0, 0)
      for index in 0..<truth.count {
        let exact = try truth.read([index]).values.scalars
        for entry in exact.indices where observed[index][entry].isNaN {
          covered += abs(means[index][entry] - exact[entry]) <= 1.645 * spreads[index][entry] ? 1 : 0
          count += 1
        }
      }
      let own = Double(covered) / Double(count)
      let tolerance = 0.05 + 2 * (0.09 / Double(check.count)).squareRoot()
      #expect(abs(coverage - own) < tolerance, "\(coverage), of the truth \(own)")
    }
    // No check, the same answer.
    let unchecked = try fill("1K", "unchecked.nc", check: 0)
    #expect(unchecked.check.isEmpty)
    let answers = try ["honest.nc", "unchecked.nc"].map { try SmallClimate.values("tas", in: folder.path($0)) }
    #expect(zip(answers[0], answers[1]).allSatisfy { zip($0, $1).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN } })
    if method == .eof {
      let overconfident = try fill("0.05K", "sure.nc")
      #expect(overconfident.remarks.contains { $0.kind == .warning && $0.topic == "coverage" })
      let vague = try fill("40K", "vague.nc")
      #expect(vague.remarks.contains { $0.kind == .warning && $0.topic == "noise-level" })
    }
  }

  /// The check's error is that of the answer, however small the noise is, and also where a series is filled together: with exact
  /// values or values on bounds leaving one out has no closed form, and some are held out.
  @Test(arguments: [Method.twoScale, .kriging, .eof, .timeLinear], [[0, 0], [0.02, 0.001], [1, 0.05]])
  func theCheckSeesTheErrorOfTheAnswer(method: Method, levels: [Double]) throws {
    let noise = "tas=\(levels[0]),clt=\(levels[1])"
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields()
    let model = try method.learnsFromArchive ? SmallClimate.model(of: fields, fixesParameters: false) : nil
    let truth = try fields.read((0..<3).map { SmallClimate.trainingCount + 4 + $0 })
    try SmallClimate.observe(
      truth, mask: "random:0.5", noise: "tas=\(max(levels[0], 1e-6)),clt=\(max(levels[1], 1e-6))", to: folder.path("in.nc"))
    var request = Imputation(
      method: method, samples: method.traits.drawsSamples ? 16 : 0, noise: try NoiseSpecification(text: noise), seed: 2)
    request.time = method.knowsTime ? .joint : nil
    let summary = try request.run(
      SignalInput(folder.path("in.nc"), variables: SmallClimate.variables), model: model, output: folder.path("out.nc"),
      overwrite: false, history: "test")
    for (channel, name) in SmallClimate.variables.enumerated() {
      let check = try #require(summary.check[name])
      let (means, observed) = try (
        SmallClimate.values(name, in: folder.path("out.nc")), SmallClimate.values(name, in: folder.path("in.nc"))
      )
      var (sum, count) = (0.0, 0)
      for index in 0..<truth.count {
        let exact = try truth.read([index]).values.scalars
        for vertex in observed[index].indices where observed[index][vertex].isNaN {
          let error = Double(means[index][vertex] - exact[vertex * truth.channelCount + channel])
          sum += error * error
          count += 1
        }
      }
      let error = (sum / Double(count)).squareRoot()
      // The check's error contains the noise of the observation.
      let expected = (error * error + levels[channel] * levels[channel]).squareRoot()
      #expect((0.6...1.6).contains(check.rootMeanSquareError / expected), "\(name): \(check.rootMeanSquareError) beside \(expected)")
    }
  }
}
