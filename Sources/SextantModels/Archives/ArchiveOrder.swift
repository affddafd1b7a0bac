// The order of an archive in time. The shell lists the files of a wildcard by name, so the files of one wildcard are put
// in the order of their first times; and what is odd about the times of all files together is said.

import Foundation
import SextantSignals

/// The order of fields in time, and what is odd about it.
package enum ArchiveOrder {
  /// The files of each pattern, those of one wildcard in the order of their first times.
  ///
  /// - Parameters:
  ///   - patterns: paths with the shell's wildcards.
  ///   - open: opens files as one source.
  /// - Returns: the source of all files.
  /// - Throws: what `open` throws, and ``RunError/invalid(_:)`` for a wildcard that no file matches.
  package static func open(
    _ patterns: [String], _ open: (_ paths: [String]) throws -> SignalSeries
  ) throws -> SignalSeries {
    let groups = try patterns.map { try FilePatterns.files(matching: [$0]) }
    let paths = groups.flatMap(\.self)
    let series = try open(paths)
    guard groups.contains(where: { $0.count > 1 }) else { return series }
    var sorted: [String] = []
    var place = 0
    for group in groups {
      let documents = series.documents[place..<place + group.count]
      sorted += Self.sorted(zip(group, documents).map { ($0, $1.labels.compactMap(TimeKey.init).min()) })
      place += group.count
    }
    // The first file gives names, units and domain, so a new order is opened anew.
    return sorted == paths ? series : try open(sorted)
  }

  /// Paths in the order of their times, and as they are where one of them has no time.
  private static func sorted(_ files: [(path: String, time: TimeKey?)]) -> [String] {
    let known = files.compactMap { file in file.time.map { (file.path, $0) } }
    guard known.count == files.count else { return files.map(\.path) }
    return known.enumerated().sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }.map(\.element.0)
  }

  /// What is odd about the times of selected fields: fields that come twice, files that overlap, steps that are missing.
  package static func remarks(on source: any SignalSource, indices: [Int]) -> [Remark] {
    let series = source as? SignalSeries
    func file(_ index: Int) -> String? { series.map { $0.origin(of: index).document.path } }
    var seen: [String: Int] = [:]
    var twice: [(first: Int, second: Int)] = []
    for index in indices {
      guard let key = Self.key(of: source.labels[index]) else { return [] }
      if let first = seen[key] { twice.append((first, index)) } else { seen[key] = index }
    }
    var remarks: [Remark] = []
    if let (first, second) = twice.first {
      let (a, b) = (file(first), file(second))
      let places = a.flatMap { a in b.map { b in a == b ? " in \(a)" : " in \(a) and in \(b)" } } ?? ""
      remarks.append(
        Remark(
          .warning, "repeated-fields",
          "\(twice.count) of \(indices.count) fields of the archive have the time and the coordinates of an earlier one; the first is \(source.labels[second].time ?? "?")\(places). Fields that come twice count twice: leave one of them out, or give the files a coordinate that tells them apart."))
    }
    if twice.isEmpty, let series { remarks += overlaps(of: series, indices: indices) }
    return remarks + missingSteps(indices.compactMap { TimeKey(source.labels[$0]) })
  }

  /// Files whose times overlap although no field comes twice.
  private static func overlaps(of series: SignalSeries, indices: [Int]) -> [Remark] {
    var spans: [(path: String, first: TimeKey, last: TimeKey)] = []
    var places: [String: Int] = [:]
    for index in indices {
      guard let time = TimeKey(series.labels[index]) else { return [] }
      let path = series.origin(of: index).document.path
      if let place = places[path] {
        spans[place].first = min(spans[place].first, time)
        spans[place].last = max(spans[place].last, time)
      } else {
        places[path] = spans.count
        spans.append((path, time, time))
      }
    }
    let sorted = spans.sorted { $0.first < $1.first }
    let pairs = zip(sorted, sorted.dropFirst()).filter { $1.first < $0.last }
    guard let (one, other) = pairs.first else { return [] }
    return [
      Remark(
        .note, "overlapping-files",
        "The times of \(pairs.count == 1 ? "two files" : "\(pairs.count) pairs of files") of the archive overlap: \(other.path) begins at \(other.first.text), before the end of \(one.path) at \(one.last.text). If they are two versions of the same fields, leave one of them out.")
    ]
  }

  private static func missingSteps(_ times: [TimeKey]) -> [Remark] {
    let times = Set(times).sorted()
    let steps = zip(times, times.dropFirst()).map { $1.days - $0.days }
    guard steps.count >= 3 else { return [] }
    let usual = steps.sorted()[steps.count / 2]
    let long = steps.indices.filter { steps[$0] > 1.8 * usual }
    guard let first = long.first else { return [] }
    return [
      Remark(
        .note, "missing-steps",
        "The times of the archive have \(long.count) gap\(long.count == 1 ? "" : "s"): most fields are \(String(format: "%.3g", usual)) days apart, and the first gap is from \(times[first].text) to \(times[first + 1].text).")
    ]
  }

  /// What tells a field from others; nil without a time.
  private static func key(of label: FieldLabel) -> String? {
    label.time.map { time in
      ([time] + label.coordinates.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: "\n")
    }
  }
}

/// A time that is written in ISO form, in an order that holds for years before 0 and after 9999, too.
struct TimeKey: Hashable, Comparable {
  let text: String
  private let year: Int
  /// Month, day and time.
  private let rest: Substring

  /// The time of a field; nil without one.
  init?(_ label: FieldLabel) {
    guard let text = label.time, let match = text.prefixMatch(of: /(-?\d{4,})-/), let year = Int(match.1) else {
      return nil
    }
    (self.text, self.year, rest) = (text, year, text[match.range.upperBound...])
  }

  /// Days since the year 0, near enough to compare steps in any calendar.
  var days: Double {
    let numbers = rest.split { !$0.isNumber && $0 != "." }.compactMap { Double($0) }
    guard numbers.count >= 5 else { return 365.25 * Double(year) }
    let starts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    let month = min(max(Int(numbers[0]), 1), 12)
    return 365.25 * Double(year) + Double(starts[month - 1]) + numbers[1] - 1 + (numbers[2] + numbers[3] / 60) / 24
  }

  static func < (a: TimeKey, b: TimeKey) -> Bool { a.year == b.year ? a.rest < b.rest : a.year < b.year }
}
