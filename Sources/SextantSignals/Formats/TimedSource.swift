// Times for fields whose file has none, such as the rows of an array of numbers or the pages of an image.

import Foundation
import SextantArrays
import SextantGeometry

/// Times that are given beside a file: a list, or a start and a step.
public enum FieldTimes: Sendable, Equatable, Encodable, CustomStringConvertible {
  /// A file with one number a line.
  case file(String)
  /// A first time, and the time between fields.
  case regular(start: Double, step: Double)

  /// Reads `START:STEP`, or the name of a file. Throws ``FieldTimesError`` for a step that is not above 0.
  public init(text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    if parts.count == 2, let start = parts[0], let step = parts[1] {
      guard step > 0, start.isFinite, step.isFinite else { throw FieldTimesError.invalidStep(text) }
      self = .regular(start: start, step: step)
    } else {
      self = .file(text)
    }
  }

  public var description: String {
    switch self {
    case .file(let path): path
    case .regular(let start, let step): "\(start):\(step)"
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// The times of `count` fields. Throws ``FieldTimesError``.
  public func values(_ count: Int) throws -> [Double] {
    switch self {
    case .regular(let start, let step): return (0..<count).map { start + Double($0) * step }
    case .file(let path):
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw FieldTimesError.unreadable(path) }
      let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") }
      let numbers = try lines.enumerated().map { index, line in
        guard let number = Double(line), number.isFinite else {
          throw FieldTimesError.notANumber(path: path, line: index + 1, text: line)
        }
        return number
      }
      guard numbers.count == count else {
        throw FieldTimesError.wrongCount(path: path, found: numbers.count, expected: count)
      }
      return numbers
    }
  }
}

/// A document with times that were given beside it.
public struct TimedSource: DocumentWrapper {
  public let source: any SignalDocument
  public let labels: [FieldLabel]

  /// Throws ``FieldTimesError``; also where the document has times of its own.
  public init(_ source: any SignalDocument, times: FieldTimes) throws {
    if source.labels.contains(where: { $0.day != nil }) { throw FieldTimesError.hasTimes(path: source.path) }
    self.source = source
    // The numbers of a field and of a frame are its place in the file, which the time replaces. The slices of a frame have one time.
    let placeNames = [FieldLabel.numberName, FieldLabel.frameName]
    let places = source.labels.enumerated().map { index, label in
      let own = placeNames.map { label.coordinates[$0] }
      return own.allSatisfy { $0 == nil } ? ["\(index)"] : own
    }
    var order: [[String?]: Int] = [:]
    for place in places where order[place] == nil { order[place] = order.count }
    let values = try times.values(order.count)
    labels = zip(source.labels, places).map { label, place in
      var label = label
      let time = values[order[place] ?? 0]
      for name in placeNames { label.coordinates[name] = nil }
      label.day = time
      label.time = "\(time)"
      return label
    }
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try source.read(indices)
    fields.labels = indices.map { labels[$0] }
    return fields
  }
}

/// Times that cannot be used.
public enum FieldTimesError: Error, Equatable, CustomStringConvertible {
  case invalidStep(String)
  case unreadable(String)
  case notANumber(path: String, line: Int, text: String)
  case wrongCount(path: String, found: Int, expected: Int)
  case hasTimes(path: String)

  public var description: String {
    switch self {
    case .invalidStep(let text): "--times \(text): expected START:STEP with a step above 0, such as 0:0.5, or a file with one time a line."
    case .unreadable(let path): "--times \(path): the file cannot be read. Expected a text file with one time a line, or START:STEP such as 0:0.5."
    case .notANumber(let path, let line, let text): "\(path), line \(line): expected a time as a number, found '\(text)'."
    case .wrongCount(let path, let found, let expected):
      "\(path): \(found) time\(found == 1 ? "" : "s") for \(expected) field\(expected == 1 ? "" : "s"). Expected one line for each field."
    case .hasTimes(let path): "--times: \(path) has times of its own. Leave the option out."
    }
  }
}
