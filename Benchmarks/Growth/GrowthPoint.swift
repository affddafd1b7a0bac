// One point of the growth study: which path, at which sizes, and what it took. A point is measured in a process of its own,
// so that no memory of an earlier one is counted.

import Foundation
import Sextant

/// What is measured: a way from an archive, or from nothing, to samples of one posterior.
enum GrowthPath: String, Codable, CaseIterable, Sendable {
  /// Modes of an archive, their exact posterior, the untrained network on top; on a latitude–longitude grid.
  case modes
  /// The same on a sphere mesh, without the network, which has no neighbourhoods there.
  case mesh
  /// The sparse field of one measurement, without an archive; on a latitude–longitude grid.
  case sparse
}

/// The sizes of a point.
struct GrowthSizes: Codable, Equatable, Sendable {
  var path: GrowthPath
  /// V wanted; the nearest grid or mesh is taken.
  var vertices: Int
  /// k, the number of modes.
  var modes = 64
  /// N, the number of samples.
  var samples = 32
  /// The number of fields in the archive.
  var fields = 128
}

/// What a part of a point took.
struct GrowthStage: Codable, Sendable {
  /// Such as "learn".
  let name: String
  /// By the clock.
  var seconds: Double
  /// Of all threads: what other work on the machine changes little.
  var processorSeconds: Double
  /// The peak of the resident memory while it ran, in bytes.
  var peakMemory: Int
}

/// A measured point.
struct GrowthResult: Codable, Sendable {
  let sizes: GrowthSizes
  /// V of the domain that was taken.
  let vertices: Int
  var stages: [GrowthStage]

  func stage(_ name: String) -> GrowthStage? { stages.first { $0.name == name } }

  /// The smaller times of two measurements of the same point, and the larger memory.
  func best(with other: GrowthResult) -> GrowthResult {
    var result = self
    for (i, stage) in other.stages.enumerated() where i < stages.count {
      result.stages[i].seconds = min(stages[i].seconds, stage.seconds)
      result.stages[i].processorSeconds = min(stages[i].processorSeconds, stage.processorSeconds)
      result.stages[i].peakMemory = max(stages[i].peakMemory, stage.peakMemory)
    }
    return result
  }
}

/// Times the stages of a point, one after the other.
struct StageClock {
  private(set) var stages: [GrowthStage] = []

  /// Does a stage and writes down what it took.
  mutating func time<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
    ResourceUse.forgetPeak()
    let (start, processor) = (ContinuousClock.now, Self.processorSeconds)
    let result = try body()
    let elapsed = start.duration(to: .now)
    stages.append(
      GrowthStage(
        name: name, seconds: elapsed / .seconds(1), processorSeconds: Self.processorSeconds - processor,
        peakMemory: ResourceUse.peakMemory ?? 0))
    return result
  }

  private static var processorSeconds: Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
