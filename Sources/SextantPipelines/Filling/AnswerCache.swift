// The answers of a long imputation, each in a file of its own that is complete or absent, until all are there and the output is
// written. An interrupted run that is started again with the same inputs resumes where it was.

import Foundation
import SextantArrays
import SextantModels
import SextantSignals
import SextantStorage

/// One field after its gaps were filled, on the grid and in the units of the answer.
struct Answer: Sendable {
  /// Mean, spread and ensemble.
  var record: FieldRecord
  /// Where the field was observed (V·C of the input's domain).
  var isObserved: [Bool]
  /// What the method chose for this field.
  var diagnostics: [String: Double]
  /// What was counted.
  var tally: AnswerTally
  /// The comparison of the answer with the observations; nil for an answer that is not compared.
  var check: AnswerCheck?
}

/// The answers of a run so far: in memory for a single field, beside the output for several.
final class AnswerCache {
  private let folder: String?
  private var inMemory: [Int: Answer] = [:]

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
      do {
        try WholeFile.write(Data(key.utf8), to: keyFile, overwrite: true)
      } catch FileError.system(_, _, let reason) {
        // Under the name that the user knows.
        throw FileError.system(action: "write to the folder of this output", path: output, reason: reason)
      }
    }
    self.folder = folder
  }

  /// Whether field `index` is done.
  func contains(_ index: Int) -> Bool {
    folder.map { FileManager.default.fileExists(atPath: path(index, $0)) } ?? (inMemory[index] != nil)
  }

  /// Keeps an answer.
  func store(_ answer: Answer, at index: Int) throws {
    guard let folder else {
      inMemory[index] = answer
      return
    }
    let notes = Notes(diagnostics: answer.diagnostics, tally: answer.tally, check: answer.check)
    var writer = SafetensorsWriter(
      metadata: [Self.notesKey: String(decoding: try JSONEncoder().encode(notes), as: UTF8.self)])
    writer.add("mean", Tensor(answer.record.values))
    if let spread = answer.record.spread { writer.add("spread", Tensor(spread)) }
    if let members = answer.record.members { writer.add("samples", members) }
    writer.add("observed", booleans: answer.isObserved)
    try writer.write(to: path(index, folder), overwrite: true)
  }

  /// The answer for field `index`, which must be done.
  func answer(at index: Int) throws -> Answer {
    guard let folder else {
      guard let answer = inMemory[index] else { throw RunError.invalid("Field \(index) was not filled.") }
      return answer
    }
    let file = try SafetensorsFile(path: path(index, folder))
    let record = FieldRecord(
      try file.floats("mean").scalars, spread: file.contains("spread") ? try file.floats("spread").scalars : nil,
      members: file.contains("samples") ? try file.floats("samples") : nil, isObserved: nil)
    let notes = try Self.notes(in: file)
    return Answer(
      record: record, isObserved: try file.booleans("observed"), diagnostics: notes.diagnostics, tally: notes.tally,
      check: notes.check)
  }

  /// What is said of an answer beside its numbers.
  struct Notes: Codable {
    var diagnostics: [String: Double]
    var tally: AnswerTally
    var check: AnswerCheck?
  }

  /// What is said of the answer for field `index`, which must be done: without the answer's numbers, of which a large ensemble
  /// would be read in vain.
  func notes(at index: Int) throws -> Notes {
    guard let folder else {
      let answer = try answer(at: index)
      return Notes(diagnostics: answer.diagnostics, tally: answer.tally, check: answer.check)
    }
    return try Self.notes(in: SafetensorsFile(path: path(index, folder)))
  }

  /// Which entries were observed in at least one of `count` fields, all of which must be done.
  func everObserved(of count: Int) throws -> [Bool] {
    var ever: [Bool] = []
    for index in 0..<count {
      let isObserved =
        try folder.map { try SafetensorsFile(path: path(index, $0)).booleans("observed") } ?? answer(at: index).isObserved
      if ever.isEmpty { ever = [Bool](repeating: false, count: isObserved.count) }
      for entry in isObserved.indices where isObserved[entry] { ever[entry] = true }
    }
    return ever
  }

  private static func notes(in file: SafetensorsFile) throws -> Notes {
    try JSONDecoder().decode(Notes.self, from: Data((file.metadata[notesKey] ?? "").utf8))
  }

  private static let notesKey = "notes"

  /// Solves every one of `count` fields that is not done yet.
  func fill(
    _ count: Int, by solver: FieldSolver, activity: String, progress: any ProgressObserver, interruption: Interruption
  ) throws {
    progress.start(activity, unit: "field", count: count)
    defer { progress.finish() }
    for (done, index) in solver.order.enumerated() {
      guard !contains(index) else {
        solver.note(try notes(at: index).tally)
        continue
      }
      let answer: Answer = try InterruptionError.saying(resumption(done, of: count)) {
        try interruption.check()
        return try solver.solve(index)
      }
      try store(answer, at: index)
      progress.advance(to: done + 1)
    }
  }

  /// The sum of the checks of all answers; nil where none was checked.
  func check(of count: Int) throws -> AnswerCheck? {
    var sum: AnswerCheck?
    for index in 0..<count {
      guard let check = try notes(at: index).check else { continue }
      sum = sum.map { $0 + check } ?? check
    }
    return sum
  }

  /// What to do after an interruption before field `index`; nil where nothing is kept.
  private func resumption(_ index: Int, of count: Int) -> String? {
    guard folder != nil, index > 0 else { return nil }
    return "\(index) of \(count) fields are done and kept: run the same command to go on."
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
