// Laws of every method: eight measurements answered together are eight answered alone, threads change nothing, and samples do not
// depend on how many are drawn at a time. All to the last bit.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantRuns

@Suite(.serialized) struct MethodLaws {
  /// All methods, each with a model that it can be asked of; a flow over the whole vector is another flow.
  static let names = [Method].standard.map(\.name) + ["flow-vector"]
  /// How many measurements there are.
  private static let count = 8

  /// Models on a small mesh with everything that a method asks for, trained for a few steps, and measurements.
  private struct Desk {
    /// By what they are for.
    let models: [String: Model]
    let fields: SignalSet

    init() throws {
      let folder = try ScratchFolder()
      func run(_ output: String, _ prior: String, _ more: String) throws -> RunConfiguration {
        try DiffusionSolverRuns.configuration(
          in: folder, prior: .diffusion, methods: "eof", more: more,
          overrides: ["output=\(folder.path(output))", prior])
      }
      let networks =
        "diffusion: {steps: 3, batch: 4, widths: [8, 8]}\nflow: {steps: 3, batch: 4, masks: [\"random:0.3\", \"times:0.5\"], "
      let plain = try run("plain", "prior={modes: 20}", networks + "pairs: 24, folds: 2, widths: [8, 8]}")
      let vector = try run("vector", "prior={kind: eof, modes: 20}", networks + "preset: small, coupling_steps: 2}")
      let mixture = try run("mixture", "prior={kind: mixture, modes: 10, components: \"clusters:2\"}", "")
      fields = try plain.archive.open(seed: 1).source.read(Array(0..<MethodLaws.count))
      models = [
        "plain": try plain.train(overwrite: false), "vector": try vector.train(overwrite: false),
        "mixture": try mixture.train(overwrite: false), "patches": try Self.patches(of: fields),
      ]
    }

    /// A mixture of patches on an image with as many pixels as the mesh has vertices.
    private static func patches(of fields: SignalSet) throws -> Model {
      let values = fields.values.scalars
      let patches = Tensor(Array(values.prefix(values.count / 4 * 4)), shape: [values.count / 4, 4])
      return try Model(
        FieldSpace(domain: ImageGrid(rows: 1, columns: fields.vertexCount), channelCount: 1),
        patches: PatchTraining(side: 2, components: 3).learn(from: patches, noise: [0], using: RandomStream(seed: 1)))
    }

    /// The solver of a method, made anew, and its settings changed.
    func solver(_ name: String, _ overrides: [String] = []) throws -> any Solver {
      let word = name == "flow-vector" ? "flow" : name
      let method = try #require([Method].standard.named(word))
      let model = try #require(models[name == "flow-vector" ? "vector" : ["mixture", "patches"].contains(name) ? name : "plain"])
      let short = DiffusionSolverRuns.short.split(separator: "\n").map { line in
        let parts = line.split(separator: ":", maxSplits: 1)
        return "solvers.\(parts[0])=\(parts[1].drop { $0 == " " })"
      }
      return try method.solver(for: model, settings: SolverSettings(overrides: short + overrides))
    }

    /// The same vertices of each field, with noise; all of them for a method that fills no gaps.
    func measurements(for name: String) -> [FieldMeasurement] {
      let vertices = (0..<fields.vertexCount).filter { name == "noise2score" || $0 % 3 != 0 }
      let operation = SelectionOperator(inputCount: fields.vertexCount, indices: vertices)
      return (0..<fields.count).map { index in
        var random = RandomStream(seed: 7).split(index)
        let truth = fields[index].values.scalars
        return FieldMeasurement(
          values: vertices.map { truth[$0] + 0.1 * Float(random.normal()) },
          noise: [Float](repeating: 0.1, count: vertices.count), operation: operation)
      }
    }

    /// The answers to some measurements by one prepared solver.
    func answers(_ name: String, to chosen: some Sequence<Int>, samples: Int = 4, _ overrides: [String] = []) throws
      -> [Posterior]
    {
      let measurements = measurements(for: name)
      let prepared = try solver(name, overrides).prepare(
        for: measurements[0].operation, noise: measurements[0].noise)
      return try chosen.map { index in
        var random = RandomStream(seed: 5).split(index)
        return try prepared.posterior(given: measurements[index], samples: samples, using: &random)
      }
    }
  }

  private static let desk = Result { try Desk() }

  private func expectSameBits(_ a: Posterior, _ b: Posterior, _ name: String) {
    func bits(_ values: [Float]?) -> [UInt32]? { values?.map(\.bitPattern) }
    #expect(bits(a.mean) == bits(b.mean), "\(name): mean")
    #expect(bits(a.spread) == bits(b.spread), "\(name): spread")
    #expect(bits(a.samples?.scalars) == bits(b.samples?.scalars), "\(name): samples")
  }

  @Test(arguments: names) func eightMeasurementsTogetherAreEightAlone(name: String) throws {
    let desk = try Self.desk.get()
    let together = try desk.answers(name, to: 0..<Self.count)
    #expect(together[0].mean != together[1].mean || name == "climatology")
    // In another order, so that nothing that one leaves behind goes unseen.
    let solver = try desk.solver(name)
    for index in (0..<Self.count).reversed() {
      var random = RandomStream(seed: 5).split(index)
      let alone = try solver.posterior(given: desk.measurements(for: name)[index], samples: 4, using: &random)
      expectSameBits(alone, together[index], name)
    }
  }

