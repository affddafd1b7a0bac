// The values of a file at one place over its times, with the band of their spread: what `sextant draw --at` draws.

import Foundation
import SextantArrays
import SextantGeometry
import SextantModels
import SextantReport
import SextantSignals

/// A place whose values are drawn over time.
public enum TimeLinePlace: Sendable, Equatable {
  /// The vertex nearest to a latitude and a longitude.
  case point(GeographicPoint)
  /// A vertex by its number, counted from 0.
  case vertex(Int)

  /// Reads `LATITUDE,LONGITUDE` or `vertex:NUMBER`. Throws `RunError`.
  public init(text: String) throws {
    let numbers = text.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
    if text.hasPrefix("vertex:"), let number = Int(text.dropFirst(7)), number >= 0 {
      self = .vertex(number)
    } else if numbers.count == 2, let latitude = numbers[0], let longitude = numbers[1],
      (-90...90).contains(latitude), (-360...360).contains(longitude)
    {
      self = .point(GeographicPoint(latitude: latitude, longitude: longitude))
    } else {
      throw RunError.invalid(
        "--at \(text): expected LATITUDE,LONGITUDE in degrees, such as 51.5,-0.1, or vertex:NUMBER.")
    }
  }
}

/// A time line of a file.
struct TimeLine {
  let input: SignalInput
  let place: TimeLinePlace

  /// The plot. Throws ``RunError``, and what reading throws.
  func plot(_ document: any SignalDocument, formats: [any SignalFormat]) throws -> Plot {
    guard document.count > 1 else {
      throw RunError.invalid("--at: \(document.path) has one field. A time line needs several.")
    }
    let (vertex, name) = try vertex(of: document)
    let variable = document.variables[0]
    let values = try self.values(of: document, at: vertex)
    let order = try order(of: document)
    let (times, axis) = self.times(of: document, order: order)
    let mean = order.map { values[$0] }
    var layers: [Plot.Layer] = []
    if let spreads = spread(of: variable, at: vertex, count: document.count, formats: formats) {
      let band = order.map { spreads[$0] }
      layers.append(
        .band(
          "90 % interval", x: times, lower: zip(mean, band).map { $0 - 1.645 * $1 },
          upper: zip(mean, band).map { $0 + 1.645 * $1 }, style: Plot.Style(colour: Colour.lines[0])))
    }
    layers.append(.line(layers.isEmpty ? variable.name : "mean", x: times, y: mean, style: Plot.Style(colour: Colour.lines[0])))
    if let observed = observed(variable, at: vertex, count: document.count, formats: formats) {
      layers.append(
        .line(
          "where it was observed", x: times, y: order.map { observed[$0] > 0.5 ? values[$0] : .nan },
          style: Plot.Style(colour: Colour.lines[1], width: 0, marker: .circle)))
    }
    return Plot(
      title: variable.longName ?? variable.name, subtitle: name, xAxis: Axis(axis),
      yAxis: Axis(variable.units.isEmpty ? variable.name : "\(variable.name) (\(variable.units))"), layers: layers)
  }

  private func vertex(of document: any SignalDocument) throws -> (index: Int, name: String) {
    let count = document.domain.vertexCount
    switch place {
    case .vertex(let number):
      guard number < count else {
        throw RunError.invalid("--at vertex:\(number): \(document.path) has the vertices 0 to \(count - 1).")
      }
      return (number, "vertex \(number)")
    case .point(let point):
      let geography = try document.domain.requiredGeography(for: "A place by latitude and longitude")
      func nearness(_ other: GeographicPoint) -> Double {
        let (a, b) = (point.latitude * .pi / 180, other.latitude * .pi / 180)
        return sin(a) * sin(b) + cos(a) * cos(b) * cos((point.longitude - other.longitude) * .pi / 180)
      }
      let nearest = geography.points.indices.max {
        nearness(geography.points[$0]) < nearness(geography.points[$1])
      }
      guard let nearest else { throw RunError.invalid("\(document.path): the domain is empty.") }
      let found = geography.points[nearest]
      return (
        nearest,
        String(
          format: "the cell at %.2f° %@, %.2f° %@", abs(found.latitude), found.latitude < 0 ? "S" : "N", abs(found.longitude),
          found.longitude < 0 ? "W" : "E")
      )
    }
  }

  /// The fields in the order of time, or of the file.
  private func order(of document: any SignalDocument) throws -> [Int] {
    let days = document.labels.map { $0.day ?? .nan }
    guard days.allSatisfy(\.isFinite) else { return Array(days.indices) }
    return days.indices.sorted { days[$0] == days[$1] ? $0 < $1 : days[$0] < days[$1] }
  }

  private func times(of document: any SignalDocument, order: [Int]) -> (values: [Double], label: String) {
    let days = order.compactMap { document.labels[$0].day }
    guard days.count == order.count, let first = days.first, let last = days.last else {
      return (order.indices.map { Double($0 + 1) }, "field")
    }
    let start = document.labels[order[0]].time ?? "the first field"
    let span = last - first
    if span > 1000 { return (days.map { ($0 - first) / 365.25 }, "years since \(start)") }
    return span < 4 ? (days.map { ($0 - first) * 24 }, "hours since \(start)") : (days.map { $0 - first }, "days since \(start)")
  }

  private func values(of document: any SignalDocument, at vertex: Int) throws -> [Double] {
    let channels = document.variables.count
    var values: [Double] = []
    try document.forEachChunk(of: Array(document.labels.indices)) { chunk in
      let size = chunk.vertexCount * channels
      chunk.values.withUnsafeScalars { scalars in
        for row in 0..<chunk.count {
          let entry = row * size + vertex * channels
          values.append(chunk.isValid[entry] ? Double(scalars[entry]) : .nan)
        }
      }
    }
    return values
  }

  /// The numbers of a companion of the variable that `sextant impute` writes; nil where the file has none.
  private func companion(_ name: String, at vertex: Int, count: Int, formats: [any SignalFormat]) -> [Double]? {
    var input = input
    input.variables = [name]
    guard let document = try? input.open(formats: formats), document.count == count else { return nil }
    return try? values(of: document, at: vertex)
  }

  private func spread(of variable: Variable, at vertex: Int, count: Int, formats: [any SignalFormat]) -> [Double]? {
    companion("\(variable.name)_spread", at: vertex, count: count, formats: formats)
  }

  private func observed(_ variable: Variable, at vertex: Int, count: Int, formats: [any SignalFormat]) -> [Double]? {
    companion("\(variable.name)_observed", at: vertex, count: count, formats: formats)
  }
}
