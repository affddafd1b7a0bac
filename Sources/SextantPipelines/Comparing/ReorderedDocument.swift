// A document whose vertices are those of another domain in another order: rows from south to north instead of north to south,
// longitudes from −180° instead of 0°. Scores compare values at the same places, whatever their order.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals

/// A document with its vertices in the order of another domain.
struct ReorderedDocument: DocumentWrapper {
  let source: any SignalDocument
  let domain: any Domain
  /// For each vertex of the domain, the vertex of the source at the same place (V).
  private let places: [Int]

  /// Nil unless both domains have the same places on the Earth, each once.
  init?(_ source: any SignalDocument, on domain: any Domain) {
    guard let own = source.domain.geography?.places, let wanted = domain.geography?.places, own.count == wanted.count else {
      return nil
    }
    var vertices: [PlaceKey: Int] = [:]
    for (vertex, point) in own.enumerated() where vertices.updateValue(vertex, forKey: PlaceKey(point)) != nil { return nil }
    var places: [Int] = []
    for point in wanted {
      guard let vertex = vertices.removeValue(forKey: PlaceKey(point)) else { return nil }
      places.append(vertex)
    }
    (self.source, self.domain, self.places) = (source, domain, places)
  }

  func read(_ indices: [Int]) throws -> SignalSet {
    let fields = try source.read(indices)
    let (channels, size) = (fields.channelCount, fields.vertexCount * fields.channelCount)
    let order = entries(channels)
    let flags = (0..<fields.count).flatMap { slot in order.map { fields.isValid[slot * size + $0] } }
    return SignalSet(
      domain: domain, variables: fields.variables,
      values: reordered(fields.values.reshaped(to: [fields.count, size])).reshaped(to: [fields.count, fields.vertexCount, channels]),
      isValid: flags, labels: fields.labels)
  }

  func members(of index: Int) throws -> Tensor<Float>? { try source.members(of: index).map(reordered) }

  func spread(of index: Int) throws -> [Float]? {
    try source.spread(of: index).map { reordered(Tensor($0, shape: [1, $0.count])).scalars }
  }

  /// Numbers beside the fields are not compared, so that they are not reordered either.
  func companion(_ name: String) throws -> FieldCompanion? { nil }
  var companionNames: [String] { [] }

  private func entries(_ channels: Int) -> [Int] {
    places.flatMap { vertex in (0..<channels).map { vertex * channels + $0 } }
  }

  /// Rows of V·C numbers in the order of the domain.
  private func reordered(_ rows: Tensor<Float>) -> Tensor<Float> {
    let order = entries(rows.columnCount / max(1, places.count))
    return Tensor(shape: rows.shape) { out in
      rows.withUnsafeScalars { values in
        for row in 0..<rows.rowCount {
          for (column, entry) in order.enumerated() { out[row * order.count + column] = values[row * order.count + entry] }
        }
      }
    }
  }
}

/// A place on the Earth to a ten-thousandth of a degree: that of neither file is given more precisely.
private struct PlaceKey: Hashable {
  private let latitude, longitude: Int

  init(_ point: GeographicPoint) {
    latitude = Int((point.latitude * 1e4).rounded())
    let turns = (point.longitude / 360).rounded(.down)
    // 360° is 0°.
    longitude = Int(((point.longitude - 360 * turns) * 1e4).rounded()) % 3_600_000
  }
}

extension Geography {
  /// The place of each vertex (V), of a grid from its axes: at a pole, a position knows no longitude.
  fileprivate var places: [GeographicPoint] {
    guard let gridAxes else { return points }
    return gridAxes.latitudes.flatMap { latitude in
      gridAxes.longitudes.map { GeographicPoint(latitude: latitude, longitude: $0) }
    }
  }
}

extension Domain {
  /// What tells a domain from another whose summary is the same, for messages: where their first vertices lie; empty where the
  /// summaries differ.
  func difference(from other: any Domain) -> String {
    guard summary == other.summary, let own = geography?.places.first, let first = other.geography?.places.first else { return "" }
    func text(_ point: GeographicPoint) -> String { String(format: "%.6g° N, %.6g° E", point.latitude, point.longitude) }
    return own == first
      ? ", of which other places differ" : " (they begin at \(text(own)) and at \(text(first)))"
  }
}
