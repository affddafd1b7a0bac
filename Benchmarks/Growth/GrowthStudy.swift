// The sweeps of the growth study and their results: a table, slopes and plots.

import Foundation
import Sextant

/// Points that differ in one size.
struct GrowthSweep: Codable, Sendable {
  /// The size that a sweep varies.
  enum Size: String, Codable, Sendable { case vertices, modes, samples, fields }

  /// The size that varies.
  let size: Size
  let points: [GrowthSizes]

  /// All sweeps, with at most `largest` vertices.
  static func all(largest: Int) -> [GrowthSweep] {
    let counts = [1000, 3200, 10_000, 32_000, 100_000, 320_000, 1_000_000]
    func vertices(_ path: GrowthPath, _ counts: [Int]) -> GrowthSweep {
      GrowthSweep(
        size: .vertices, points: counts.filter { $0 <= largest }.map { GrowthSizes(path: path, vertices: $0) })
    }
    func sweep(_ size: Size, _ values: [Int], _ path: GrowthPath, _ change: (inout GrowthSizes, Int) -> Void)
      -> GrowthSweep
    {
      GrowthSweep(
        size: size,
        points: values.map { value in
          var sizes = GrowthSizes(path: path, vertices: min(largest, 32_000))
          change(&sizes, value)
          return sizes
        })
    }
    return [
      vertices(.modes, counts),
      // Icospheres: 10·4ⁿ + 2 vertices.
      vertices(.mesh, [2560, 10_240, 40_960, 163_840, 655_360]),
      vertices(.sparse, counts),
      sweep(.modes, [16, 32, 64, 128, 256], .modes) { ($0.modes, $0.fields) = ($1, 512) },
      sweep(.samples, [1, 4, 16, 64, 256], .modes) { $0.samples = $1 },
      sweep(.samples, [1, 4, 16, 64, 256], .sparse) { $0.samples = $1 },
      sweep(.fields, [64, 128, 256, 512, 1024, 2048], .modes) { ($0.fields, $0.modes) = ($1, 32) },
    ]
  }
}

/// A sweep with its results.
struct MeasuredSweep: Codable, Sendable {
  let sweep: GrowthSweep
  let results: [GrowthResult]

  var path: GrowthPath { sweep.points.first?.path ?? .modes }
  /// The stages, in order.
  var stages: [String] { results.first?.stages.map(\.name) ?? [] }

  /// The varying size of a result.
  func size(_ result: GrowthResult) -> Double {
    switch sweep.size {
    case .vertices: Double(result.vertices)
    case .modes: Double(result.sizes.modes)
    case .samples: Double(result.sizes.samples)
    case .fields: Double(result.sizes.fields)
    }
  }

  /// The slope of log(processor seconds) against log(size), by least squares; nil for fewer than three points.
  ///
  /// Only the larger half of the points counts, because fixed costs hide the growth of a stage at small sizes.
  func slope(of stage: String) -> Double? {
    let points = results.suffix((results.count + 2) / 2).compactMap { result in
      result.stage(stage).map { (x: log(size(result)), y: log(max(1e-6, $0.processorSeconds))) }
    }
    guard points.count >= 3 else { return nil }
    let count = Double(points.count)
    let (x, y) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
    return points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
  }
}

/// A run of the growth study.
struct GrowthStudy: Encodable {
  let threads: Int
  let rounds: Int
  var sweeps: [MeasuredSweep] = []

  /// The lines that are printed when a point is done.
  static func line(of result: GrowthResult) -> String {
    let sizes = result.sizes
    let stages = result.stages.map { "\($0.name) \(seconds($0.seconds)) (\(seconds($0.processorSeconds)))" }
    return
      "\(sizes.path.rawValue): V \(result.vertices), k \(sizes.modes), N \(sizes.samples), fields \(sizes.fields): "
      + stages.joined(separator: ", ")
  }

  /// All sweeps, in Markdown.
  var text: String {
    sweeps.map { sweep in
      let head = [sweep.sweep.size.rawValue] + sweep.stages.map { "\($0): s (processor s), MiB" }
      let rows = sweep.results.map { result in
        [String(format: "%.0f", sweep.size(result))]
          + result.stages.map {
            "\(Self.seconds($0.seconds)) (\(Self.seconds($0.processorSeconds))), \($0.peakMemory >> 20)"
          }
      }
      let slopes = ["slope"] + sweep.stages.map { sweep.slope(of: $0).map { String(format: "%.2f", $0) } ?? "" }
      let rule = head.map { _ in "---:" }
      let table = ([head, rule] + rows + [slopes]).map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
      return "\(Self.title(of: sweep))\n\n\(table)\n"
    }.joined(separator: "\n")
  }

  /// The plots with the names of their files.
  var plots: [(name: String, plot: Plot)] {
    sweeps.flatMap { sweep in
      let name = "\(sweep.path.rawValue)-\(sweep.sweep.size.rawValue)"
      let x = sweep.results.map(sweep.size)
      func plot(_ label: String, _ value: (GrowthStage) -> Double) -> Plot {
        let layers = sweep.stages.map { stage in
          Plot.Layer.line(
            stage, x: x, y: sweep.results.map { $0.stage(stage).map(value) ?? .nan }, style: Plot.Style(marker: .circle)
          )
        }
        return Plot(
          title: Self.title(of: sweep), xAxis: Axis(sweep.sweep.size.rawValue, kind: .logarithmic),
          yAxis: Axis(label, kind: .logarithmic), layers: layers)
      }
      return [
        (name + "-time", plot("processor time (s)", \.processorSeconds)),
        (name + "-memory", plot("peak memory (MiB)") { Double($0.peakMemory) / 0x1p20 }),
      ]
    }
  }

  private static func title(of sweep: MeasuredSweep) -> String {
    let path =
      switch sweep.path {
      case .modes: "Gaussian-base path on a grid"
      case .mesh: "Gaussian-base path on an icosphere"
      case .sparse: "sparse field on a grid"
      }
    return "\(path), by \(sweep.sweep.size.rawValue)"
  }

  private static func seconds(_ seconds: Double) -> String { String(format: seconds < 1 ? "%.3f" : "%.1f", seconds) }
}
