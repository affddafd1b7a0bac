// The layout of a file without a template: fields on a grid or on cells, distinguished by their labels.
// Increasing times become the time axis, members of an ensemble become CF realizations, and all other fields are
// numbered samples with labels.

import Foundation
import SextantGeometry

extension FieldLayout {
  /// The layout of fields with `labels` on `domain`.
  ///
  /// Throws ``NetCDFError/unwritableDomain(path:domain:)`` unless `domain` has latitudes and longitudes.
  init(labels: [FieldLabel], on domain: any Domain, path: String) throws {
    guard let horizontal = HorizontalLayout(domain, fieldCount: labels.count) else {
      throw NetCDFError.unwritableDomain(path: path, domain: domain.summary)
    }
    let hours = Self.hours(of: labels)
    let isTimeAxis = hours.map { zip($0, $0.dropFirst()).allSatisfy { $0 < $1 } } ?? false
    let members = labels.compactMap { $0.coordinates["realization"].flatMap(Double.init) }
    let isEnsemble = !isTimeAxis && !labels.isEmpty && members.count == labels.count
    let field = isTimeAxis ? "time" : isEnsemble ? "realization" : "sample"
    if horizontal.holdsOneField {
      self.init(labels: labels, horizontal: horizontal, hours: hours)
      return
    }
    func text(_ pairs: [(String, String)]) -> [(String, NetCDFAttributeValue)] { pairs.map { ($0, .text($1)) } }
    var coordinates: [LayoutCoordinate] = []
    if isEnsemble {
      coordinates.append(
        .numbers(
          field, members, type: .int, dimensions: [field],
          attributes: text([("standard_name", "realization"), ("units", "1")])))
    }
    if let hours {
      coordinates.append(
        .numbers(
          "time", hours, type: .double, dimensions: [field],
          attributes: text(
            [
              ("standard_name", "time"), ("units", "hours since 1900-01-01 00:00:00"), ("calendar", "standard"),
            ] + (isTimeAxis ? [("axis", "T")] : []))))
    } else if labels.contains(where: { $0.month != nil }) {
      coordinates.append(
        .numbers(
          "month", labels.map { Double($0.month ?? 0) }, type: .byte, dimensions: [field],
          attributes: text([("long_name", "month of the year"), ("comment", "0 = annual mean")])))
    }
    for name in Set(labels.flatMap(\.coordinates.keys)).sorted() where !["time", "month", field].contains(name) {
      let texts = labels.map { $0.coordinates[name] ?? "" }
      if let numbers = Self.numbers(texts) {
        coordinates.append(.numbers(name, numbers, type: .double, dimensions: [field], attributes: text([("long_name", name)])))
      } else {
        coordinates.append(.texts(name, texts, dimensions: [field], attributes: text([("long_name", name)])))
      }
    }
    coordinates += horizontal.coordinates
    let dimensions = [LayoutDimension(name: field, length: labels.count)] + horizontal.dimensions
    self.init(
      dimensions: dimensions, coordinates: coordinates,
      channels: [ChannelLayout(source: nil, dimensions: dimensions, uses: [.field(0)] + horizontal.uses)],
      fieldLengths: [labels.count], rows: horizontal.rows, columns: horizontal.columns, template: nil,
      attributes: horizontal.attributes)
  }

  /// A field of its own at places: its time and other coordinates are those of each place.
  private init(labels: [FieldLabel], horizontal: HorizontalLayout, hours: [Double]?) {
    let names = horizontal.dimensions.map(\.name)
    var coordinates = horizontal.coordinates
    if let hour = hours?.first {
      coordinates.append(
        .numbers(
          "time", [Double](repeating: hour, count: horizontal.rows), type: .double, dimensions: names,
          attributes: [
            ("standard_name", .text("time")), ("units", .text("hours since 1900-01-01 00:00:00")), ("calendar", .text("standard")),
          ]))
    }
    for (name, text) in (labels.first?.coordinates ?? [:]).sorted(by: { $0.key < $1.key }) {
      coordinates.append(.texts(name, [text], dimensions: [], attributes: [("long_name", .text(name))]))
    }
    self.init(
      dimensions: horizontal.dimensions, coordinates: coordinates,
      channels: [ChannelLayout(source: nil, dimensions: horizontal.dimensions, uses: horizontal.uses)], fieldLengths: [1],
      rows: horizontal.rows, columns: horizontal.columns, template: nil, attributes: horizontal.attributes)
  }

  /// The times as hours since 1900; nil unless each label has a time that exists in the standard calendar.
  private static func hours(of labels: [FieldLabel]) -> [Double]? {
    let start = CFCalendar.standard.dayNumber(year: 1900, month: 1, day: 1)
    var hours: [Double] = []
    for label in labels {
      guard let moment = label.time.flatMap({ CFDateTime(text: $0, calendar: .standard) }) else { return nil }
      hours.append(Double(moment.dayNumber - start) * 24 + moment.secondOfDay / 3600)
    }
    return hours.isEmpty ? nil : hours
  }

  private static func numbers(_ texts: [String]) -> [Double]? {
    let numbers = texts.compactMap(Double.init)
    return numbers.count == texts.count ? numbers : nil
  }
}
