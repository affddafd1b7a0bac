// The places of a horizontal grid in degrees, in the order of the file, and the domain that they define. The shape
// of the coordinates determines the type of the domain, which checks their validity itself.
//
// Ocean models leave cells on land, or on processors that were removed, without a place: fill values, not-a-number, or
// zero for both coordinates. Such cells are outside the domain. The vertices of the domain are the other cells.

import Foundation
import SextantGeometry

/// The places of a grid as stored in the file, or as its grid mapping gives them.
struct GridCoordinates: Sendable, Equatable {
  let kind: HorizontalGrid.Kind
  let rows: Int
  let columns: Int
  /// Degrees north: one for each row of a rectilinear grid, otherwise one for each cell.
  let latitudes: [Double]
  /// Degrees east: one for each column of a rectilinear grid, otherwise one for each cell.
  let longitudes: [Double]
  /// The cells that have a place, ascending; nil if all have.
  let cells: [Int]?
  /// The areas of the cells that the file gives, in steradians.
  private var areas: [Double]?
  /// The triangles between the cells that the file gives.
  private var triangles: [SIMD3<Int32>]?
  /// What the cells are called.
  private var cellName = "unstructured grid"

  init(_ grid: HorizontalGrid, in file: NetCDFFile) throws {
    kind = grid.kind
    rows = grid.rows.length
    columns = grid.hasOneDimension ? 1 : grid.columns.length
    var places: (latitudes: [Double], longitudes: [Double])
    switch grid.places {
    case .coordinates:
      places = (try Self.degrees(grid.coordinates[0], in: file), try Self.degrees(grid.coordinates[1], in: file))
      if grid.kind == .cells { areas = try CellBounds.areas(of: grid, in: file) }
    case .pole(let pole):
      let (y, x) = (try Self.degrees(grid.coordinates[0], in: file), try Self.degrees(grid.coordinates[1], in: file))
      let points = y.flatMap { y in x.map { pole.geographic(latitude: y, longitude: $0) } }
      places = (points.map(\.0), points.map(\.1))
    case .mapping(let mapping) where grid.kind == .cells:
      let cells = try HEALPixCells(mapping, of: grid, in: file)
      places = (cells.places.map(\.latitude), cells.places.map(\.longitude))
      (areas, cellName) = (cells.areas, cells.name)
    case .mapping(let mapping):
      places = try GridProjection(mapping, path: file.path).places(of: grid, in: file)
    case .topology(let topology):
      let mesh = try topology.mesh(in: file)
      places = (mesh.places.map(\.latitude), mesh.places.map(\.longitude))
      (areas, triangles, cellName) = (mesh.areas, mesh.triangles, mesh.name)
    }
    let hasCells = [.curvilinear, .projected, .cells].contains(grid.kind)
    cells = hasCells ? Self.cellsWithPlaces(places.latitudes, places.longitudes) : nil
    if let cells {
      // Grids are compared, and no number equals not-a-number.
      let inside = Set(cells)
      for cell in places.latitudes.indices where !inside.contains(cell) {
        (places.latitudes[cell], places.longitudes[cell]) = (0, 0)
      }
    }
    (latitudes, longitudes) = places
  }

  /// The number of cells in the file.
  var cellCount: Int { rows * columns }

  /// The number of vertices of the domain.
  var vertexCount: Int { cells?.count ?? cellCount }

  /// The vertex of each cell, −1 for one outside the domain; empty if all cells are vertices.
  var vertexOfCell: [Int32] {
    guard let cells else { return [] }
    var result = [Int32](repeating: -1, count: cellCount)
    for (vertex, cell) in cells.enumerated() { result[cell] = Int32(vertex) }
    return result
  }

  /// The coordinates of a vertex, with the file's own numbers.
  func point(ofVertex vertex: Int) -> GeographicPoint {
    if kind == .rectilinear {
      return GeographicPoint(latitude: latitudes[vertex / columns], longitude: longitudes[vertex % columns])
    }
    let cell = cells?[vertex] ?? vertex
    return GeographicPoint(latitude: latitudes[cell], longitude: longitudes[cell])
  }

