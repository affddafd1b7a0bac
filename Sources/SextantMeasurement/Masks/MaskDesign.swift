// The family of masks: designs that select entries. A mask selects; it is never a weight of zero and never a value of zero, so that
// "observed 0" and "missing" stay apart everywhere.

import SextantArrays

/// A design under which each entry is measured by itself or missing.
public protocol MaskDesign: MeasurementDesign {
  /// Whether each entry is missing (V·C). What is said of invalid entries has no effect.
  func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool]
}

extension MaskDesign {
  public var mayHide: Bool { true }

  public func draw(on ground: MeasurementGround, using random: inout RandomStream) throws -> any LinearOperator {
    let isMissing = try missingEntries(on: ground, using: &random)
    let operation = SelectionOperator(observed: zip(ground.isValid, isMissing).map { $0 && !$1 })
    guard operation.outputCount > 0 else {
      throw MeasurementError.nothingObserved(
        specification: description,
        reason: ground.isValid.contains(true)
          ? "every valid value of the field is missing under it" : "the field has no valid value at all")
    }
    return operation
  }
}

/// A mask under which all channels of a vertex are observed, or none.
protocol VertexMask: MaskDesign {
  /// Whether each vertex is missing (V). What is said of invalid vertices has no effect.
  func missingVertices(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool]
}

extension VertexMask {
  public func missingEntries(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool] {
    try missingVertices(on: ground, using: &random).repeatingEach(ground.channelCount)
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
