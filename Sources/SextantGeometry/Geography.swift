// The latitudes and longitudes of a domain. A domain declares them: a mesh whose vertices happen to lie on the unit
// sphere has none.

import SextantArrays

/// The places on the Earth of a domain's vertices.
///
/// A domain that conforms to this protocol is its own ``Domain/geography``.
public protocol Geography: Sendable {
  /// The place of each vertex (V entries).
  var points: [GeographicPoint] { get }
  /// The weights that interpolate from the vertices to places (places × V, rows sum to 1).
  ///
  /// Throws ``GeometryError/outsideDomain(_:)`` if the domain does not cover a place.
  func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix
  /// The axes of the vertices if they form a latitude–longitude grid; nil otherwise.
  var gridAxes: GridAxes? { get }
}

extension Geography {
  public var gridAxes: GridAxes? { nil }
}

extension Geography where Self: Domain {
  public var points: [GeographicPoint] { positions.map(GeographicPoint.init) }
}

extension Domain where Self: Geography {
  public var geography: (any Geography)? { self }
}

/// The axes of a latitude–longitude grid: vertex = row · columns + column.
public struct GridAxes: Sendable, Equatable {
  /// The latitude of each row, in degrees north.
  public var latitudes: [Double]
  /// The longitude of each column, in degrees east, in any range.
  public var longitudes: [Double]

  public init(latitudes: [Double], longitudes: [Double]) { (self.latitudes, self.longitudes) = (latitudes, longitudes) }

  /// The number of rows.
  public var rows: Int { latitudes.count }
  /// The number of columns.
  public var columns: Int { longitudes.count }
}

/// A place on the sphere, in degrees.
public struct GeographicPoint: Sendable, Hashable, Codable {
  /// Degrees north, −90…90.
  public var latitude: Double
  /// Degrees east, any range.
  public var longitude: Double

  public init(latitude: Double, longitude: Double) {
    self.latitude = latitude
    self.longitude = longitude
  }
}
