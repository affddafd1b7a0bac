// Observations at places: CF's discrete sampling geometries in their orthogonal and single-profile forms, where
// one dimension runs along the places. Ragged arrays are not read.

import SextantGeometry

/// The values of a NetCDF file at scattered places, as fields on those places: one field for each time.
public struct PointFile: SignalSource {
  private let file: GriddedFile
  /// The places, in the file's order; they are the vertices of `domain`.
  public let points: [GeographicPoint]

  /// Recognises the point data of the file at `path`; parameters as for ``GriddedFile``.
  ///
  /// A grid is taken too where named variables lie on one: its vertices are the places.
  public init(
    path: String, variables: [String]? = nil, selecting: [String: [String]] = [:], monthVariable: String? = nil
  ) throws {
    file = try GriddedFile(
      path: path, variables: variables, selecting: selecting, monthVariable: monthVariable, acceptsPoints: true,
      sharing: nil)
    let grid = file.grid
    points = (0..<grid.vertexCount).map { grid.point(ofVertex: $0) }
  }

  /// Where the file is.
  public var path: String { file.path }
  public var domain: any Domain { file.domain }
  public var variables: [Variable] { file.variables }
  public var labels: [FieldLabel] { file.labels }
  public func read(_ indices: [Int]) throws -> SignalSet { try file.read(indices) }
}
