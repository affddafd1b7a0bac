// Triangle meshes of the unit sphere: the icosphere, the Fibonacci lattice, or any given closed mesh.
// Areas are those of the Voronoi cells if the triangulation is Delaunay, and otherwise a third of each triangle;
// both sum to 4π. Not here: meshes of other surfaces.

import Foundation
import SextantArrays

/// A triangulation of the whole unit sphere.
public struct SphereMesh: Domain, Geography {
  public let nodePositions: [SIMD3<Double>]
  /// The corners of each triangle, turning left seen from outside.
  public let triangles: [SIMD3<Int32>]
  public let areaWeights: [Double]
  public let fingerprint: String
  public let summary: String
  let record: any DomainRecord
  private let locator: TriangleLocator

  public var vertexCount: Int { nodePositions.count }
  public var nodeCount: Int { nodePositions.count }
  public var nodeOfVertex: [Int32] { [Int32](0..<Int32(vertexCount)) }

  /// A closed mesh of the sphere; positions are scaled to length 1.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)`` where triangles do not cover the sphere exactly once.
  public init(positions: [SIMD3<Double>], triangles: [SIMD3<Int32>]) throws {
    try self.init(
      positions, triangles, summary: "\(positions.count)-vertex mesh of the sphere",
      record: Record(positions: positions, triangles: triangles))
  }

  private init(
    _ given: [SIMD3<Double>], _ triangles: [SIMD3<Int32>], summary: String, record: any DomainRecord
  ) throws {
    if let bad = given.firstIndex(where: { !$0.isFinite || $0.squaredLength == 0 }) {
      throw GeometryError.invalidMesh(
        "Vertex number \(bad + 1) is \(given[bad]): expected a finite position away from 0.")
    }
    let vertices = Int32(given.count)
    if let bad = triangles.firstIndex(where: { t in (0..<3).contains { t[$0] < 0 || t[$0] >= vertices } }) {
      throw GeometryError.invalidMesh(
        "Triangle number \(bad + 1) has corners \(triangles[bad]): expected 0…\(vertices - 1).")
    }
    let positions = given.map(\.normalized)
    let signedArea = triangles.reduce(0.0) { sum, t in
      sum + sphericalArea(positions[Int(t.x)], positions[Int(t.y)], positions[Int(t.z)])
    }
    // A mesh that covers the sphere once has exactly its area; one turned inside out has the negative.
    guard abs(abs(signedArea) - 4 * .pi) < 1e-6 else {
      throw GeometryError.invalidMesh(
        "The triangles cover \(signedArea / (4 * .pi)) of the sphere: expected exactly 1. Look for holes, overlaps or triangles turned over."
      )
    }
    let turned = signedArea > 0 ? triangles : triangles.map { SIMD3($0.x, $0.z, $0.y) }
    let voronoi = voronoiAreas(positions, turned)
    let areas = voronoi.allSatisfy { $0 > 0 } ? voronoi : barycentricAreas(positions, turned)
    guard areas.allSatisfy({ $0 > 0 }) else {
      throw GeometryError.invalidMesh("Some vertices belong to no triangle. Remove them first.")
    }
    nodePositions = positions
    self.triangles = turned
    areaWeights = areas
    locator = TriangleLocator(positions: positions, triangles: turned)
    self.summary = summary
    self.record = record
    var hash = Fingerprint(kind: "sphere mesh")
    hash.add(positions: positions)
    for triangle in turned { for corner in 0..<3 { hash.add(Int(triangle[corner])) } }
    fingerprint = hash.text
  }

  /// The Delaunay triangulation of distinct points on all sides of the sphere.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)``.
  public init(delaunay positions: [SIMD3<Double>]) throws {
    try self.init(positions: positions, triangles: SphericalDelaunay(positions.map(\.normalized)).triangles)
  }

  /// The icosahedron with each triangle split into four `subdivisions` times: 10·4ⁿ + 2 vertices.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)`` unless `subdivisions` is in 0…9.
  public static func icosphere(subdivisions: Int) throws -> SphereMesh {
    guard (0...9).contains(subdivisions) else {
      throw GeometryError.invalidMesh("An icosphere with \(subdivisions) subdivisions: expected 0…9.")
    }
    let golden = (1 + 5.0.squareRoot()) / 2
    var positions: [SIMD3<Double>] = []
    for (one, phi) in [(1.0, golden), (-1.0, golden), (1.0, -golden), (-1.0, -golden)] {
      positions += [SIMD3(0, one, phi), SIMD3(one, phi, 0), SIMD3(phi, 0, one)].map(\.normalized)
    }
    var triangles = try SphericalDelaunay(positions).triangles
    for _ in 0..<subdivisions { split(&positions, &triangles) }
    return try SphereMesh(
      positions, triangles, summary: "\(positions.count)-vertex icosphere",
      record: IcosphereRecord(subdivisions: subdivisions))
  }

  /// Splits each triangle into four at the middles of its edges.
  private static func split(_ positions: inout [SIMD3<Double>], _ triangles: inout [SIMD3<Int32>]) {
    var middles: [SIMD2<Int32>: Int32] = [:]
    middles.reserveCapacity(3 * triangles.count / 2)
    var result: [SIMD3<Int32>] = []
    result.reserveCapacity(4 * triangles.count)
    for t in triangles {
      var m = SIMD3<Int32>()
      for side in 0..<3 {
        let (a, b) = (t[side], t[(side + 1) % 3])
        let edge = SIMD2(min(a, b), max(a, b))
        if let middle = middles[edge] {
          m[side] = middle
        } else {
          m[side] = Int32(positions.count)
          middles[edge] = m[side]
          positions.append((positions[Int(a)] + positions[Int(b)]).normalized)
        }
      }
      result += [SIMD3(t.x, m.x, m.z), SIMD3(t.y, m.y, m.x), SIMD3(t.z, m.z, m.y), m]
    }
    triangles = result
  }

  /// The Fibonacci lattice: points of nearly equal areas on a spiral, with their Delaunay triangles.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)`` for fewer than 12 vertices.
  public static func fibonacci(vertexCount: Int) throws -> SphereMesh {
    guard vertexCount >= 12 else {
      throw GeometryError.invalidMesh("A Fibonacci lattice of \(vertexCount) vertices: expected at least 12.")
    }
    let turn = .pi * (3 - 5.0.squareRoot())
    let positions = (0..<vertexCount).map { i in
      let z = 1 - Double(2 * i + 1) / Double(vertexCount)
      let radius = (1 - z * z).squareRoot()
      let angle = turn * Double(i)
      return SIMD3(radius * cos(angle), radius * sin(angle), z)
    }
    return try SphereMesh(
      positions, SphericalDelaunay(positions.map(\.normalized)).triangles,
      summary: "\(vertexCount)-vertex Fibonacci lattice", record: FibonacciRecord(vertexCount: vertexCount))
  }

  /// The cotangent Laplacian, computed at each call: keep it if you need it twice.
  public var stiffness: SparseMatrix {
    var edges = WeightedEdges()
    edges.reserveCapacity(3 * triangles.count)
    for triangle in triangles { edges.addCotangents(of: triangle, nodePositions) }
    return edges.laplacian(nodeCount: nodeCount)
  }

  public func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix {
    try locator.interpolation(
      to: places, representatives: Array(0..<vertexCount), vertexCount: vertexCount, summary: summary)
  }
}