  /// The domain. Without cells outside, vertex = row·columns + column, where the row is the latitude's index in the file.
  func makeDomain() throws -> any Domain {
    if let cells, cells.isEmpty {
      throw GeometryError.invalidGrid(
        "None of the \(cellCount) cells has a place: expected finite degrees with latitudes in −90…90.")
    }
    switch kind {
    case .rectilinear: return try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
    case .projected where cells == nil:
      if let axes = separateAxes, let grid = try? LatitudeLongitudeGrid(latitudes: axes.0, longitudes: axes.1) {
        return grid
      }
      return try CurvilinearGrid(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)
    case .curvilinear, .rotated, .projected:
      guard let cells else {
        return try CurvilinearGrid(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)
      }
      return try UnstructuredGrid(
        rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes, cells: cells)
    case .cells:
      return try UnstructuredGrid(
        (0..<vertexCount).map(point), areas: areasOfVertices, triangles: trianglesOfVertices, name: cellName)
    case .points:
      return try ScatteredPoints((0..<vertexCount).map(point))
    }
  }

  /// A sentence on the cells outside the domain.
  var remark: Remark? {
    guard let cells else { return nil }
    return Remark(
      .note, "cells-without-place",
      "\(cellCount - cells.count) of \(cellCount) cells have no place (fill values, no numbers, zeros, or beyond the edge of the map): they are outside the domain, and missing in what is written."
    )
  }

  private var areasOfVertices: [Double]? {
    guard let areas, areas.allSatisfy({ $0.isFinite && $0 > 0 }) || cells != nil else { return nil }
    let own = cells?.map { areas[$0] } ?? areas
    return own.allSatisfy { $0.isFinite && $0 > 0 } ? own : nil
  }

  private var trianglesOfVertices: [SIMD3<Int32>]? {
    guard let triangles, cells != nil else { return triangles }
    let vertices = vertexOfCell
    return triangles.map { SIMD3(vertices[Int($0.x)], vertices[Int($0.y)], vertices[Int($0.z)]) }
      .filter { $0.min() >= 0 }
  }

  /// The latitudes of the rows and the longitudes of the columns, if each row lies on a parallel and each column on a
  /// meridian, as in cylindrical projections.
  private var separateAxes: ([Double], [Double])? {
    let tolerance = 1e-9
    let rowLatitudes = (0..<rows).map { latitudes[$0 * columns] }
    let columnLongitudes = Array(longitudes.prefix(columns))
    for i in 0..<rows {
      for j in 0..<columns {
        guard abs(latitudes[i * columns + j] - rowLatitudes[i]) <= tolerance,
          abs(longitudes[i * columns + j] - columnLongitudes[j]) <= tolerance
        else { return nil }
      }
    }
    return (rowLatitudes, columnLongitudes)
  }

  /// A grid may have this many cells at 0° N 0° E, such as those of repeated columns; more of them have no place.
  private static let mostCellsAtZero = 4

  private static func cellsWithPlaces(_ latitudes: [Double], _ longitudes: [Double]) -> [Int]? {
    let zeros = zip(latitudes, longitudes).count { $0 == 0 && $1 == 0 }
    let cells = latitudes.indices.filter {
      let (latitude, longitude) = (latitudes[$0], longitudes[$0])
      if zeros > mostCellsAtZero, latitude == 0, longitude == 0 { return false }
      return abs(latitude) <= 90 && abs(longitude) <= 1080
    }
    return cells.count == latitudes.count ? nil : cells
  }

  /// The values of a coordinate in degrees.
  static func degrees(_ variable: NetCDFVariable, in file: NetCDFFile) throws -> [Double] {
    var values = try file.values(of: variable)
    if isInRadians(variable) { values = values.map { $0 * 180 / .pi } }
    let size = variable.shape.suffix(2).reduce(1, *)
    guard values.count > size else { return values }
    // WRF and other models repeat the grid for each time.
    for (i, value) in values.enumerated() where value != values[i % size] && !(value.isNaN && values[i % size].isNaN) {
      throw NetCDFError.invalidCoordinate(
        path: file.path, variable: variable.name,
        reason: "the grid changes along \(variable.dimensions[0].name); split the file into files with one grid each.")
    }
    return Array(values.prefix(size))
  }

  static func isInRadians(_ variable: NetCDFVariable) -> Bool {
    ["radian", "radians", "rad"].contains((variable.text("units") ?? "").lowercased())
  }
}
