// The domains that every law of this module is checked on.

import Foundation
import SextantArrays

@testable import SextantGeometry

/// A domain with a name for test reports.
struct NamedDomain: CustomStringConvertible, Sendable {
  let name: String
  let domain: any Domain
  var description: String { name }
}

enum DomainZoo {
  static func range(_ start: Double, _ step: Double, _ count: Int) -> [Double] {
    (0..<count).map { start + Double($0) * step }
  }

  static let gaussianLatitudes = GaussLegendre(count: 32).nodes.map { asin($0) * 180 / .pi }

  static func grid(_ latitudes: [Double], _ longitudes: [Double]) throws -> LatitudeLongitudeGrid {
    try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
  }

  /// Grids that cover the whole sphere.
  static func globalGrids() throws -> [NamedDomain] {
    [
      NamedDomain(name: "4° with poles", domain: try grid(range(-90, 4, 46), range(0, 4, 90))),
      NamedDomain(
        name: "5° falling, −180…180, repeated column", domain: try grid(range(90, -5, 37), range(-180, 5, 73))),
      NamedDomain(name: "5° centred cells", domain: try grid(range(-87.5, 5, 36), range(2.5, 5, 72))),
      NamedDomain(name: "poles left out", domain: try grid(range(-85, 5, 35), range(355, -5, 72))),
      NamedDomain(name: "Gaussian", domain: try grid(gaussianLatitudes, range(0, 5.625, 64))),
      NamedDomain(
        name: "uneven latitudes", domain: try grid([-90, -70, -55, -30, -10, 0, 20, 45, 80, 90], range(0, 10, 36))),
      NamedDomain(name: "one pole", domain: try grid(range(90, -6, 30), range(0, 6, 60))),
    ]
  }

  /// Domains that cover a part of the sphere.
  static func regionalDomains() throws -> [NamedDomain] {
    let (rows, columns) = (12, 15)
    var (latitudes, longitudes): ([Double], [Double]) = ([], [])
    for i in 0..<rows {
      for j in 0..<columns {
        latitudes.append(40 + Double(i) + 0.3 * Double(j))
        longitudes.append(-10 + 1.5 * Double(j) - 0.4 * Double(i))
      }
    }
    return [
      NamedDomain(name: "across Greenwich", domain: try grid(range(49, 0.5, 21), [354, 356, 358, 0, 2, 4, 6])),
      NamedDomain(name: "polar cap", domain: try grid(range(60, 3, 11), range(0, 10, 36))),
      NamedDomain(name: "polar sector", domain: try grid(range(90, -3, 8), range(-60, 5, 20))),
      NamedDomain(name: "one row", domain: try grid([10], range(0, 1, 30))),
      NamedDomain(
        name: "curvilinear",
        domain: try CurvilinearGrid(rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes)),
      NamedDomain(name: "curvilinear, closed", domain: try rotatedGrid()),
    ]
  }

  /// A curvilinear grid around an axis that is tilted by 30°, whose last column borders the first.
  static func rotatedGrid() throws -> CurvilinearGrid {
    let (rows, columns) = (15, 24)
    let points = (0..<rows * columns).map { vertex in
      let p = GeographicPoint(
        latitude: -70 + 10 * Double(vertex / columns), longitude: 15 * Double(vertex % columns)
      ).position
      let (c, s) = (3.0.squareRoot() / 2, 0.5)
      return GeographicPoint(SIMD3(p.x, c * p.y - s * p.z, s * p.y + c * p.z))
    }
    return try CurvilinearGrid(
      rows: rows, columns: columns, latitudes: points.map(\.latitude), longitudes: points.map(\.longitude))
  }

  /// Points without a mesh, evenly over the sphere.
  static func scattered(_ count: Int) throws -> NamedDomain {
    var random = RandomStream(seed: 5)
    let places = (0..<count).map { _ in
      GeographicPoint(
        latitude: asin(random.uniform(in: -1..<1)) * 180 / .pi, longitude: random.uniform(in: -180..<180))
    }
    return NamedDomain(name: "scattered", domain: try ScatteredPoints(places))
  }

