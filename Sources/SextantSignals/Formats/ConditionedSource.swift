// Fields without the values that conditions exclude, such as those of a scan with a confidence below 0.2.

import SextantArrays
import SextantGeometry

/// A document in which values count as missing where one of several conditions holds.
public struct ConditionedSource: DocumentWrapper {
  public let source: any SignalDocument
  private let conditions: [(condition: MissingCondition, companion: FieldCompanion)]

  /// Throws ``SignalFormatError/absentCompanion(path:name:available:)`` and what
  /// ``SignalDocument/companion(_:)`` throws.
  public init(_ source: any SignalDocument, excluding conditions: [MissingCondition]) throws {
    self.source = source
    self.conditions = try conditions.map { ($0, try source.requiredCompanion($0.name)) }
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try source.read(indices)
    let size = fields.vertexCount * fields.channelCount
    var excluded: [Int] = []
    for (slot, index) in indices.enumerated() {
      for (condition, companion) in conditions {
        let numbers = try companion.values(index)
        guard numbers.count == size || numbers.count == fields.vertexCount else {
          throw SignalFormatError.unusableCompanion(
            path: path, name: condition.name,
            reason: "it has \(numbers.count) values, but a field has \(fields.vertexCount) vertices.")
        }
        let width = size / numbers.count
        for (place, number) in numbers.enumerated() where condition.holds(for: companion.offset + Double(number)) {
          excluded += (place * width..<(place + 1) * width).map { slot * size + $0 }
        }
      }
    }
    fields.setMissing(excluded)
    return fields
  }
}

extension SignalSet {
  /// Makes entries (of N·V·C) missing.
  mutating func setMissing(_ entries: [Int]) {
    for entry in entries { isValid[entry] = false }
    values.withUnsafeMutableScalars { values in
      for entry in entries { values[entry] = 0 }
    }
  }
}
