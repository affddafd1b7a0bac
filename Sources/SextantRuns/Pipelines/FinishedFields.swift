// Finished fields of a long imputation, each a file of its own that is whole or absent, until all are there and
// the output is written. An interrupted run that is started again with the same inputs goes on where it was.

import Foundation
import SextantArrays
import SextantStorage

/// One field after its gaps were filled, on the grid and in the units of the answer.
struct FilledAnswer: Sendable {
  /// V·C.
  var mean: [Float]
  /// V·C.
  var spread: [Float]?
  /// N×V·C.
  var samples: Tensor<Float>?
  /// V·C, where the answer's grid is the input's.
  var isObserved: [Bool]?
}

/// The answers of a run so far: in memory for a single field, beside the output for several.
final class FinishedFields {
  private let folder: String?
  private var inMemory: [Int: FilledAnswer] = [:]

  /// - Parameters:
  ///   - output: the answers lie in a folder named after it until it is written.
  ///   - key: what the answers depend on; those of another key are thrown away.
  ///   - isUsed: whether there is more than one field to keep.
  init(beside output: String, key: String, isUsed: Bool) throws {
    guard isUsed else {
      folder = nil
      return
    }
    let place = URL(fileURLWithPath: output)
    let folder = place.deletingLastPathComponent().appendingPathComponent(".\(place.lastPathComponent).fields").path
    let keyFile = folder + "/key"
    if (try? String(contentsOfFile: keyFile, encoding: .utf8)) != key {
      try? FileManager.default.removeItem(atPath: folder)
      try WholeFile.write(Data(key.utf8), to: keyFile, overwrite: true)
    }
    self.folder = folder
  }

  /// Whether field `index` is done.
  func contains(_ index: Int) -> Bool {
    folder.map { FileManager.default.fileExists(atPath: path(index, $0)) } ?? (inMemory[index] != nil)
  }

  /// Keeps an answer.
  func store(_ answer: FilledAnswer, at index: Int) throws {
    guard let folder else {
      inMemory[index] = answer
      return
    }
    var writer = SafetensorsWriter()
    writer.add("mean", Tensor(answer.mean))
    if let spread = answer.spread { writer.add("spread", Tensor(spread)) }
    if let samples = answer.samples { writer.add("samples", samples) }
    if let isObserved = answer.isObserved { writer.add("observed", booleans: isObserved) }
    try writer.write(to: path(index, folder), overwrite: true)
  }

  /// The answer for field `index`, which must be done.
  func answer(at index: Int) throws -> FilledAnswer {
    guard let folder else {
      guard let answer = inMemory[index] else { throw RunError.invalid("Field \(index) was not filled.") }
      return answer
    }
    let file = try SafetensorsFile(path: path(index, folder))
    return FilledAnswer(
      mean: try file.floats("mean").scalars,
      spread: file.contains("spread") ? try file.floats("spread").scalars : nil,
      samples: file.contains("samples") ? try file.floats("samples") : nil,
      isObserved: file.contains("observed") ? try file.booleans("observed") : nil)
  }

  /// Solves every one of `count` fields that is not done yet; the seconds that this took.
  func fill(
    _ count: Int, by solver: FieldSolver, progress: any ProgressObserver, interruption: Interruption
  ) throws -> Double {
    progress.start("imputing", unit: "field", count: count)
    defer { progress.finish() }
    let clock = ContinuousClock()
    var spent = Duration.zero
    for index in 0..<count where !contains(index) {
      try interruption.check()
      let start = clock.now
      let answer = try solver.solve(index)
      spent += clock.now - start
      try store(answer, at: index)
      progress.advance(to: index + 1)
    }
    return spent / .seconds(1)
  }

  /// Removes what was kept.
  func remove() {
    if let folder { try? FileManager.default.removeItem(atPath: folder) }
    inMemory = [:]
  }

  private func path(_ index: Int, _ folder: String) -> String {
    folder + "/" + String(format: "field-%06d.safetensors", index)
  }
}
