// The steps of an imputation: open, match grids and units, solve field by field, write.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantSolvers
import SextantStorage

extension Imputation {
  /// Fills every field of the file at `input` and writes the answer to `output`.
  ///
  /// - Parameters:
  ///   - overwrite: whether an output that is there may be replaced.
  ///   - history: one line of provenance for the output.
  ///   - progress: told of each field; `interruption` is looked at between fields.
  /// - Returns: what was done.
  public func run(
    input path: String, model: Model, output: String, overwrite: Bool, history: String,
    progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> ImputationSummary {
    if splitsMembers { try checkThatMembersCanBeSplit() }
    let members = splitsMembers ? MemberFilesWriter.paths(for: output, count: samples) : []
    for place in splitsMembers ? members : [output] { try WholeFile.checkIsFree(place, overwrite: overwrite) }
    let file = try GriddedFile(
      path: path, variables: variables ?? model.space.variables.map(\.name), selecting: selecting)
    let solver = try FieldSolver(
      self, fields: file, path: path, noise: FieldSolver.noise(of: file, for: self), model: model)
    let finished = try FinishedFields(
      beside: output, key: AnswerKey.text(request: self, inputs: [path], model: model), isUsed: file.count > 1)
    let seconds = try finished.fill(file.count, by: solver, progress: progress, interruption: interruption)
    try write(finished, file: file, solver: solver, output: output, members: members, overwrite: overwrite, history)
    finished.remove()
    return solver.summary(answers: file.count, seconds: seconds)
  }

  private func checkThatMembersCanBeSplit() throws {
    guard method.traits.drawsSamples, samples > 0 else {
      throw RunError.invalid(
        "One file for each sample was asked for, but '\(method.name)' draws \(method.traits.drawsSamples ? "none without --samples" : "no samples"). Use eof, two-scale or kriging, or one output."
      )
    }
    if regrid == .model {
      throw RunError.invalid(
        "One file for each sample takes the input's grid. Give --regrid input, or write one output.")
    }
  }

  private func write(
    _ finished: FinishedFields, file: GriddedFile, solver: FieldSolver, output: String, members: [String],
    overwrite: Bool, _ history: String
  ) throws {
    let description = FieldFileDescription(history: history, attributes: ["sextant_method": solver.methodName])
    if splitsMembers {
      try MemberFilesWriter.write(to: members, overwrite: overwrite, like: file, description: description) { writer in
        for index in 0..<file.count {
          guard let samples = try finished.answer(at: index).samples else { continue }
          try writer.write(samples, at: index)
        }
      }
      return
    }
    let hasSpread = try finished.answer(at: 0).spread != nil
    let hasSamples = try finished.answer(at: 0).samples != nil
    let content = FilledFileContent(
      memberCount: hasSamples && writesEnsemble ? samples : 0, quantileLevels: hasSamples ? quantileLevels : [],
      hasSpread: hasSpread, hasObservedMask: true)
    let write: (FilledFileWriter) throws -> Void = { writer in
      for index in 0..<file.count {
        let answer = try finished.answer(at: index)
        try writer.write(
          FilledField(
            mean: answer.mean, spread: answer.spread, members: writesEnsemble ? answer.samples : nil,
            quantiles: answer.samples?.ensembleQuantiles(quantileLevels) ?? [], isObserved: answer.isObserved),
          at: index)
      }
    }
    let keepsGrid = solver.match.isSameGrid || solver.match.answer == .input
    try FilledFileWriter.write(
      to: output, overwrite: overwrite, like: file, on: keepsGrid ? nil : solver.match.answerDomain, content: content,
      description: description, write)
  }
}
