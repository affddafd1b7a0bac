// What an ensemble says of quantities that take several steps of a series: the area's mean at each step, its mean and its
// trend over a day or so. Only members that are whole series get the spread of these right; members drawn step by step
// have too little spread in means and too much in trends.

import Foundation
import SextantArrays
import SextantEvaluation
import SextantGeometry

/// The calibration of one method over a series.
public struct SeriesSummary: Sendable, Codable, Equatable {
  /// The method's name.
  public var method: String
  /// The variable's name.
  public var variable: String
  /// The mask.
  public var group: String
  /// The number of steps of a window.
  public var windowLength: Int
  /// The area's mean at each step.
  public var areaMean: Calibration
  /// Its mean over each window.
  public var windowMean: Calibration
  /// Its trend over each window.
  public var windowTrend: Calibration

  /// How an ensemble of numbers compares with the truth.
  public struct Calibration: Sendable, Codable, Equatable {
    /// The share of truths in the central 90 % interval, at plotting positions.
    public var coverage90: Double
    /// The root mean square spread over the root mean square error of the mean.
    public var spreadOverSkill: Double
    /// How many were compared. Windows overlap, so that far fewer are independent.
    public var count: Int
  }
}

/// Gathers the area's mean of truth and members, step by step.
struct SeriesGathering {
  private struct Key: Hashable {
    let method: String
    let group: String
    let draw: Int
    let channel: Int
  }

  private var gathered: [Key: [(truth: Double, members: [Double])]] = [:]
  private var keys: [Key] = []

  /// Adds a step; an answer without samples says nothing.
  ///
  /// - Parameters:
  ///   - truth: the true field (V·C).
  ///   - isScored: which entries count.
  ///   - samples: N×V·C.
  ///   - areas: the area of each vertex (V).
  mutating func add(
    method: String, group: String, draw: Int, truth: Tensor<Float>, isScored: [Bool], samples: Tensor<Float>?,
    areas: [Double], channelCount: Int
  ) {
    guard let samples, samples.rowCount > 1 else { return }
    let rows = samples.rowCount
    for channel in 0..<channelCount {
      var (total, own) = (0.0, 0.0)
      var members = [Double](repeating: 0, count: rows)
      truth.withUnsafeScalars { truth in
        samples.withUnsafeScalars { samples in
          for entry in stride(from: channel, to: isScored.count, by: channelCount) where isScored[entry] {
            let area = areas[entry / channelCount]
            total += area
            own += area * Double(truth[entry])
            for row in 0..<rows { members[row] += area * Double(samples[row * isScored.count + entry]) }
          }
        }
      }
      guard total > 0 else { continue }
      let key = Key(method: method, group: group, draw: draw, channel: channel)
      if gathered[key] == nil { keys.append(key) }
      gathered[key, default: []].append((own / total, members.map { $0 / total }))
    }
  }

  /// The calibration of each method, variable and mask; empty for fewer than eight steps.
  func summaries(variables: [String], windowLength: Int = 24) -> [SeriesSummary] {
    keys.filter { $0.draw == 0 }.compactMap { key in
      let steps = gathered[key] ?? []
      guard steps.count >= 8 else { return nil }
      let length = min(windowLength, steps.count / 2)
      let windows = (0...(steps.count - length)).map { Array(steps[$0..<$0 + length]) }
      func over(_ window: [(truth: Double, members: [Double])], _ statistic: ([Double]) -> Double)
        -> (truth: Double, members: [Double])
      {
        let count = window[0].members.count
        return (statistic(window.map(\.truth)), (0..<count).map { n in statistic(window.map { $0.members[n] }) })
      }
      return SeriesSummary(
        method: key.method, variable: variables[key.channel], group: key.group, windowLength: length,
        areaMean: Self.calibration(steps), windowMean: Self.calibration(windows.map { over($0, Self.mean) }),
        windowTrend: Self.calibration(windows.map { over($0, Self.trend) }))
    }
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// The slope of the line of least squares, a step.
  private static func trend(_ values: [Double]) -> Double {
    let centre = Double(values.count - 1) / 2
    let level = mean(values)
    let (xy, xx) = values.enumerated().reduce((0.0, 0.0)) { sum, pair in
      let x = Double(pair.offset) - centre
      return (sum.0 + x * (pair.element - level), sum.1 + x * x)
    }
    return xy / xx
  }

  private static func calibration(_ cases: [(truth: Double, members: [Double])]) -> SeriesSummary.Calibration {
    var (inside, variance, error) = (0, 0.0, 0.0)
    for (truth, members) in cases {
      let sorted = members.sorted()
      func quantile(_ level: Double) -> Double {
        let place = min(max(level * Double(sorted.count + 1) - 1, 0), Double(sorted.count - 1))
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
      }
      if quantile(0.05)...quantile(0.95) ~= truth { inside += 1 }
      let centre = mean(members)
      variance += members.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(members.count - 1)
      error += (centre - truth) * (centre - truth)
    }
    return SeriesSummary.Calibration(
      coverage90: Double(inside) / Double(cases.count), spreadOverSkill: (variance / error).squareRoot(), count: cases.count)
  }
}

extension ComparisonScores {
  /// The calibration over the series as a table; nil where the test fields were not a series.
  var seriesTable: ScoreTable? {
    guard let series, !series.isEmpty else { return nil }
    func cell(_ calibration: SeriesSummary.Calibration) -> String {
      String(format: "%.3f, %.2f", calibration.coverage90, calibration.spreadOverSkill)
    }
    let length = series[0].windowLength
    return ScoreTable(
      headings: [
        "Method", "Variable", "Measurement", "Area mean: 90 % coverage, spread/skill", "Mean over \(length) steps",
        "Trend over \(length) steps",
      ],
      rows: series.map {
        [title(of: $0.method), $0.variable, $0.group, cell($0.areaMean), cell($0.windowMean), cell($0.windowTrend)]
      })
  }
}
