// The log of a training: one JSON object a line, appended as it goes. After an interruption the lines of steps that the
// checkpoint does not know are taken off again, so that a resumed training has the log of one that never stopped.

import Foundation
import SextantModels
import SextantStorage

/// One line of a training's log.
public struct TrainingRecord: Sendable, Codable, Equatable {
  /// The number of steps done.
  public var step: Int
  /// Seconds spent on training so far, over all its parts.
  public var seconds: Double
  /// The mean loss of the steps since the last line.
  public var loss: Double
  /// The norm of the last gradient, before it was clipped.
  public var gradientNorm: Double?
  /// The loss on what training does not see, where it was looked at.
  public var validation: Double?

  /// What else was looked at then, by name.
  public var figures: [String: Double]?

  public init(
    step: Int, seconds: Double, loss: Double, gradientNorm: Double? = nil, validation: Double? = nil,
    figures: [String: Double]? = nil
  ) {
    self.step = step
    self.seconds = seconds
    self.loss = loss
    self.gradientNorm = gradientNorm
    self.validation = validation
    self.figures = figures
  }
}

/// The file that records go to.
package struct TrainingLog: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  /// The records up to `step`, in order; lines that were cut short by a kill are dropped.
  package func records(upTo step: Int = .max) throws -> [TrainingRecord] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    let decoder = JSONDecoder()
    return text.split(separator: "\n").compactMap { try? decoder.decode(TrainingRecord.self, from: Data($0.utf8)) }
      .filter { $0.step <= step }
  }

  /// Keeps the records up to `step` alone.
  package func rewind(to step: Int) throws {
    let kept = try records(upTo: step)
    try WholeFile.write(
      Data(try kept.map { try Self.line($0) }.joined().utf8), to: path, overwrite: true)
  }

  package func append(_ record: TrainingRecord) throws {
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw FileError.system(action: "append to the log", path: path, reason: "it is gone")
    }
    defer { try? handle.close() }
    do {
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(try Self.line(record).utf8))
    } catch {
      throw FileError.system(action: "append to the log", path: path, reason: error.localizedDescription)
    }
  }

  private static func line(_ record: TrainingRecord) throws -> String {
    try record.canonicalText() + "\n"
  }
}
