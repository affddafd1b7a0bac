// Combinations of designs: masks whose gaps are united, and designs that follow one another.

import SextantArrays

/// A union of masks: a value is missing if any of them omits it. Written `A+B`.
struct MaskCombination: MaskDesign {
  private let members: [any MaskDesign]

  /// Throws ``MeasurementError/invalidSpecification(text:expected:found:example:)`` if a member is not a mask.
  init(_ members: [any MeasurementDesign], text: String) throws {
    self.members = try members.map { member in
      guard let mask = member as? any MaskDesign else {
        throw MeasurementError.invalidSpecification(
          text: text, expected: "masks on both sides of '+'", found: "'\(member)', which is not a mask",
          example: "random:0.5+band:-20..20")
      }
      return mask
    }
  }

  var mayHide: Bool { members.contains { $0.mayHide } }
  var description: String { members.map(\.description).joined(separator: "+") }

  func missingEntries(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    // Each member has its own random numbers, so that a change of one does not affect the others.
    let base = random.split(Int(bitPattern: UInt(random.next())))
    var isMissing = [Bool](repeating: false, count: context.entryCount)
    for (i, member) in members.enumerated() {
      var stream = base.split(i)
      for (entry, flag) in try member.missingEntries(in: context, using: &stream).enumerated() where flag {
        isMissing[entry] = true
      }
    }
    return isMissing
  }
}

/// Designs in sequence: each measures the result of the one before it. Written `A|B`.
///
/// A mask marks entries as missing. The operators that follow act on the whole field; outputs that depend on a missing
/// entry are not measured.
struct DesignChain: MeasurementDesign {
  private let stages: [any MeasurementDesign]

  /// Makes a chain; a chain among the stages is replaced by its own stages.
  init(_ stages: [any MeasurementDesign]) {
    self.stages = stages.flatMap { ($0 as? DesignChain)?.stages ?? [$0] }
  }

  var mayHide: Bool { stages.contains { $0.mayHide } }
  var description: String { stages.map(\.description).joined(separator: "|") }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    let base = random.split(Int(bitPattern: UInt(random.next())))
    var operation: any LinearOperator = SelectionOperator(all: context.entryCount)
    var isValid = context.isValid
    for (i, stage) in stages.enumerated() {
      guard operation.outputCount == context.entryCount else {
        throw MeasurementError.sizeMismatch(
          what: "The input of '\(stage)' from the preceding design in '\(self)'", expected: context.entryCount,
          found: operation.outputCount)
      }
      var stream = base.split(i)
      let next = try MeasurementContext(
        domain: context.domain, isValid: isValid, inputs: context.inputs, series: context.series)
      let drawn = try stage.draw(in: next, using: &stream)
      if let kept = drawn.maskedEntries {
        isValid = [Bool](repeating: false, count: isValid.count)
        for entry in kept { isValid[entry] = true }
      } else {
        isValid = drawn.validOutputs(isValid: isValid)
        operation = drawn.composed(after: operation)
      }
    }
    guard isValid.contains(true) else {
      throw MeasurementError.nothingObserved(
        specification: description, reason: "every value that it measures depends on missing values")
    }
    return isValid.contains(false) ? SelectionOperator(observed: isValid).composed(after: operation) : operation
  }
}

extension LinearOperator {
  /// The entries that a mask keeps, ascending and without repetitions; nil for any other operator.
  fileprivate var maskedEntries: [Int]? {
    guard let entries = selectedEntries, zip(entries, entries.dropFirst()).allSatisfy(<) else { return nil }
    return entries
  }

  /// Whether each output (m) depends on valid entries alone.
  ///
  /// - Parameter isValid: whether each entry of the signal is valid (n).
  func validOutputs(isValid: [Bool]) -> [Bool] {
    if let selectedEntries { return selectedEntries.map { isValid[$0] } }
    guard isValid.contains(false) else { return [Bool](repeating: true, count: outputCount) }
    if case .sparse(let matrix) = form {
      return (0..<matrix.rowCount).map { row in
        (matrix.rowStarts[row]..<matrix.rowStarts[row + 1]).allSatisfy {
          isValid[Int(matrix.columns[$0])] || matrix.values[$0] == 0
        }
      }
    }
    // An operator without a matrix is applied to random numbers at the invalid entries: outputs that ignore these are 0.
    var random = RandomStream(seed: 0)
    let probe: Tensor<Float> = random.normals([1, inputCount]).scalingColumns(by: isValid.map { $0 ? 0 : 1 })
    return apply(probe).scalars.map { $0 == 0 }
  }
}
