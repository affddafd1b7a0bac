// Laws of every method that answers can be asked of, whatever it is made of: eight measurements answered together are eight
// answered alone, and threads change nothing. All in bits, with two exceptions: samples that come from the Cholesky factor of a
// full covariance, whose product OpenBLAS parts by threads, and samples that a network is given in batches of other sizes, whose
// matrix products round otherwise.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantRuns

@Suite(.serialized) struct MethodLaws {
  /// All methods, each with a model that it can be asked of; a flow over the whole vector is another flow.
  static let names = ImputationMethod.allCases.map(\.rawValue) + ["flow-vector"]
  /// Those whose samples come from the Cholesky factor of a full covariance.
  static let factored = ["kriging", "two-scale", "flow"]
  /// How many measurements there are.
  private static let count = 8

  /// Models on a small mesh with everything that a method asks for, trained for a few steps, and measurements.
  private struct Desk {
    /// By what they are for.
    let models: [String: TrainedModel]
    let fields: SignalSet

    init() throws {
      let folder = try ScratchFolder()
      func run(_ output: String, _ prior: String, _ more: String) throws -> RunConfiguration {
        try DiffusionSolverRuns.configuration(
          in: folder, prior: .diffusion, methods: "eof", more: more,
          overrides: ["output=\(folder.path(output))", prior])
      }
      let networks =
        "diffusion: {steps: 3, batch: 4, widths: [8, 8]}\nflow: {steps: 3, batch: 4, masks: [\"random:0.3\"], "
      let plain = try run("plain", "prior={modes: 20}", networks + "pairs: 24, folds: 2, widths: [8, 8]}")
      let vector = try run("vector", "prior={kind: eof, modes: 20}", networks + "preset: small, coupling_steps: 2}")
      let mixture = try run("mixture", "prior={kind: mixture, modes: 10, components: \"clusters:2\"}", "")
      models = [
        "plain": try plain.train(overwrite: false), "vector": try vector.train(overwrite: false),
        "mixture": try mixture.train(overwrite: false),
      ]
      fields = try plain.archive.open(seed: 1).source.read(Array(0..<MethodLaws.count))
    }

    /// The solver of a method, made anew, and its settings changed.
    func solver(_ name: String, _ overrides: [String] = []) throws -> any Solver {
      let word = name == "flow-vector" ? "flow" : name
      let method = try #require(ImputationMethod(rawValue: word))
      let model = try #require(models[name == "flow-vector" ? "vector" : name == "mixture" ? "mixture" : "plain"])
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
      let prepared = try solver(name, overrides).prepare(for: measurements[0].operation)
      return try chosen.map { index in
        var random = RandomStream(seed: 5).split(index)
        return try prepared.posterior(given: measurements[index], samples: samples, using: &random)
      }
    }
  }

  private static let desk = Result { try Desk() }

  private func largest(_ a: Tensor<Float>?, _ b: Tensor<Float>?) throws -> Float {
    try zip(#require(a).scalars, #require(b).scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

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
    for index in (0..<Self.count).reversed() {
      expectSameBits(try desk.answers(name, to: [index])[0], together[index], name)
    }
  }

  @Test(arguments: names) func threadsChangeNoBit(name: String) throws {
    let desk = try Self.desk.get()
    let (threads, blasThreads) = (Parallel.threadCount, OpenBLAS.threadCount)
    defer {
      Parallel.limitThreads(to: threads)
      OpenBLAS.limitThreads(to: blasThreads)
    }
    let answers = try [1, 2].map { threads in
      Parallel.limitThreads(to: threads)
      OpenBLAS.limitThreads(to: threads)
      return try desk.answers(name, to: [2, 5])
    }
    for (one, two) in zip(answers[0], answers[1]) {
      guard Self.factored.contains(name) else {
        expectSameBits(one, two, name)
        continue
      }
      #expect(one.mean == two.mean && one.spread == two.spread)
      #expect(try largest(one.samples, two.samples) < 1e-5)
    }
  }

  /// Samples are their own: eight in one batch of the network are eight in batches of one.
  @Test(arguments: ["dps", "mcg", "pigdm", "ddnm", "red-diff"]) func samplesDoNotDependOnTheirBatch(name: String) throws
  {
    let desk = try Self.desk.get()
    let answers = try [8, 1].map { size in
      try desk.answers(name, to: [3], samples: 8, ["solvers.\(name).batch=\(size)"])[0]
    }
    #expect(try largest(answers[0].samples, answers[1].samples) < 1e-4)
  }
}
