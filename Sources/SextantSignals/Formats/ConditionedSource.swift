// Fields without the values that conditions exclude, such as those of a scan with a confidence below 0.2.

import SextantArrays
import SextantGeometry

/// A document in which values count as missing where one of several conditions holds.
public struct ConditionedSource: DocumentWrapper {
  public let source: any SignalDocument
  private let conditions: [(companion: FieldCompanion, holds: @Sendable (Double) -> Bool)]

  /// Throws ``SignalFormatError/absentCompanion(path:name:available:)``, what ``SignalDocument/companion(_:)`` throws,
  /// and ``SignalFormatError/unknownFlag(path:name:word:known:)`` for a word that the file does not explain.
  public init(_ source: any SignalDocument, excluding conditions: [MissingCondition]) throws {
    self.source = source
    self.conditions = try conditions.map { condition in
      let companion = try source.requiredCompanion(condition.name)
      return (companion, try condition.predicate(flags: companion.flags, path: source.path))
    }
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try source.read(indices)
    let size = fields.vertexCount * fields.channelCount
    var excluded: [Int] = []
    for (slot, index) in indices.enumerated() {
      for (companion, holds) in conditions {
        let numbers = try companion.exactValues(index)
        guard numbers.count == size || numbers.count == fields.vertexCount else {
          throw SignalFormatError.unusableCompanion(
            path: path, name: companion.name,
            reason: "it has \(numbers.count) values, but a field has \(fields.vertexCount) vertices.")
        }
        let width = size / numbers.count
        for (place, number) in numbers.enumerated() where holds(number) {
          excluded += (place * width..<(place + 1) * width).map { slot * size + $0 }
        }
      }
    }
    fields.setMissing(excluded)
    return fields
  }

  /// Throws ``SignalFormatError/nothingLeft(path:conditions:count:)`` if no field has a value left, and some had one.
  /// Longer series than `limit` are not looked at.
  func checkLeavesValues(of conditions: [MissingCondition], limit: Int = 8) throws {
    guard count <= limit else { return }
    var excluded = 0
    for index in 0..<count {
      if try read([index]).isValid.contains(true) { return }
      excluded += try source.read([index]).isValid.count { $0 }
    }
    if excluded > 0 {
      throw SignalFormatError.nothingLeft(path: path, conditions: conditions.map(\.description), count: excluded)
    }
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
