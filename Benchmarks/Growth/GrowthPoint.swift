// One point of the growth study: its path, its sizes, and its times and memory. Each point is measured in a separate
// process, so that the memory of earlier points is not counted.

import Foundation
import Sextant

/// A path from an archive, or from nothing, to samples of one posterior.
enum GrowthPath: String, Codable, CaseIterable, Sendable {
  /// The modes of an archive, their exact posterior and an untrained network, on a latitude–longitude grid.
  case modes
  /// The same on a sphere mesh, which has no neighbourhoods for the network, and without it.
  case mesh
  /// The sparse field of one measurement without an archive, on a latitude–longitude grid.
  case sparse
}

/// The sizes of a point.
struct GrowthSizes: Codable, Equatable, Sendable {
  var path: GrowthPath
  /// The wanted V; the nearest grid or mesh is used.
  var vertices: Int
  /// k, the number of modes.
  var modes = 64
  /// N, the number of samples.
  var samples = 32
  /// The number of fields in the archive.
  var fields = 128
}

/// The time and memory of a stage of a point.
struct GrowthStage: Codable, Sendable {
  /// The name of the stage, such as "learn".
  let name: String
  /// Wall time.
  var seconds: Double
  /// The processor time of all threads, which depends little on other work on the machine.
  var processorSeconds: Double
  /// The peak of the resident memory while it ran, in bytes.
  var peakMemory: Int
}

/// A measured point.
struct GrowthResult: Codable, Sendable {
  let sizes: GrowthSizes
  /// V of the domain that was used.
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

/// Times the stages of a point one after another.
struct StageClock {
  private(set) var stages: [GrowthStage] = []

  /// Runs a stage and records its time and memory.
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
