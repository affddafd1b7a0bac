// Observations at points: CF's discrete sampling geometries in their orthogonal and single-profile forms, in which one
// dimension runs along the points. Ragged arrays are not supported.

import SextantGeometry

/// The values of a NetCDF file at scattered points, as fields on those points, one field for each time.
public struct PointFile: SignalSource {
  private let file: GriddedFile
  /// The points, in the order of the file; they are the vertices of `domain`.
  public let points: [GeographicPoint]

  /// Recognises the point data of the file at `path`. The parameters are those of ``GriddedFile``.
  ///
  /// If the named variables are on a grid, its vertices are used as the points.
  public init(
    path: String, variables: [String]? = nil, selecting: [String: [String]] = [:], monthVariable: String? = nil
  ) throws {
    file = try GriddedFile(
      DatasetFile(path: path), variables: variables, selecting: selecting, monthVariable: monthVariable,
      acceptsPoints: true, sharing: nil)
    let grid = file.grid
    points = (0..<grid.vertexCount).map { grid.point(ofVertex: $0) }
  }

  /// The path of the file.
  public var path: String { file.path }
  public var domain: any Domain { file.domain }
  public var variables: [Variable] { file.variables }
  public var labels: [FieldLabel] { file.labels }
  public func read(_ indices: [Int]) throws -> SignalSet { try file.read(indices) }
}
