// The table of methods: names that tell methods apart, parts that a model lacks, settings that read their own section, and what
// is put around a solver.

import Foundation
import SextantArrays
import SextantConfiguration
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct MethodTableLaws {
  static let table: [Method] = .standard
  static let swept = table.filter(\.hasSteps)

  private func section(_ members: [(String, String)] = []) throws -> ConfigurationReader {
    try ConfigurationReader(
      ConfigurationNode(
        content: .section(
          members.map { key, text in
            .init(
              key: key, keyOrigin: .byDefault,
              value: ConfigurationNode(content: .text(text), origin: .byDefault))
          }), origin: .byDefault), resolved: ResolvedSettings())
  }

  /// Two fields of noise on a grid of 10 degrees, whose second variable is there on the northern half alone.
  private func space(bounds: [ValueBounds?]? = nil) throws -> FieldSpace {
    let grid = try LatitudeLongitudeGrid(
      latitudes: (0..<7).map { 90 - 30 * Double($0) }, longitudes: (0..<12).map { 30 * Double($0) })
    let channels = 2
    return try FieldSpace(
      domain: grid, variables: [Variable(name: "a"), Variable(name: "b")],
      isInside: (0..<grid.vertexCount * channels).map { $0 % channels == 0 || $0 / channels < 4 * 12 }, bounds: bounds)
  }

  @Test func namesTellMethodsApart() {
    #expect(Set(Self.table.map(\.name)).count == Self.table.count)
    #expect(Set(Self.table.map(\.title)).count == Self.table.count)
    for method in Self.table {
      #expect(method.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(method)")
      #expect(Self.table.named(method.name) == method && !method.handles.isEmpty)
    }
    #expect((Self.table + Self.table).withoutRepetitions == Self.table)
    #expect(Self.table.named("walk") == nil)
  }

  @Test(arguments: table) func aMissingPartIsNamed(method: Method) throws {
    let model = try Model(space())
    guard method.learnsFromArchive else {
      _ = try method.solver(for: model)
      return
    }
    let error = try #require(throws: MethodError.self) { try method.solver(for: model) }
    guard case .missingPart(let part, "model") = error else {
      Issue.record("\(error)")
      return
    }
    #expect(method.needs.contains(part))
  }

  @Test(arguments: table.filter { $0.settings != nil }) func anEmptySectionChangesNothing(method: Method) throws {
    let settings = try #require(method.settings)
    func expectSame<Settings: MethodSettings>(_ settings: Settings) throws {
      #expect(try settings.reading(section()) == settings)
    }
    try expectSame(settings)
    #expect(try SolverSettings(section()) == SolverSettings())
  }

  @Test(arguments: swept) func aSweepChangesWhatTheSectionWould(method: Method) throws {
    let words = [("steps", "7")] + (method.hasStepSize ? [("step_size", "0.3")] : [])
    func expectSame<Settings: MethodSettings>(_ settings: Settings) throws {
      #expect(try settings.reading(section(words)) == settings.changing(steps: 7, stepSize: 0.3))
      #expect(settings.changing(steps: 7, stepSize: 0.3) != settings)
    }
    let settings = try #require(method.settings)
    try expectSame(settings)
    let changed = SolverSettings().changing(method, steps: 7, stepSize: 0.3)
    #expect(changed != SolverSettings())
    for other in Self.swept where other != method {
      #expect(changed.changing(other, steps: 9, stepSize: nil) != changed)
    }
  }

  /// Methods that are not of states are confined to the domain, and all of them to the ranges of the variables.
  @Test(arguments: table.filter { !$0.learnsFromArchive }) func answersStayInsideDomainAndRange(method: Method) throws {
    let space = try space(bounds: [ValueBounds(minimum: 0), nil])
    let entries = space.isInside.indices.filter { space.isInside[$0] && $0 % 5 < 2 }
    var random = RandomStream(seed: 3)
    let posterior = try method.solver(for: Model(space)).posterior(
      given: FieldMeasurement(
        values: entries.map { Float($0 % 2 == 0 ? 0.1 : 5) + 0.2 * Float(random.normal()) },
        noise: [Float](repeating: 0.1, count: entries.count),
        operation: SelectionOperator(inputCount: space.isInside.count, indices: entries)),
      samples: method.traits.drawsSamples ? 2 : 0, using: &random)
    #expect((posterior.samples != nil) == method.traits.drawsSamples)
    for entry in space.isInside.indices {
      #expect(posterior.mean[entry].isNaN == !space.isInside[entry], "\(entry)")
      guard space.isInside[entry], entry % 2 == 0 else { continue }
      #expect(posterior.mean[entry] >= 0)
      if let samples = posterior.samples { #expect(samples[0, entry] >= 0 && samples[1, entry] >= 0) }
    }
  }

  @Test func aForeignMethodIsAValue() throws {
    struct Mean: Solver {
      let name = "mean"
      let size: Int
      func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
        Prepared(model: try MeasurementModel(operation: operation, noise: noise), size: size)
      }
      struct Prepared: PreparedSolver {
        let model: MeasurementModel
        let size: Int
        func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) -> Posterior {
          let mean = measurement.values.reduce(0, +) / Float(max(1, measurement.count))
          return Posterior(mean: [Float](repeating: mean, count: size))
        }
      }
    }
    let method = Method(
      name: "mean", title: "mean of the values", traits: .init(drawsSamples: false, usesNoise: false, answersInStates: false)
    ) { context in Mean(size: context.space.isInside.count) }
    let table: [Method] = .standard + [method]
    #expect(table.named("mean") == method && method != .climatology)
    let space = try space()
    var random = RandomStream(seed: 1)
    let posterior = try method.solver(for: Model(space)).posterior(
      given: FieldMeasurement(
        values: [1, 3], noise: [1, 1], operation: SelectionOperator(inputCount: space.isInside.count, indices: [0, 2])),
      samples: 0, using: &random)
    #expect(zip(posterior.mean, space.isInside).allSatisfy { $1 ? $0 == 2 : $0.isNaN })
  }
}

/// The page of operators says of each method what its declaration says.
@Suite struct OperatorPage {
  @Test func theTableOfThePageIsTheMethods() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("docs/operators.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }.filter { $0.count == 5 }
    let found = Dictionary(rows.map { ($0[0].filter { $0 != "`" }, Array($0.dropFirst())) }, uniquingKeysWith: { a, _ in a })
    for method in [Method].standard {
      func word(_ kind: OperatorForm.Kind) -> String { method.handles.contains(kind) ? "yes" : "—" }
      #expect(
        found[method.name]
          == [word(.selection), word(.sparse), word(.matrixFree), method.traits.usesNoise ? "Gaussian" : "ignored"],
        "\(method.name)")
    }
    #expect(found.count == [Method].standard.count)
  }
}
