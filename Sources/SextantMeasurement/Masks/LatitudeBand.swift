// A band of latitudes missing: the polar gap of a satellite, the tropics without stations.

import SextantArrays
import SextantGeometry

/// Everything missing from one latitude to another, both included.
struct LatitudeBand: Sendable, Equatable {
  /// Degrees north.
  var latitudes: ClosedRange<Double>

  static let kind = MeasurementDesignKind(
    name: "band", help: "a band of latitudes is missing", example: "band:-20..20"
  ) { try LatitudeBand(&$0) }
}

extension LatitudeBand {
  init(_ specification: inout DesignText) throws {
    self.init(latitudes: try specification.takeRange("latitudes", in: -90...90, orPositional: true))
  }
}

extension LatitudeBand: VertexMask {
  func missingVertices(on ground: MeasurementGround, using random: inout RandomStream) throws -> [Bool] {
    // A millionth of a degree of slack: latitudes come back from unit vectors.
    let range = latitudes.lowerBound - 1e-6...latitudes.upperBound + 1e-6
    return try ground.geographicPoints(for: self).map { range.contains($0.latitude) }
  }
}

extension LatitudeBand: CustomStringConvertible {
  var description: String { "band:\(latitudes.short(separator: ".."))" }
}
