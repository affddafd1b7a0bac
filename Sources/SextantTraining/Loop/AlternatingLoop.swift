// Two networks that learn from each other: in every step one takes a step of its own, and then the other. Each has its own
// optimiser, learning rate and average. (TrainingLoop is the loop of every training of one network.)
//
// A checkpoint is two files, of which there are two sets in turn, and a third that says which set is whole; it is written last. All
// random numbers follow from the number of the step, so a training that was stopped at any moment resumes bit for bit.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantModels
import SextantNetworks
import SextantStorage

/// One of two networks that learn in turn.
struct AlternatingMember {
  /// Its name in files and in the log.
  var name: String
  var schedule: TrainingSchedule
  /// The parameters to begin with.
  var initial: ParameterSet<Float>
  /// What it minimises, while the other network has some parameters.
  var loss: (_ other: ParameterSet<Float>) throws -> TrainingLoss
}

/// Trains two networks in turn.
struct AlternatingLoop {
  /// Steps of each network.
  let steps: Int
  /// Steps between checkpoints and log lines.
  let interval: Int
  /// The files of the training: PREFIX.last.json, PREFIX.NAME-SET.safetensors, PREFIX.jsonl.
  let prefix: String
  let identity: CheckpointMetadata

  var log: TrainingLog { TrainingLog(path: prefix + ".jsonl") }
  private var markPath: String { prefix + ".last.json" }

  private struct Mark: Codable {
    var step, set: Int
    var seconds: Double
  }

  /// Steps without a finite number after which the training gives up.
  private static let patience = 4

  /// The names of the files of a training with these members, without what comes before them.
  static func fileEndings(members: [String]) -> [String] {
    ["last.json", "jsonl"] + members.flatMap { name in (0..<2).map { "\(name)-\($0).safetensors" } }
  }

  /// Trains from where an earlier run stopped, or from the beginning.
  ///
  /// - Returns: the averaged parameters of both, and the seconds that it took.
  /// - Throws: ``LearningError`` where the losses stay non-finite, and what losses, files and `interruption` throw.
  func run(
    _ first: AlternatingMember, _ second: AlternatingMember, name: String, preparation: Double, progress: any ProgressObserver,
    interruption: Interruption
  ) throws -> (first: ParameterSet<Float>, second: ParameterSet<Float>, seconds: Double) {
    let members = [first, second]
    var mark = try readMark() ?? Mark(step: 0, set: 1, seconds: preparation)
    var states = try members.map { try resumed($0, mark) ?? TrainingState($0.initial, schedule: $0.schedule) }
    try log.rewind(to: mark.step)
    var step = mark.step
    var failures = [0, 0]
    var (sums, count) = ([0.0, 0.0], 0)
    progress.start(name, unit: "step", count: steps)
    defer { progress.finish() }
    var start = ContinuousClock.now
    while step < steps {
      try interruption.check()
      for turn in members.indices {
        let loss = try members[turn].loss(states[1 - turn].parameters)
        var next = states[turn]
        let result = try loss.gradients(step: step, parameters: &next.parameters, tape: Tape())
        if next.apply(result, schedule: members[turn].schedule) != nil {
          states[turn] = next
          failures[turn] = 0
          sums[turn] += result.loss
        } else {
          // Nothing is changed, and the next step has other data.
          failures[turn] += 1
          guard failures[turn] < Self.patience else {
            throw LearningError.notFinite(step: step + 1, place: "the loss of the \(members[turn].name)")
          }
        }
        states[turn].step = step + 1
      }
      (step, count) = (step + 1, count + 1)
      progress.advance(to: step)
      guard step % interval == 0 || step == steps else { continue }
      mark.seconds += (ContinuousClock.now - start) / .seconds(1)
      start = ContinuousClock.now
      try log.append(
        TrainingRecord(
          step: step, seconds: mark.seconds, loss: sums[0] / Double(count),
          figures: [second.name: sums[1] / Double(count)]))
      (mark.step, mark.set) = (step, 1 - mark.set)
      for (member, state) in zip(members, states) {
        try state.write(to: path(member, mark), as: identity(member), canResume: true)
      }
      try WholeFile.write(try JSONEncoder().encode(mark), to: markPath, overwrite: true)
      (sums, count) = ([0, 0], 0)
    }
    return (states[0].average.parameters, states[1].average.parameters, mark.seconds)
  }

  private func identity(_ member: AlternatingMember) -> CheckpointMetadata {
    var result = identity
    result.dataHash = member.name
    return result
  }

  private func path(_ member: AlternatingMember, _ mark: Mark) -> String {
    "\(prefix).\(member.name)-\(mark.set).safetensors"
  }

  private func readMark() throws -> Mark? {
    guard FileManager.default.fileExists(atPath: markPath) else { return nil }
    guard let mark = try? JSONDecoder().decode(Mark.self, from: Data(contentsOf: URL(fileURLWithPath: markPath))) else {
      throw LearningError.anotherTraining(path: markPath)
    }
    return mark
  }

  private func resumed(_ member: AlternatingMember, _ mark: Mark) throws -> TrainingState? {
    guard mark.step > 0 else { return nil }
    guard
      let state = try TrainingState(resuming: path(member, mark), from: member.initial, as: identity(member)),
      state.step == mark.step
    else { throw LearningError.anotherTraining(path: markPath) }
    return state
  }
}
