// Masks: designs that select entries. A mask is always a selection, never a weight or a value of zero, so that an
// observed 0 is distinguished from a missing value.

import SextantArrays

/// A design in which each entry is either measured individually or missing.
public protocol MaskDesign: MeasurementDesign {
  /// Whether each entry is missing (V·C). The flags of invalid entries have no effect.
  func missingEntries(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool]
}

extension MaskDesign {
  public var mayHide: Bool { true }

  public func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    let isMissing = try missingEntries(in: context, using: &random)
    let operation = SelectionOperator(observed: zip(context.isValid, isMissing).map { $0 && !$1 })
    guard operation.outputCount > 0 else {
      throw MeasurementError.nothingObserved(
        specification: description,
        reason: context.isValid.contains(true)
          ? "it omits every valid value of the field" : "the field has no valid value")
    }
    return operation
  }
}

/// A mask in which either all channels of a vertex are observed or none.
protocol VertexMask: MaskDesign {
  /// Whether each vertex is missing (V). The flags of invalid vertices have no effect.
  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool]
}

extension VertexMask {
  public func missingEntries(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    try missingVertices(in: context, using: &random).repeatingEach(context.channelCount)
  }
}

extension [Bool] {
  /// Each flag `count` times in a row: from vertices to entries.
  func repeatingEach(_ count: Int) -> [Bool] { flatMap { repeatElement($0, count: count) } }
}

extension RandomStream {
  /// A number between the bounds of a range.
  mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }
}
