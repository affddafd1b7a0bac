// Several files as one document: the parts of a series that are filled together. It reads; each part is written to a file
// of its own.

import Foundation
import SextantArrays
import SextantGeometry

/// The fields of several files, in the order of the files, and what is to be said of how their times meet.
public struct JoinedDocument: SignalDocument {
  /// The files.
  public let documents: [any SignalDocument]
  private let series: SignalSeries

  /// Joins at least one file; see ``SignalSeries/init(_:)``. Throws ``ArchiveError``.
  public init(_ documents: [any SignalDocument]) throws {
    (self.documents, series) = (documents, try SignalSeries(documents))
  }

  public var path: String {
    documents[0].path + (documents.count > 1 ? " and \(documents.count - 1) more" : "")
  }
  public var inputPaths: [String] { documents.flatMap(\.inputPaths) }
  public var format: any SignalFormat { documents[0].format }
  public var domain: any Domain { series.domain }
  public var variables: [Variable] { series.variables }
  public var labels: [FieldLabel] { series.labels }
  public var companionNames: [String] { documents[0].companionNames }
  public var namedGaps: [Double] { documents[0].namedGaps }
  public var qualities: [QualityVariable] { documents[0].qualities }
  public var fullScale: Double? {
    let first = documents[0].fullScale
    return documents.allSatisfy { $0.fullScale == first } ? first : nil
  }

  public var fullRange: ClosedRange<Double>? {
    let first = documents[0].fullRange
    return documents.allSatisfy { $0.fullRange == first } ? first : nil
  }

  public func read(_ indices: [Int]) throws -> SignalSet { try series.read(indices) }

  public func members(of index: Int) throws -> Tensor<Float>? {
    let place = series.origin(of: index)
    return try place.document.members(of: place.index)
  }

  /// Numbers beside the fields of all files. Throws ``ArchiveError/differentUnits(first:second:variable:reason:)`` where
  /// the files give them in different units, and where one lacks them.
  public func companion(_ name: String) throws -> FieldCompanion? {
    guard let first = try documents[0].companion(name) else { return nil }
    for document in documents.dropFirst() {
      let own = try document.requiredCompanion(name)
      guard own.units == first.units else {
        throw ArchiveError.differentUnits(
          first: path, second: document.path, variable: name,
          reason: "they are '\(first.units)' and '\(own.units)'. Give both files the same units.")
      }
    }
    let series = series
    return FieldCompanion(
      name: name, units: first.units, isConstant: false, flags: first.flags,
      values: { index in
        let place = series.origin(of: index)
        return try place.document.requiredCompanion(name).exactValues(place.index).map { Float($0) }
      },
      exactValues: { index in
        let place = series.origin(of: index)
        return try place.document.requiredCompanion(name).exactValues(place.index)
      })
  }

  /// The range of fields of the file with a number.
  public func range(ofDocument number: Int) -> Range<Int> {
    let start = documents[..<number].reduce(0) { $0 + $1.count }
    return start..<start + documents[number].count
  }

  public var remarks: [Remark] {
    var seen: Set<Remark> = []
    return documents.flatMap(\.remarks).filter { seen.insert($0).inserted } + meetings
  }

  /// Where the times of two files that follow each other overlap, or leave out more than half a step.
  private var meetings: [Remark] {
    struct Span {
      var name: String
      var first: (day: Double, text: String)
      var last: (day: Double, text: String)
      var days: [Double]
    }
    let spans = documents.compactMap { document -> Span? in
      let times = document.labels.compactMap { label in label.day.map { (day: $0, text: label.time ?? "\($0)") } }
        .sorted { $0.day < $1.day }
      guard let first = times.first, let last = times.last else { return nil }
      let name = URL(fileURLWithPath: document.path).lastPathComponent
      return Span(name: name, first: first, last: last, days: times.map(\.day))
    }.sorted { $0.first.day < $1.first.day }
    let steps = spans.flatMap { zip($0.days.dropFirst(), $0.days).map { $0 - $1 } }.filter { $0 > 0 }.sorted()
    let step = steps.isEmpty ? nil : steps[steps.count / 2]
    return zip(spans, spans.dropFirst()).compactMap { earlier, later in
      let pause = later.first.day - earlier.last.day
      if pause <= 0 {
        let shared = Set(earlier.days).intersection(later.days).count
        return Remark(
          .warning, "time-overlap",
          "\(earlier.name) and \(later.name) overlap in time, from \(later.first.text) to \(earlier.last.day < later.last.day ? earlier.last.text : later.last.text), with \(shared) time\(shared == 1 ? "" : "s") in both.")
      }
      guard let step, pause > 1.5 * step else { return nil }
      let absent = Int((pause / step).rounded()) - 1
      return Remark(
        .note, "time-gap",
        "Between \(earlier.name), which ends at \(earlier.last.text), and \(later.name), which begins at \(later.first.text), \(absent) time\(absent == 1 ? " is" : "s are") absent.")
    }
  }
}
