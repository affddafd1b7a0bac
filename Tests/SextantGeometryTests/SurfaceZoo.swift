// The surfaces that laws are checked on: good meshes, and every flaw that a mesh file can have.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

enum SurfaceZoo {
  /// The cube of side 2 around the origin, two triangles a side, with a triangle along an edge, one of a single point,
  /// one with a corner twice, one filed twice and one turned over.
  static let flawedCube: TriangleMesh = {
    let corners = (0..<8).map { i in SIMD3(i & 1 == 0 ? -1.0 : 1, i & 2 == 0 ? -1.0 : 1, i & 4 == 0 ? -1.0 : 1) }
    var triangles: [SIMD3<Int32>] = []
    for (a, b, c, d) in [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)] {
      triangles += [SIMD3(Int32(a), Int32(b), Int32(c)), SIMD3(Int32(a), Int32(c), Int32(d))]
    }
    var positions = corners
    // In the middle of an edge, and twice at one corner.
    positions += [SIMD3(0, -1, -1), corners[7], corners[7]]
    triangles += [SIMD3(0, 8, 1), SIMD3(7, 9, 10), SIMD3(2, 2, 3), triangles[4]]
    triangles[6] = SIMD3(triangles[6].y, triangles[6].x, triangles[6].z)
    return TriangleMesh(positions: positions, triangles: triangles)
  }()

  /// Squares in the plane z = 0, cut into triangles whose corner at (0, 0) is obtuse after `shear`.
  static func patch(_ rows: Int, _ columns: Int, shear: Double = 0, at origin: SIMD3<Double> = SIMD3()) -> TriangleMesh
  {
    var mesh = TriangleMesh(positions: [], triangles: [])
    for i in 0..<rows {
      for j in 0..<columns {
        mesh.positions.append(origin + SIMD3(Double(j) + shear * Double(i), Double(i), 0) * 0.5)
        guard i > 0, j > 0 else { continue }
        let d = Int32(mesh.positions.count - 1)
        let (a, b, c) = (d - Int32(columns) - 1, d - Int32(columns), d - 1)
        mesh.triangles += [SIMD3(a, b, d), SIMD3(a, d, c)]
      }
    }
    return mesh
  }

  /// Two patches that share nothing, and three vertices that no triangle uses.
  static let twoPieces: TriangleMesh = {
    var mesh = patch(4, 5)
    let other = patch(3, 3, shear: 0.7, at: SIMD3(0, 0, 9))
    let first = Int32(mesh.positions.count)
    mesh.positions += other.positions
    mesh.triangles += other.triangles.map { $0 &+ first }
    mesh.positions.insert(SIMD3(0.1, 0.1, 0.2), at: 0)
    mesh.triangles = mesh.triangles.map { $0 &+ 1 }
    mesh.positions += [SIMD3(0.2, 0.1, 9.1), SIMD3(0.1, 0.2, 9.1)]
    return mesh
  }()

  static func sphere(_ subdivisions: Int) throws -> TriangleMesh {
    try SphereMesh.icosphere(subdivisions: subdivisions).triangleMesh
  }

  /// The meshes of the fixture.
  static func references() throws -> [NamedDomain] {
    try SurfaceReference.load().map { NamedDomain(name: $0.name, domain: try SurfaceMesh($0.mesh)) }
  }

  static func all() throws -> [NamedDomain] {
    let meshes: [(String, TriangleMesh, Bool)] = [
      ("icosphere as a surface", try sphere(2), false), ("flawed cube", flawedCube, false),
      ("flawed cube, merged", flawedCube, true), ("two pieces", twoPieces, false),
      ("sheared patch", patch(5, 6, shear: 1.4), false),
      (
        "a nanometre wide",
        TriangleMesh(positions: patch(3, 4).positions.map { $0 * 1e-9 }, triangles: patch(3, 4).triangles), false
      ),
    ]
    return try meshes.map { NamedDomain(name: $0.0, domain: try SurfaceMesh($0.1, mergesCoincident: $0.2)) }
      + references()
  }
}

/// What robust_laplacian and SciPy computed (Tests/References/surface.py).
struct SurfaceReference: Decodable, Sendable, CustomStringConvertible, CustomTestStringConvertible {
  var name: String
  var positions: [SIMD3<Double>]
  var triangles: [SIMD3<Int32>]
  var areas: [Double]
  var edges: [[Int]]
  var weights: [Double]
  var eigenvalues: [Double]

  var mesh: TriangleMesh { TriangleMesh(positions: positions, triangles: triangles) }
  var description: String { name }
  var testDescription: String { name }

  static func load() throws -> [SurfaceReference] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/surface.json"))
    return try JSONDecoder().decode([SurfaceReference].self, from: data)
  }
}
