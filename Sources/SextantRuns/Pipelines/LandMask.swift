// Land masks and coverage files brought to the grid of the fields: what the masks `land`, `sea` and `file:` need,
// and what lets a prior tell land from sea.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// A file that tells land from sea.
public struct LandMask: Sendable, Equatable, Codable {
  /// The NetCDF file.
  public var file: String
  /// Its variable; nil where it has one only.
  public var variable: String?
  /// The values that mean land; nil: a number between 0 and 1 is the share of land, anything above 1 is land.
  public var landValues: [Float]?

  public init(file: String, variable: String? = nil, landValues: [Float]? = nil) {
    self.file = file
    self.variable = variable
    self.landValues = landValues
  }

  /// The share of land around each vertex of `domain` (V); a missing value counts as sea.
  ///
  /// On a latitude–longitude grid it is the mean over the cell of the vertex, elsewhere the interpolated value. Throws
  /// ``GeometryError/noGeography(domain:purpose:)``, and what reading throws.
  public func share(on domain: any Domain) throws -> [Float] {
    let source = try GriddedFile(path: file, variables: variable.map { [$0] })
    let field = try source.read([0])[0]
    let channels = field.variables.count
    let shares = field.values.withUnsafeScalars { values in
      (0..<source.domain.vertexCount).map { vertex -> Double in
        let entry = vertex * channels
        guard field.isValid[entry] else { return 0 }
        if let landValues { return landValues.contains(values[entry]) ? 1 : 0 }
        return Double(min(max(values[entry], 0), 1))
      }
    }
    let mask = try source.domain.requiredGeography(for: "A land mask")
    func interpolated(to places: [GeographicPoint]) throws -> [Double] {
      try mask.interpolation(to: places).times(shares)
    }
    let geography = try domain.requiredGeography(for: "The share of land")
    let points = geography.points
    guard let grid = geography.gridAxes, grid.rows > 1, grid.columns > 1, points.count <= Self.averagedVertexLimit
    else { return try interpolated(to: points).map(Float.init) }
    let (rowStep, columnStep) = (
      abs(grid.latitudes[1] - grid.latitudes[0]), abs(grid.longitudes[1] - grid.longitudes[0])
    )
    var sums = [Double](repeating: 0, count: points.count)
    let count = Self.averagingPoints
    for i in 0..<count {
      for j in 0..<count {
        let (north, east) = ((Double(i) + 0.5) / Double(count) - 0.5, (Double(j) + 0.5) / Double(count) - 0.5)
        let places = points.map { point in
          GeographicPoint(
            latitude: min(max(point.latitude + north * rowStep, -90), 90),
            longitude: point.longitude + east * columnStep)
        }
        for (vertex, share) in try interpolated(to: places).enumerated() { sums[vertex] += share }
      }
    }
    return sums.map { Float($0 / Double(count * count)) }
  }

  /// How many places along each side of a cell are averaged.
  private static let averagingPoints = 7
  /// Beyond this many vertices, cells are as fine as masks are, and averaging would only take time.
  private static let averagedVertexLimit = 200_000
}

extension MaskSampler {
  /// What the mask needs beside its text, on `domain`: the land mask, the content of its file.
  ///
  /// A value of a coverage file counts as observed where it is there and not 0; each vertex takes the nearest cell. For a
  /// domain without a geography the file holds numbers at the vertices, such as a table or an array, and its first variable
  /// counts.
  public func inputs(on domain: any Domain, landShare: [Float]?) throws -> MaskInputs {
    var inputs = MaskInputs(isLand: landShare?.map { $0 > 0.5 })
    if case .combination(let members) = self {
      for member in members {
        if let flags = try member.inputs(on: domain, landShare: nil).isObservedInFile {
          inputs.isObservedInFile = flags
        }
      }
    }
    guard case .file(let path, let variable) = self else { return inputs }
    guard domain.geography != nil else {
      let field = try VertexValues(contentsOf: path, columns: variable.map { [$0] }).signals(on: domain)[0]
      let (values, channels) = (field.values.scalars, field.variables.count)
      inputs.isObservedInFile = (0..<domain.vertexCount).map { vertex in
        field.isValid[vertex * channels] && values[vertex * channels] != 0
      }
      return inputs
    }
    let source = try GriddedFile(path: path, variables: variable.map { [$0] })
    let field = try source.read([0])[0]
    let channels = field.variables.count
    let values = field.values.scalars
    let cells = NearestNeighbours(source.domain.positions)
    inputs.isObservedInFile = domain.positions.map { position in
      guard let cell = cells.nearest(1, to: position).first else { return false }
      let entry = cell.index * channels
      return field.isValid[entry] && values[entry] != 0
    }
    return inputs
  }
}
