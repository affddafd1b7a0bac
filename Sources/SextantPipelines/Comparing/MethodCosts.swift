// When a training has paid for itself: what a run's learning cost once, and what every answer costs after it. A method that asks
// its network a thousand times for a sample costs little before the first signal and much for each; an amortised one the reverse.

import Foundation
import SextantEvaluation
import SextantReport
import SextantSolvers
import SextantStorage
import SextantTraining

/// What the learned parts of a run cost to train, in seconds of wall time, as their logs tell.
public struct TrainingCosts: Sendable, Equatable, Codable {
  /// The diffusion prior; nil where none was trained.
  public var diffusion: Double?
  /// The flow with the simulation of its pairs; nil where none was trained.
  public var flow: Double?
  /// Whether the flow was learned from the diffusion prior, which it then needs too.
  public var flowNeedsDiffusion: Bool

  public init(diffusion: Double? = nil, flow: Double? = nil, flowNeedsDiffusion: Bool = false) {
    (self.diffusion, self.flow, self.flowNeedsDiffusion) = (diffusion, flow, flowNeedsDiffusion)
  }

  /// The costs of the run in `folder`. Throws `FileError` where a log is there and cannot be read.
  public init(folder: String, flowNeedsDiffusion: Bool) throws {
    func seconds(_ name: String) throws -> Double? {
      try TrainingLog(path: "\(folder)/\(name).jsonl").records().last?.seconds
    }
    self.init(
      diffusion: try seconds("diffusion"), flow: try seconds("flow"), flowNeedsDiffusion: flowNeedsDiffusion)
  }

  /// What was spent before the first answer of `method`; nil for a method without training, or whose log is gone.
  func seconds(before method: Method) -> Double? {
    if method.needs.contains(.flow) { return flow.map { $0 + (flowNeedsDiffusion ? diffusion ?? 0 : 0) } }
    return method.samplesDiffusion ? diffusion : nil
  }
}

/// What the training of a method costs and what each of its answers does, in seconds.
public struct MethodCost: Sendable, Equatable, Codable {
  /// The title of the method.
  public var name: String
  /// Before the first answer.
  public var training: Double
  /// For each answer.
  public var answer: Double

  public init(name: String, training: Double, answer: Double) {
    (self.name, self.training, self.answer) = (name, training, answer)
  }

  /// After how many answers this method has cost less than `other`; nil where it never does, 0 where it always has.
  public func breakEven(with other: MethodCost) -> Double? {
    let (ahead, slower) = (training - other.training, other.answer - answer)
    if ahead <= 0 { return slower >= 0 ? 0 : nil }
    return slower > 0 ? ahead / slower : nil
  }
}

/// The costs of several methods side by side, and from which answer on one of them is ahead.
struct MethodCosts {
  let costs: [MethodCost]

  init(_ methods: [Method], training: TrainingCosts, scores: ComparisonScores) {
    costs = methods.withoutRepetitions.compactMap { method in
      guard let before = training.seconds(before: method), let answer = scores.medianSeconds(of: method.name) else {
        return nil
      }
      return MethodCost(name: scores.title(of: method.name), training: before, answer: answer)
    }
  }

  /// Nothing to tell of a single method.
  var isWorthTelling: Bool { costs.count > 1 }

  /// From which answer on the method whose answers cost least is ahead of each of the others.
  var table: ScoreTable {
    let fastest = costs.min { $0.answer < $1.answer }
    return ScoreTable(
      headings: ["Method", "Training [s]", "An answer [s]", "\(fastest?.name ?? "") is ahead from answer"],
      rows: costs.map { cost in
        let place = cost == fastest ? nil : fastest?.breakEven(with: cost)
        return [
          cost.name, ScoreTable.cell(cost.training, decimals: 0), ScoreTable.cell(cost.answer, decimals: 3),
          ScoreTable.cell(place?.rounded(.up), decimals: 0),
        ]
      })
  }

  /// Seconds in all against the number of signals, both logarithmic.
  var plot: Plot {
    let counts = (0...50).map { pow(10, Double($0) / 10) }
    return Plot(
      title: "What so many answers cost, training and all",
      subtitle: "answers at their median time, with as many samples as each method was asked for",
      xAxis: Axis("signals", kind: .logarithmic), yAxis: Axis("seconds in all", kind: .logarithmic),
      layers: costs.map { cost in
        .line(cost.name, x: counts, y: counts.map { cost.training + $0 * cost.answer })
      })
  }
}
