// Fields with some of their values held out, so that estimates can be checked against them.

import SextantArrays
import SextantGeometry

/// A document that hides some of its valid values, chosen separately for each field.
public struct HeldOutSource: DocumentWrapper {
  public let source: any SignalDocument
  private let observed: @Sendable (_ index: Int, _ isValid: [Bool]) throws -> [Bool]

  /// Hides all but the entries (V·C) of field `index` for which `observed` gives true, given which are there. It must
  /// give the same answer each time.
  public init(
    _ source: any SignalDocument,
    keeping observed: @escaping @Sendable (_ index: Int, _ isValid: [Bool]) throws -> [Bool]
  ) {
    (self.source, self.observed) = (source, observed)
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try source.read(indices)
    var entries: [Int] = []
    for (slot, index) in indices.enumerated() {
      entries += try hiddenEntries(of: index, isValid: fields[slot].isValid).map {
        slot * fields.vertexCount * fields.channelCount + $0
      }
    }
    fields.setMissing(entries)
    return fields
  }

  /// The entries (of V·C) of field `index` that are held out, with their values.
  public func heldOut(of index: Int) throws -> [(entry: Int, value: Float)] {
    let field = try source.read([index])[0]
    let entries = try hiddenEntries(of: index, isValid: field.isValid)
    return field.values.withUnsafeScalars { values in entries.map { ($0, values[$0]) } }
  }

  private func hiddenEntries(of index: Int, isValid: [Bool]) throws -> [Int] {
    guard isValid.contains(true) else { return [] }
    let isLeft = try observed(index, isValid)
    return isValid.indices.filter { isValid[$0] && !isLeft[$0] }
  }
}