  @Test(arguments: names) func aPreparationServesOneOperator(name: String) throws {
    let desk = try Self.desk.get()
    let measurements = desk.measurements(for: name)
    let prepared = try desk.solver(name).prepare(for: measurements[0].operation, noise: measurements[0].noise)
    var other = measurements[0]
    other.noise[0] += 1
    var random = RandomStream(seed: 5)
    #expect(throws: MeasurementError.self) { try prepared.posterior(given: other, samples: 0, using: &random) }
  }

  @Test(arguments: names) func threadsChangeNoBit(name: String) throws {
    let desk = try Self.desk.get()
    let answers = try ThreadCounts.forEach { try desk.answers(name, to: [2, 5]) }
    for (one, two) in zip(answers[0], answers[1]) { expectSameBits(one, two, name) }
  }

  /// A measurement that means nothing is a typed error, never a trap or an answer that is not a number. Noise of nothing is one
  /// for the methods that weigh by it, and makes no difference to the others.
  @Test(arguments: names) func whatCannotBeUsedIsATypedError(name: String) throws {
    let desk = try Self.desk.get()
    let solver = try desk.solver(name)
    let good = desk.measurements(for: name)[0]
    func answer(_ measurement: FieldMeasurement) throws -> Posterior {
      var random = RandomStream(seed: 5)
      return try solver.posterior(given: measurement, samples: 2, using: &random)
    }
    func expectTyped(_ measurement: FieldMeasurement, _ what: String) {
      let error = #expect(throws: (any Error).self, "\(name): \(what)") { try answer(measurement) }
      guard let error else { return }
      #expect(
        error is MeasurementError || error is PriorError || error is SolverError, "\(name): \(what): \(error)")
    }
    func changing(_ change: (inout FieldMeasurement) -> Void) -> FieldMeasurement {
      var changed = good
      change(&changed)
      return changed
    }
    for bad in [Float.nan, .infinity, -.infinity] {
      expectTyped(changing { $0.values[3] = bad }, "a value of \(bad)")
    }
    expectTyped(changing { $0.values.removeLast() }, "a value too few")
    expectTyped(changing { $0.noise.removeLast() }, "a noise level too few")
    expectTyped(changing { $0.noise = [] }, "no noise")
    let size = good.operation.inputCount
    for wrong in [size - 1, size + 1, 2 * size] {
      let operation = SelectionOperator(inputCount: wrong, indices: Array(0..<size - 1))
      expectTyped(
        FieldMeasurement(
          values: [Float](repeating: 0, count: size - 1), noise: [Float](repeating: 1, count: size - 1),
          operation: operation), "a field of \(wrong) entries for one of \(size)")
    }
    let word = name == "flow-vector" ? "flow" : name
    let usesNoise = try #require([Method].standard.named(word)).traits.usesNoise
    let right = try answer(good)
    for bad in [0, -0.1, Float.nan, .infinity] {
      for places in [0..<1, 0..<good.count] {
        let measurement = changing { for place in places { $0.noise[place] = bad } }
        if usesNoise {
          expectTyped(measurement, "noise of \(bad)")
        } else {
          expectSameBits(try answer(measurement), right, name)
        }
      }
    }
  }

  /// An operator that is given by its action alone.
  private struct Action: LinearOperator {
    let inner: any LinearOperator
    var inputCount: Int { inner.inputCount }
    var outputCount: Int { inner.outputCount }
    func apply(_ signals: Tensor<Float>) -> Tensor<Float> { inner.apply(signals) }
    func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { inner.applyAdjoint(measurements) }
  }

  /// The table says which forms a method takes: those are answered, and others refused by one error.
  @Test(arguments: names) func theFormsOfTheTableAreThoseOfTheSolver(name: String) throws {
    let desk = try Self.desk.get()
    let word = name == "flow-vector" ? "flow" : name
    let method = try #require([Method].standard.named(word))
    let size = desk.fields.vertexCount
    let means = SparseOperator(
      SparseMatrix(
        rowCount: size, columnCount: size,
        entries: (0..<size).flatMap { [($0, $0, 0.75), ($0, ($0 + 1) % size, 0.25)] }))
    let truth = desk.fields[0].values.reshaped(to: [1, size])
    let operators: [any LinearOperator] = [
      SelectionOperator(inputCount: size, indices: Array(0..<size)), means, Action(inner: means),
    ]
    for operation in operators {
      func answer() throws -> Posterior {
        var random = RandomStream(seed: 5)
        return try desk.solver(name).posterior(
          given: FieldMeasurement(
            values: operation.apply(truth).scalars, noise: [Float](repeating: 0.1, count: size), operation: operation),
          samples: 0, using: &random)
      }
      guard method.handles.contains(operation.form.kind) else {
        let error = #expect(throws: MeasurementError.self, "\(name): \(operation.form.kind)") { try answer() }
        guard case .operatorNotSupported = error else {
          Issue.record("\(name): \(String(describing: error))")
          continue
        }
        continue
      }
      #expect(try answer().mean.allSatisfy(\.isFinite), "\(name): \(operation.form.kind)")
    }
  }

  /// Samples are their own: eight that the network sees together are eight that it sees in batches of other sizes.
  @Test(arguments: ["dps", "ambient-dps", "mcg", "pigdm", "mmps", "ddnm", "red-diff"], [1, 3])
  func samplesDoNotDependOnTheirBatch(name: String, size: Int) throws {
    let desk = try Self.desk.get()
    let answers = try [8, size].map { size in
      try desk.answers(name, to: [3], samples: 8, ["solvers.\(name).batch=\(size)"])[0]
    }
    expectSameBits(answers[0], answers[1], name)
  }
}
