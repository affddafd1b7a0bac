// Laws of what domains declare: a capability that is there fits the vertices.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct CapabilityLaws {
  @Test(arguments: try DomainZoo.all())
  func geographyIsWhereTheVerticesAre(_ named: NamedDomain) throws {
    let domain = named.domain
    guard let geography = domain.geography else {
      #expect(!named.isOnTheEarth)
      return
    }
    #expect(named.isOnTheEarth)
    let (points, positions) = (geography.points, domain.positions)
    #expect(points.count == domain.vertexCount)
    #expect(positions.allSatisfy { abs($0.length - 1) < 1e-12 })
    #expect(zip(points, positions).allSatisfy { ($0.position - $1).length < 1e-12 })
    guard let axes = geography.gridAxes else {
      #expect(!(domain is LatitudeLongitudeGrid))
      return
    }
    #expect(axes.rows * axes.columns == domain.vertexCount)
    let places = axes.latitudes.flatMap { y in
      axes.longitudes.map { GeographicPoint(latitude: y, longitude: $0).position }
    }
    #expect(zip(places, positions).allSatisfy { ($0 - $1).length < 1e-6 })
  }

  @Test(arguments: try DomainZoo.all())
  func scatteredPlacesHaveNothingBetweenThem(_ named: NamedDomain) {
    let domain = named.domain
    #expect(domain.isScattered == (domain is ScatteredPoints))
    if domain.isScattered { #expect(domain.geography != nil && domain.raster == nil && domain.surface == nil) }
  }

  @Test(arguments: try DomainZoo.all())
  func imagesAreRastersInAPlane(_ named: NamedDomain) {
    let domain = named.domain
    #expect(domain.isImage == (domain is ImageGrid))
    if domain.isImage { #expect(domain.raster != nil && domain.geography == nil && domain.surface == nil) }
    if domain.plane != nil { #expect(domain.isImage) }
  }

  @Test(arguments: try DomainZoo.all())
  func rastersHaveAllVertices(_ named: NamedDomain) throws {
    let domain = named.domain
    guard let raster = domain.raster else {
      #expect(domain.geography?.gridAxes == nil && !(domain is CurvilinearGrid))
      return
    }
    #expect(raster.vertexCount == domain.vertexCount)
    let nodes = domain.nodeOfVertex
    let last = raster.columns - 1
    let seam = (0..<raster.rows).allSatisfy { nodes[$0 * raster.columns] == nodes[$0 * raster.columns + last] }
    #expect(raster.repeatsColumn == (seam && last > 0))
    for (edge, row) in [(raster.firstEdge, 0), (raster.lastEdge, raster.rows - 1)] {
      let distinct = Set(nodes[row * raster.columns..<(row + 1) * raster.columns]).count
      if edge == .pole { #expect(distinct == 1) }
      if edge == .beyondPole { #expect(distinct > 1) }
    }
    if raster.wraps {
      let positions = domain.positions
      for row in 0..<raster.rows {
        let line = positions[row * raster.columns..<(row + 1) * raster.columns]
        let step = zip(line.dropFirst(), line).map { ($0 - $1).length }.max() ?? 0
        #expect((positions[row * raster.columns] - positions[row * raster.columns + last]).length <= 1.02 * step)
      }
    }
  }

  @Test(arguments: try DomainZoo.all())
  func surfacesHaveTheVerticesOfTheDomain(_ named: NamedDomain) throws {
    let domain = named.domain
    guard let mesh = domain.surface else {
      #expect(!named.isSurface)
      return
    }
    #expect(mesh.positions == domain.positions)
    let vertices = 0..<Int32(domain.vertexCount)
    #expect(mesh.triangles.allSatisfy { t in (0..<3).allSatisfy { vertices.contains(t[$0]) } })
  }

  @Test(arguments: try DomainZoo.all())
  func neighbourhoodsFitTheVertices(_ named: NamedDomain) throws {
    let domain = named.domain
    guard let hierarchy = try domain.neighbourhoods(levelCount: 3) else {
      #expect(!named.isSurface && domain.geography?.gridAxes == nil)
      return
    }
    #expect((1...3).contains(hierarchy.levels.count))
    #expect(hierarchy.vertexCount(ofLevel: 0) == domain.vertexCount)
    #expect(try domain.neighbourhoods(levelCount: 1)?.levels.count == 1)
    for (place, level) in hierarchy.levels.enumerated() {
      let count = hierarchy.vertexCount(ofLevel: place)
      #expect(level.neighbours.allSatisfy { (-1..<Int32(count)).contains($0) })
      for vertex in 0..<count {
        #expect(level.neighbours[vertex * hierarchy.width + hierarchy.width / 2] == Int32(vertex))
      }
      guard place + 1 < hierarchy.levels.count else { continue }
      #expect(Set(level.kept).count == level.kept.count && level.kept.allSatisfy { (0..<Int32(count)).contains($0) })
      #expect(level.coarse.allSatisfy { (0..<Int32(level.kept.count)).contains($0) })
      for (coarse, fine) in level.kept.enumerated() { #expect(level.coarse[Int(fine)] == Int32(coarse)) }
    }
  }

  @Test func roundSurfacesAreNotTheEarth() throws {
    let mesh = try SphereMesh.icosphere(subdivisions: 2)
    let surface = try SurfaceMesh(mesh.triangleMesh)
    #expect(mesh.geography != nil && surface.geography == nil)
    #expect(throws: GeometryError.noGeography(domain: surface.summary, purpose: "A land mask")) {
      try surface.requiredGeography(for: "A land mask")
    }
  }
}

extension NamedDomain {
  /// Whether the domain is a mesh in space.
  var isSurface: Bool { domain is SurfaceMesh || domain is PointCloud }
  /// Whether the vertices are places on the Earth.
  var isOnTheEarth: Bool { !isSurface && !(domain is ImageGrid) }
}
