// Laws of the symmetries of domains: each is a permutation that keeps areas and the Laplacian, together they are a group of the
// known size, and what is no symmetry is refused.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct DomainSymmetryLaws {
  struct Case: CustomStringConvertible, Sendable {
    var domain: NamedDomain
    var symmetries: [DomainSymmetry]
    var count: Int
    var description: String { "\(domain.name): \(symmetries)" }
  }

  static func cases() throws -> [Case] {
    let square = NamedDomain(name: "square image", domain: try ImageGrid(rows: 6, columns: 6))
    let wide = NamedDomain(name: "wide image", domain: try ImageGrid(rows: 4, columns: 7, pixelHeight: 2, pixelWidth: 1))
    let globe = NamedDomain(name: "globe", domain: try DomainZoo.grid(DomainZoo.range(-90, 10, 19), DomainZoo.range(0, 10, 37)))
    let icosphere = NamedDomain(name: "icosphere", domain: try SphereMesh.icosphere(subdivisions: 2))
    let surface = NamedDomain(name: "icosphere as a surface", domain: try Self.surface { 0.05 * $0 })
    // Rotations about no axis of the icosahedron.
    let turned = try [0.4, 1.3, 2.9].flatMap { (angle: Double) -> [NamedDomain] in
      let sphere = try SphereMesh.icosphere(subdivisions: 2)
      let moved = try SphereMesh(positions: sphere.positions.map { Self.turned($0, by: angle) }, triangles: sphere.triangles)
      return [
        NamedDomain(name: "icosphere turned by \(angle)", domain: moved),
        NamedDomain(name: "surface turned by \(angle)", domain: try Self.surface { 20 * Self.turned($0, by: angle) }),
      ]
    }
    let cases: [Case] = [
      Case(domain: square, symmetries: [.leftRight], count: 2),
      Case(domain: square, symmetries: [.quarterTurns], count: 4),
      Case(domain: square, symmetries: [.leftRight, .quarterTurns], count: 8),
      Case(domain: wide, symmetries: [.leftRight, .upDown], count: 4),
      Case(domain: globe, symmetries: [.longitudes(30)], count: 12),
      Case(domain: globe, symmetries: [.longitudes(90), .northSouth], count: 8),
      Case(domain: icosphere, symmetries: [.icosahedron], count: 60),
      Case(domain: surface, symmetries: [.icosahedron], count: 60),
    ]
    return cases + turned.map { Case(domain: $0, symmetries: [.icosahedron], count: 60) }
  }

  /// A place that is turned about (0.3, −0.5, 0.7).
  private static func turned(_ place: SIMD3<Double>, by angle: Double) -> SIMD3<Double> {
    let axis = SIMD3<Double>(0.3, -0.5, 0.7).normalized
    let (sine, cosine) = (sin(angle), cos(angle))
    return cosine * place + sine * axis.cross(place) + (1 - cosine) * axis.dot(place) * axis
  }

  /// The surface of an icosphere whose vertices are moved.
  private static func surface(_ move: (SIMD3<Double>) -> SIMD3<Double>) throws -> SurfaceMesh {
    let sphere = try SphereMesh.icosphere(subdivisions: 2)
    return try SurfaceMesh(TriangleMesh(positions: sphere.positions.map(move), triangles: sphere.triangles))
  }

  /// The file of a mesh rounds its vertices; a sphere elsewhere, or one that is stretched, does not have the rotations, and no mesh has
  /// an axis of the Earth.
  @Test func theRotationsOfAMeshAreSeenAtItsVertices() throws {
    let rounded = try Self.surface { SIMD3<Double>(SIMD3<Float>(6371 * $0)) }
    let turned = try Self.surface { SIMD3<Double>(SIMD3<Float>(6371 * Self.turned($0, by: 0.7))) }
    for mesh in [rounded, turned] {
      #expect(try DomainSymmetry.permutations([.icosahedron], of: mesh).count == 60)
    }
    let strange = [
      try Self.surface { $0 + SIMD3(0, 0, 0.2) }, try Self.surface { $0 * SIMD3(1, 1, 1.2) },
      try Self.surface { Self.turned($0 * SIMD3(1, 1, 1.2), by: 0.7) },
    ]
    for other in strange {
      #expect(throws: GeometryError.self) { try DomainSymmetry.permutations([.icosahedron], of: other) }
    }
    for symmetry in [DomainSymmetry.northSouth, .longitudes(180)] {
      #expect(throws: GeometryError.self) { try DomainSymmetry.permutations([symmetry], of: rounded) }
    }
  }

  @Test(arguments: try cases())
  func symmetriesAreAGroupOfIsometries(_ item: Case) throws {
    let domain = item.domain.domain
    let group = try DomainSymmetry.permutations(item.symmetries, of: domain)
    #expect(group.count == item.count)
    #expect(group[0] == Array(0..<Int32(domain.vertexCount)))
    let nodes = domain.nodeOfVertex
    /// The same maps of nodes, without which coincident vertices tell them apart.
    let nodeMaps = group.map { map in domain.representativeVertices.map { nodes[Int(map[$0])] } }
    #expect(Set(nodeMaps).count == group.count)
    let stiffness = domain.stiffness
    let areas = domain.nodeAreas
    var random = RandomStream(seed: 2)
    let field = (0..<domain.nodeCount).map { _ in random.normal() }
    let image = stiffness.times(field)
    for map in nodeMaps {
      #expect(Set(map).count == domain.nodeCount)
      #expect(map.indices.allSatisfy { abs(areas[$0] - areas[Int(map[$0])]) < 1e-9 })
      let moved = stiffness.times(map.map { field[Int($0)] })
      #expect(zip(moved, map).allSatisfy { abs($0 - image[Int($1)]) < 1e-9 })
      // The product with any other is one of them.
      let other = nodeMaps[nodeMaps.count / 2]
      #expect(nodeMaps.contains(map.map { other[Int($0)] }))
    }
  }

  @Test func whatIsNoSymmetryIsRefused() throws {
    let wide = try ImageGrid(rows: 4, columns: 7)
    let globe = try DomainZoo.grid(DomainZoo.range(-85, 10, 18), DomainZoo.range(0, 10, 36))
    let region = try DomainZoo.grid(DomainZoo.range(30, 1, 8), DomainZoo.range(0, 1, 9))
    let refused: [([DomainSymmetry], any Domain, String)] = [
      ([.quarterTurns], wide, "does not map the vertices"), ([.longitudes(30)], wide, "symmetry of the sphere"),
      ([.leftRight], globe, "symmetry of images"), ([.longitudes(15)], globe, "does not map the vertices"),
      ([.longitudes(90)], region, "does not map the vertices"), ([.icosahedron], globe, "does not map the vertices"),
    ]
    for (symmetries, domain, reason) in refused {
      let error = #expect(throws: GeometryError.self) { try DomainSymmetry.permutations(symmetries, of: domain) }
      #expect(error.map { "\($0)".contains(reason) } == true, "\(symmetries) on \(domain.summary)")
    }
    for text in ["mirror", "longitudes", "longitudes:0", "longitudes:7", "left-right:2"] {
      #expect(throws: GeometryError.self) { try DomainSymmetry(text) }
    }
    for symmetry in [DomainSymmetry.leftRight, .upDown, .quarterTurns, .longitudes(22.5), .northSouth, .icosahedron] {
      #expect(try DomainSymmetry(symmetry.description) == symmetry)
    }
    // Angles are printed as users write them.
    for (text, printed) in [("longitudes:90", "longitudes:90deg"), ("longitudes: 22.5deg", "longitudes:22.5deg")] {
      #expect(try DomainSymmetry(text).description == printed)
    }
  }
}
