// Fields without the values that conditions exclude, such as those of a scan with a confidence below 0.2.

import Foundation
import SextantArrays
import SextantGeometry

/// A document in which values count as missing where one of several conditions holds.
public struct ConditionedSource: DocumentWrapper {
  public let source: any SignalDocument
  public let inputPaths: [String]
  private let conditions: [(companion: FieldCompanion, holds: @Sendable (Double) -> Bool)]

  /// A condition is on numbers beside the fields or, if there are none of its name, on those of another file of that
  /// name, such as an atlas of the same surface.
  ///
  /// Throws ``SignalFormatError/absentCompanion(path:name:available:)``, what ``SignalDocument/companion(_:)`` throws,
  /// and ``SignalFormatError/unknownFlag(path:name:word:known:)`` for a word that the file does not explain.
  ///
  /// - Parameters:
  ///   - source: the document.
  ///   - conditions: the conditions.
  ///   - formats: the formats of other files.
  public init(
    _ source: any SignalDocument, excluding conditions: [MissingCondition], formats: [any SignalFormat] = .standard
  ) throws {
    self.source = source
    var others: [String] = []
    self.conditions = try conditions.map { condition in
      var companion = try source.companion(condition.name)
      if companion == nil {
        companion = try Self.companion(ofFile: condition.name, beside: source, formats: formats)
        if companion != nil, !others.contains(condition.name) { others.append(condition.name) }
      }
      let found = try companion ?? source.requiredCompanion(condition.name)
      return (found, try condition.predicate(flags: found.flags, path: source.path))
    }
    inputPaths = source.inputPaths + others
  }

  /// The numbers of another file on the same domain; nil where there is no such file.
  private static func companion(
    ofFile path: String, beside source: any SignalDocument, formats: [any SignalFormat]
  ) throws -> FieldCompanion? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { return nil }
    let other = try formats.format(of: path).open(SignalRequest(path: path, domain: source.domain))
    guard other.variables.count == 1 else {
      throw SignalFormatError.variablesUnclear(path: path, available: other.variables.map(\.name))
    }
    guard other.domain.vertexCount == source.domain.vertexCount else {
      throw SignalFormatError.unusableCompanion(
        path: path, name: other.variables[0].name,
        reason: "it has values for \(other.domain.vertexCount) vertices, but a field of \(source.path) has \(source.domain.vertexCount).")
    }
    guard other.count == 1 || other.count == source.count else {
      throw SignalFormatError.companionCount(
        path: path, name: other.variables[0].name, expected: source.count, found: other.count)
    }
    guard let own = try other.companion(other.variables[0].name) else { return nil }
    let isSingle = other.count == 1
    return FieldCompanion(
      name: own.name, units: own.units, isConstant: isSingle, flags: own.flags,
      values: { try own.values(isSingle ? 0 : $0) }, exactValues: { try own.exactValues(isSingle ? 0 : $0) })
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
