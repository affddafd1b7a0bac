// Fields with some of their values held out, so that estimates can be checked against them.

import SextantArrays
import SextantGeometry

/// A document that hides some of the values that are there; which, is drawn anew for each field.
public struct HeldOutSource: SignalDocument {
  private let source: any SignalDocument
  private let observed: @Sendable (_ index: Int, _ isValid: [Bool]) throws -> [Bool]

  /// - Parameter observed: Says which entries (V·C) of field `index` are left, given which are there. It must give the same
  ///   answer each time.
  public init(
    _ source: any SignalDocument,
    keeping observed: @escaping @Sendable (_ index: Int, _ isValid: [Bool]) throws -> [Bool]
  ) {
    (self.source, self.observed) = (source, observed)
  }

  public var path: String { source.path }
  public var inputPaths: [String] { source.inputPaths }
  public var format: any SignalFormat { source.format }
  public var origin: any SignalDocument { source.origin }
  public var domain: any Domain { source.domain }
  public var variables: [Variable] { source.variables }
  public var labels: [FieldLabel] { source.labels }
  public var companionNames: [String] { source.companionNames }
  public func companion(_ name: String) throws -> FieldCompanion? { try source.companion(name) }
  public func members(of index: Int) throws -> Tensor<Float>? { try source.members(of: index) }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try source.read(indices)
    var entries: [Int] = []
    for (slot, index) in indices.enumerated() {
      entries += try hiddenEntries(of: index, isValid: fields[slot].isValid).map {
        slot * fields.vertexCount * fields.channelCount + $0
      }
    }
    fields.takeOut(entries)
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
