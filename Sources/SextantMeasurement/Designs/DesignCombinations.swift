// Combinations of designs: masks whose gaps are united, and designs that follow one another.

import SextantArrays
import SextantGeometry

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
  var files: [String] { members.flatMap(\.files) }
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
  var files: [String] { stages.flatMap(\.files) }
  /// Whether all stages are masks.
  var isMask: Bool { stages.allSatisfy { ($0 as? AnyMeasurementDesign)?.isMask ?? ($0 is any MaskDesign) } }
  var description: String { stages.map(\.description).joined(separator: "|") }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    let base = random.split(Int(bitPattern: UInt(random.next())))
    var operation: any LinearOperator = SelectionOperator(all: context.entryCount)
    // The places of the outputs so far, and which places have a value.
    var entries = operation.outputEntries
    var isValid = context.isValid
    var domain: (any Domain)? = context.domain
    for (i, stage) in stages.enumerated() {
      guard let place = domain, isValid.count == place.vertexCount * context.channelCount else {
        throw MeasurementError.sizeMismatch(
          what: "The input of '\(stage)' from the preceding design in '\(self)'",
          expected: (domain?.vertexCount ?? 0) * context.channelCount, found: isValid.count)
      }
      var stream = base.split(i)
      let next = try MeasurementContext(
        domain: place, isValid: isValid, inputs: context.inputs, series: context.series)
      let drawn = try stage.draw(in: next, using: &stream)
      if let kept = drawn.maskedEntries {
        isValid = [Bool](repeating: false, count: isValid.count)
        for entry in kept { isValid[entry] = true }
      } else {
        if operation.outputCount != entries.count {
          operation = ExpansionOperator(entries).composed(after: operation)
        }
        let areValid = drawn.validOutputs(isValid: isValid)
        operation = drawn.composed(after: operation)
        entries = drawn.outputEntries
        isValid = [Bool](repeating: false, count: entries.count)
        for (output, entry) in entries.indices.enumerated() { isValid[entry] = areValid[output] }
        domain = try stage.valueDomain(for: place, inputs: context.inputs)
      }
    }
    guard isValid.contains(true) else {
      throw MeasurementError.nothingObserved(
        specification: description, reason: "every value that it measures depends on missing values")
    }
    let kept = entries.indices.map { isValid[$0] }
    return kept.contains(false) ? SelectionOperator(observed: kept).composed(after: operation) : operation
  }

  func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)? {
    var result: (any Domain)? = domain
    for stage in stages { result = try result.flatMap { try stage.valueDomain(for: $0, inputs: inputs) } }
    return result
  }

  func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField {
    try stages.reversed().reduce(values) { try $1.measuredField(of: $0, inputs: inputs) }
  }
}

/// The sum of operators: what each measures, added up. Written `A+B`.
struct DesignSum: MeasurementDesign {
  private let members: [any MeasurementDesign]

  /// The combination of designs between `+`: a union of masks, or a sum of operators.
  ///
  /// Throws ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for masks beside operators.
  static func combining(_ members: [any MeasurementDesign], text: String) throws -> any MeasurementDesign {
    if members.count == 1 { return members[0] }
    return members.contains { $0 is any MaskDesign } ? try MaskCombination(members, text: text) : DesignSum(members: members)
  }

  var mayHide: Bool { members.contains { $0.mayHide } }
  var files: [String] { members.flatMap(\.files) }
  var description: String { members.map(\.description).joined(separator: "+") }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    let base = random.split(Int(bitPattern: UInt(random.next())))
    let drawn = try members.enumerated().map { i, member -> any LinearOperator in
      var stream = base.split(i)
      return try member.draw(in: context, using: &stream)
    }
    let sets = drawn.map(\.outputEntries)
    if let other = sets.firstIndex(where: { $0.count != sets[0].count }) {
      throw MeasurementError.sizeMismatch(
        what: "The values of '\(members[other])' in the sum '\(self)'", expected: sets[0].count, found: sets[other].count)
    }
    // What every member measures.
    let common = sets.dropFirst().reduce(Set(sets[0].indices)) { $0.intersection($1.indices) }.sorted()
    guard !common.isEmpty else {
      throw MeasurementError.nothingObserved(specification: description, reason: "its members measure nothing in common")
    }
    let parts = zip(drawn, sets).map { operation, entries -> any LinearOperator in
      let places = Dictionary(entries.indices.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      return SelectionOperator(inputCount: operation.outputCount, indices: common.compactMap { places[$0] })
        .composed(after: operation)
    }
    return parts.dropFirst().reduce(parts[0]) { $0.adding($1) }
  }

  func valueDomain(for domain: any Domain, inputs: MeasurementInputs) throws -> (any Domain)? {
    try members[0].valueDomain(for: domain, inputs: inputs)
  }

  func measuredField(of values: MeasuredField, inputs: MeasurementInputs) throws -> MeasuredField {
    // The widest rim serves all.
    try members.map { try $0.measuredField(of: values, inputs: inputs) }.reduce(nil) { widest, field in
      guard let widest else { return field }
      return MeasuredField.widest(widest, field)
    } ?? values
  }
}

/// A multiple of the field, for sums with weights and for gains. Written `times:0.5`.
struct Multiple: MeasurementDesign, Equatable {
  let factor: Double

  static let kind = MeasurementDesignKind(
    name: "times", help: "the field times a number, for weights of sums and for gains", example: "times:0.5"
  ) { text in
    let factor = try text.takeNumber("factor", in: -1e12...1e12, fallback: 0, orPositional: true)
    guard factor != 0 else { throw text.failure(expected: "a factor other than 0", found: "0 or nothing") }
    return Multiple(factor: factor)
  }

  var mayHide: Bool { false }
  var description: String { "times:\(factor.short)" }

  func draw(in context: MeasurementContext, using random: inout RandomStream) -> any LinearOperator {
    ScalingOperator(count: context.entryCount, factor: Float(factor))
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