  /// Triangle meshes of the sphere.
  static func meshes() throws -> [NamedDomain] {
    var random = RandomStream(seed: 21)
    let points = (0..<300).map { _ in SIMD3(random.normal(), random.normal(), random.normal()) }
    return [
      NamedDomain(name: "icosahedron", domain: try SphereMesh.icosphere(subdivisions: 0)),
      NamedDomain(name: "icosphere 3", domain: try SphereMesh.icosphere(subdivisions: 3)),
      NamedDomain(name: "Fibonacci 1000", domain: try SphereMesh.fibonacci(vertexCount: 1000)),
      NamedDomain(name: "random points", domain: try SphereMesh(delaunay: points)),
    ]
  }

  /// Unstructured grids of the whole sphere.
  static func globalCells() throws -> [NamedDomain] {
    let cells = HEALPix(sideCount: 4, order: .nested)
    let centres = (0..<(cells?.cellCount ?? 0)).compactMap { cells?.centre(of: $0) }
    var rows: [GeographicPoint] = []
    for (row, count) in [6, 12, 18, 20, 20, 18, 12, 6].enumerated() {
      let latitude: Double = 78.75 - 22.5 * Double(row)
      for longitude in range(0, 360 / Double(count), count) {
        rows.append(GeographicPoint(latitude: latitude, longitude: longitude))
      }
    }
    return [
      NamedDomain(
        name: "HEALPix", domain: try UnstructuredGrid(centres, areas: centres.map { _ in cells?.cellArea ?? 0 })),
      NamedDomain(name: "reduced grid", domain: try UnstructuredGrid(rows)),
    ]
  }

  /// Unstructured grids of a part of the sphere.
  static func regionalCells() throws -> [NamedDomain] {
    let lattice = try SphereMesh.fibonacci(vertexCount: 900)
    let ocean = lattice.points.filter { (place: GeographicPoint) -> Bool in
      abs(place.latitude - 20) > 30 || abs(place.longitude - 40) > 50
    }
    let sphere = try SphereMesh.icosphere(subdivisions: 2)
    let (rows, columns) = (12, 15)
    var (latitudes, longitudes): ([Double], [Double]) = ([], [])
    var inside: [Int] = []
    for i in 0..<rows {
      for j in 0..<columns {
        latitudes.append(40 + Double(i) + 0.3 * Double(j))
        longitudes.append(-10 + 1.5 * Double(j) - 0.4 * Double(i))
        if !(4..<8).contains(i) || !(5..<9).contains(j) { inside.append(i * columns + j) }
      }
    }
    return [
      NamedDomain(name: "ocean cells", domain: try UnstructuredGrid(ocean)),
      NamedDomain(
        name: "part of a mesh",
        domain: try UnstructuredGrid(
          sphere.points, triangles: sphere.triangles.enumerated().filter { $0.offset % 40 != 7 }.map(\.element), name: "mesh")),
      NamedDomain(
        name: "curvilinear with a hole",
        domain: try UnstructuredGrid(
          rows: rows, columns: columns, latitudes: latitudes, longitudes: longitudes, cells: inside)),
    ]
  }

  /// Domains with latitudes and longitudes.
  static func geographic() throws -> [NamedDomain] {
    try globalGrids() + meshes() + regionalDomains() + globalCells() + regionalCells() + [scattered(400)]
  }

  static func all() throws -> [NamedDomain] { try geographic() + SurfaceZoo.all() + clouds() + images() }

  /// Images, the least of one pixel.
  static func images() throws -> [NamedDomain] {
    [
      NamedDomain(name: "image", domain: try ImageGrid(rows: 13, columns: 18)),
      NamedDomain(
        name: "image with oblong pixels", domain: try ImageGrid(rows: 6, columns: 4, pixelHeight: 0.5, pixelWidth: 2)),
      NamedDomain(name: "image of one row", domain: try ImageGrid(rows: 1, columns: 9)),
      NamedDomain(name: "image of one pixel", domain: try ImageGrid(rows: 1, columns: 1)),
    ]
  }

  /// Points in space without triangles.
  static func clouds() throws -> [NamedDomain] {
    let sphere = try SphereMesh.fibonacci(vertexCount: 150).nodePositions
    return [
      NamedDomain(name: "cloud", domain: try PointCloud(sphere.map { $0 * SIMD3(1, 2, 0.7) })),
      NamedDomain(name: "cloud with points twice", domain: try PointCloud(sphere + sphere.prefix(20))),
      NamedDomain(name: "cloud on a grid", domain: try PointCloud(SurfaceZoo.patch(6, 7).positions)),
      NamedDomain(name: "four points", domain: try PointCloud(SurfaceZoo.patch(2, 2).positions)),
    ]
  }
}
