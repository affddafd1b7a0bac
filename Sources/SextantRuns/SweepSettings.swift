// The section `sweep`: methods that sample a diffusion prior, the numbers of steps and the step sizes that they are tried
// with, and what they are held against. What is measured, and how, is the section `evaluate`'s.

import SextantConfiguration
import SextantSolvers

/// What `sextant sweep` tries.
public struct SweepSettings: Sendable, Equatable, Encodable {
  /// The methods.
  public var methods: [Method]
  /// The numbers of steps.
  public var steps: [Int]
  /// The step sizes, for methods that have one; nil is the method's own, which is also taken where there are none.
  public var stepSizes: [Double?]
  /// Samples that a mean is taken of.
  public var samples: Int
  /// Methods that are drawn as lines: they have no steps.
  public var reference: [Method]

  /// - Parameters:
  ///   - evaluate: what is measured.
  ///   - table: the methods that there are.
  init(_ reader: ConfigurationReader, evaluate: EvaluationSettings, methods table: [Method]) throws {
    methods = try reader.methods("methods", default: [.dps, .ddnm], of: table)
    guard !methods.isEmpty, methods.allSatisfy(\.hasSteps) else {
      let words = table.filter(\.hasSteps).map(\.name).joined(separator: ", ")
      throw reader.wrong(
        "methods", expected: "some of \(words)", found: methods.map(\.name).joined(separator: ", "))
    }
    steps = try reader.list("steps", default: [10, 30, 100, 300, 1000])
    if steps.isEmpty || steps.contains(where: { !(1...1_000_000).contains($0) }) {
      throw reader.wrong("steps", expected: "whole numbers from 1 to 1000000", found: "\(steps)")
    }
    let sizes: [SweptStepSize] = try reader.list("step_sizes")
    stepSizes = sizes.map(\.value)
    samples = try reader.value("samples", default: 16, in: 1...10_000)
    reference = try reader.methods("reference", of: table)
    if let bad = reference.first(where: \.hasSteps) {
      throw reader.wrong(
        "reference", expected: "methods without steps, such as flow, eof or noise2score", found: bad.name)
    }
    try evaluate.checkGaps(for: reference, at: "reference", of: reader)
  }
}

/// A step size of a sweep: a number, or `own` for the one that the section `solvers` states, which need not be a number: that of DPS
/// scales by itself.
private struct SweptStepSize: ConfigurationValue {
  static let expectation = "a number above 0, or own"
  /// Nil for the method's own.
  let value: Double?

  init?(configurationText text: String) {
    if text == "own" {
      value = nil
    } else {
      guard let number = Double(configurationText: text), number > 0 else { return nil }
      value = number
    }
  }

  var configurationText: String { value?.configurationText ?? "own" }
}
