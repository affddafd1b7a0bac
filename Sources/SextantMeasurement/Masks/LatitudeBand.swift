// A missing band of latitudes, such as the polar gap of a satellite or tropics without stations.

import SextantArrays
import SextantGeometry

/// All values between two latitudes are missing, including the limits.
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
  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    // A tolerance of a millionth of a degree, because latitudes are computed from unit vectors.
    let range = latitudes.lowerBound - 1e-6...latitudes.upperBound + 1e-6
    return try context.geographicPoints(for: self).map { range.contains($0.latitude) }
  }
}

extension LatitudeBand: CustomStringConvertible {
  var description: String { "band:\(latitudes.short(separator: ".."))" }
}
