// Several designs as one: masks that add up their gaps, and designs one after another.

import SextantArrays

/// Masks together: a value is missing wherever any of them is missing it. Written `A+B`.
struct MaskCombination: MaskDesign {
  private let members: [any MaskDesign]

  /// Throws ``MeasurementError/invalidSpecification(text:expected:found:example:)`` where a member is no mask.
  init(_ members: [any MeasurementDesign], text: String) throws {
    self.members = try members.map { member in
      guard let mask = member as? any MaskDesign else {
        throw MeasurementError.invalidSpecification(
          text: text, expected: "masks on both sides of '+'", found: "'\(member)', which is no mask",
          example: "random:0.5+band:-20..20")
      }
      return mask
    }
  }

  var mayHide: Bool { members.contains { $0.mayHide } }
  var description: String { members.map(\.description).joined(separator: "+") }

  func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool] {
    // Each member has its own numbers, so that changing one leaves the others as they are.
    let base = random.split(Int(bitPattern: UInt(random.next())))
    var isMissing = [Bool](repeating: false, count: ground.entryCount)
    for (i, member) in members.enumerated() {
      var stream = base.split(i)
      for (entry, flag) in try member.missingEntries(on: ground, using: &stream).enumerated() where flag {
        isMissing[entry] = true
      }
    }
    return isMissing
  }
}

/// Designs one after another: each measures what the one before it gives. Written `A|B`.
///
/// A mask marks entries as missing. What follows works on a whole field and measures what depends on no missing entry.
struct DesignChain: MeasurementDesign {
  private let stages: [any MeasurementDesign]

  /// A chain within the chain is the same as its stages.
  init(_ stages: [any MeasurementDesign]) {
    self.stages = stages.flatMap { ($0 as? DesignChain)?.stages ?? [$0] }
  }

  var mayHide: Bool { stages.contains { $0.mayHide } }
  var description: String { stages.map(\.description).joined(separator: "|") }

  func draw(on ground: MeasurementGround, using random: inout RandomStream) throws -> any LinearOperator {
    let base = random.split(Int(bitPattern: UInt(random.next())))
    var operation: any LinearOperator = SelectionOperator(all: ground.entryCount)
    var isValid = ground.isValid
    for (i, stage) in stages.enumerated() {
      guard operation.outputCount == ground.entryCount else {
        throw MeasurementError.sizeMismatch(
          what: "What '\(stage)' is given by the design before it in '\(self)'", expected: ground.entryCount,
          found: operation.outputCount)
      }
      var stream = base.split(i)
      let next = try MeasurementGround(domain: ground.domain, isValid: isValid, inputs: ground.inputs)
      let drawn = try stage.draw(on: next, using: &stream)
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
        specification: description, reason: "every value that it measures depends on missing ones")
    }
    return isValid.contains(false) ? SelectionOperator(observed: isValid).composed(after: operation) : operation
  }
}

extension LinearOperator {
  /// The entries that a mask keeps, ascending and each once; nil for any other operator.
  fileprivate var maskedEntries: [Int]? {
    guard let entries = selectedEntries, zip(entries, entries.dropFirst()).allSatisfy(<) else { return nil }
    return entries
  }

  /// Whether each output (m) depends on valid entries alone.
  ///
  /// - Parameter isValid: whether each entry of the signal is there (n).
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
    // What an operator without a matrix makes of random numbers at the invalid entries is 0 where it does not look at them.
    var random = RandomStream(seed: 0)
    let probe: Tensor<Float> = random.normals([1, inputCount]).scalingColumns(by: isValid.map { $0 ? 0 : 1 })
    return apply(probe).scalars.map { $0 == 0 }
  }
}
