// Fields that are looked over as they are read, so that a number that stands for a missing value is never taken for a
// measurement without a word.

import SextantArrays
import SextantGeometry

/// A document whose values are checked for those that are no measurements.
struct CheckedSource: DocumentWrapper {
  let source: any SignalDocument
  /// Whether suspect values are taken for measurements.
  private let acceptsValues: Bool
  /// What was found in the first fields.
  private let findings: [Remark]

  /// At most this many fields are looked at when a document is opened.
  private static let firstFields = 8

  /// Looks at the first fields of a document, of which conditions on some names were taken out.
  ///
  /// - Parameters:
  ///   - source: The document.
  ///   - conditions: The conditions that were taken out of it.
  ///   - acceptsValues: Whether suspect values are taken for measurements.
  ///   - looksAhead: Whether fields are looked at now, or only as they are read.
  /// - Throws: ``SignalFormatError/suspectValues(path:field:finding:)`` for values that would spoil an answer, and what
  ///   reading throws.
  init(
    _ source: any SignalDocument, excluding conditions: [MissingCondition], acceptsValues: Bool, looksAhead: Bool
  ) throws {
    self.source = source
    self.acceptsValues = acceptsValues
    guard looksAhead else {
      findings = []
      return
    }
    var (remarks, topics): ([Remark], Set<String>) = ([], [])
    var marked: [String: (count: Int, total: Int)] = [:]
    let unused = source.qualities.filter { quality in !conditions.contains { $0.name == quality.name } }
    var qualities: [(quality: QualityVariable, companion: FieldCompanion, isBad: @Sendable (Double) -> Bool)] = []
    for quality in unused {
      // A variable that does not belong to these fields says nothing of them.
      guard let companion = try? source.companion(quality.name) else { continue }
      qualities.append((quality, companion, try quality.proposal.predicate(flags: nil, path: source.path)))
    }
    for index in source.labels.indices.prefix(Self.firstFields) {
      let field = try source.read([index])[0]
      for finding in Self.suspects(of: field, namedGaps: source.namedGaps) {
        if finding.isGrave, !acceptsValues { throw Self.error(finding, in: source, field: index) }
        if topics.insert("\(finding.variable) \(finding.reason)").inserted { remarks.append(finding.remark) }
      }
      for (quality, companion, isBad) in qualities {
        let numbers = try companion.exactValues(index)
        let width = max(1, field.isValid.count / max(1, numbers.count))
        for entry in field.isValid.indices where field.isValid[entry] {
          marked[quality.name, default: (0, 0)].total += 1
          if isBad(numbers[min(entry / width, numbers.count - 1)]) { marked[quality.name, default: (0, 0)].count += 1 }
        }
      }
    }
    for (quality, _, _) in qualities {
      if let share = marked[quality.name], share.count > 0 { remarks.append(quality.remark(share.count, of: share.total)) }
    }
    findings = remarks + SeriesCheck(Array(source.labels.prefix(Self.labelLimit))).remarks
  }

  /// Series of more fields are not looked over: their times would take seconds to read.
  private static let labelLimit = 20000

  var remarks: [Remark] { source.remarks + findings }

  func read(_ indices: [Int]) throws -> SignalSet {
    let set = try source.read(indices)
    if acceptsValues { return set }
    let gaps = source.namedGaps
    for (slot, index) in indices.enumerated() {
      for finding in Self.suspects(of: set[slot], namedGaps: gaps) where finding.isGrave {
        throw Self.error(finding, in: source, field: index)
      }
    }
    return set
  }

  private static func suspects(of field: Signal, namedGaps: [Double]) -> [SuspectValue] {
    let channels = field.variables.count
    var scans = field.variables.map { ValueScan(named: namedGaps, range: PhysicalRange(of: $0)) }
    field.values.withUnsafeScalars { values in
      for channel in 0..<channels {
        for entry in stride(from: channel, to: values.count, by: channels) where field.isValid[entry] {
          scans[channel].add(Double(values[entry]))
        }
      }
    }
    return zip(field.variables, scans).flatMap { $1.suspects(name: $0.name) }
  }

  private static func error(_ finding: SuspectValue, in source: any SignalDocument, field index: Int) -> SignalFormatError {
    .suspectValues(
      path: source.path, field: source.labels[index].time.map { "the field of \($0)" } ?? "field \(index + 1)",
      finding: finding)
  }
}

extension QualityVariable {
  /// The remark that so many values are worse than acceptable and are used all the same.
  func remark(_ count: Int, of total: Int) -> Remark {
    Remark(
      .warning, "unused-quality",
      "\(name) calls \(count) of \(total) values in the first fields worse than acceptable, and they are used like the others. Give --missing '\(proposal)' to leave them out (in a configuration: missing: [\"\(proposal)\"]).")
  }
}

extension SignalDocument {
  /// The document without the values that the conditions of a request exclude, checked for values that are no
  /// measurements. Estimates are as they are.
  func checked(by request: SignalRequest, formats: [any SignalFormat]) throws -> any SignalDocument {
    var left: any SignalDocument = self
    if !request.missing.isEmpty {
      let conditioned = try ConditionedSource(self, excluding: request.missing, formats: formats)
      if request.series == nil, request.content == .fields { try conditioned.checkLeavesValues(of: request.missing) }
      left = conditioned
    }
    guard request.content == .fields else { return left }
    return try CheckedSource(
      left, excluding: request.missing, acceptsValues: request.acceptsValues, looksAhead: request.series == nil)
  }
}
