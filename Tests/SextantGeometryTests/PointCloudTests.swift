// Clouds of points: areas and eigenvalues near those of robust_laplacian (Tests/References/point_cloud.py) and of the
// surfaces that the points lie on, whatever their numbers and places; and points that are no surface.

import Foundation
import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct PointCloudTests {
  struct Reference: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var positions: [SIMD3<Double>]
    /// The area of the triangles around all points, by SciPy.
    var starArea: Double
    var areas: [Double]
    var eigenvalues: [Double]

    var testDescription: String { name }

    static func load() throws -> [Reference] {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/point_cloud.json"))
      return try JSONDecoder().decode([Reference].self, from: data)
    }
  }

  private static func eigenvalues(_ domain: any Domain, _ count: Int) throws -> [Double] {
    try LaplacianEigenpairs(stiffness: domain.stiffness, nodeAreas: domain.nodeAreas, count: count).eigenvalues
  }

  @Test(arguments: try Reference.load()) func cloudsAreThoseOfAnotherProgram(reference: Reference) throws {
    let cloud = try PointCloud(reference.positions)
    let (own, other) = (cloud.areaWeights.reduce(0, +), reference.areas.reduce(0, +))
    #expect(abs(own / reference.starArea - 1) < 1e-7, "area \(own), \(reference.starArea)")
    // The other program has other planes and, at the boundary, other triangles: by SciPy, too, the areas are 0.006 % apart on
    // the sphere and 0.6 % on the patch.
    #expect(abs(own / other - 1) < 0.01, "area \(own), \(other)")
    let found = try Self.eigenvalues(cloud, reference.eigenvalues.count)
    for (value, wanted) in zip(found, reference.eigenvalues).dropFirst() {
      #expect(abs(value / wanted - 1) < 0.02, "\(value), \(wanted)")
    }
  }

  @Test func aGridOfPointsIsThePlane() throws {
    // All squares have four corners on one circle: the corners agree on a diagonal.
    let cloud = try PointCloud(SurfaceZoo.patch(9, 11).positions)
    let inner = cloud.positions.indices.filter { vertex in
      let p = cloud.positions[vertex]
      return p.x > 0.9 && p.x < 4.1 && p.y > 0.9 && p.y < 3.1
    }
    for vertex in inner { #expect(abs(cloud.areaWeights[vertex] - 0.25) < 1e-9, "\(cloud.areaWeights[vertex])") }
    // The Laplacian of a linear function is zero away from the boundary.
    let linear = cloud.positions.map { 2 * $0.x - $0.y }
    let product = cloud.stiffness.times(linear)
    for vertex in inner { #expect(abs(product[vertex]) < 1e-9) }
  }

  @Test func theSphereHasItsAreaAndItsHarmonics() throws {
    let sphere = try SphereMesh.fibonacci(vertexCount: 1200).nodePositions
    let cloud = try PointCloud(sphere)
    let area = cloud.areaWeights.reduce(0, +)
    #expect(abs(area - 4 * Double.pi) < 0.12)
    let values = try Self.eigenvalues(cloud, 9)
    let exact: [Double] = [0, 2, 2, 2, 6, 6, 6, 6, 6]
    for (value, wanted) in zip(values, exact) {
      let tolerance = 0.02 * (wanted + 0.1)
      #expect(abs(value - wanted) < tolerance)
    }
  }

  @Test func normalsLookOutwards() throws {
    let sphere = try SphereMesh.fibonacci(vertexCount: 500).nodePositions
    let points = PointNeighbourhoods(sphere.map { $0 + SIMD3(5, 0, 0) })
    #expect(zip(points.normals, sphere).allSatisfy { $0.dot($1) > 0.98 })
    let splats = PointSplats(sphere)
    let spacing = (4 * Double.pi / 500).squareRoot()
    #expect(splats.radii.allSatisfy { $0 > 0.5 * spacing && $0 < 1.5 * spacing })
  }

  @Test func pointsAtOnePlaceAreOneNode() throws {
    let sphere = try SphereMesh.fibonacci(vertexCount: 200).nodePositions
    let (single, double) = (try PointCloud(sphere), try PointCloud(sphere + sphere.prefix(50)))
    #expect(double.vertexCount == 250 && double.nodeCount == 200 && double.summary.contains("200 places"))
    #expect(double.stiffness == single.stiffness)
    let (area, twice) = (single.areaWeights.reduce(0, +), double.areaWeights.reduce(0, +))
    #expect(abs(area - twice) < 1e-12)
    #expect(double.areaWeights[0] == double.areaWeights[200])
  }

  private static let noSurfaces: [[SIMD3<Double>]] = {
    let line = (0..<40).map { (index: Int) -> SIMD3<Double> in SIMD3(Double(index), 2 * Double(index), 0) }
    let (a, b, c) = (SIMD3<Double>(0, 0, 0), SIMD3<Double>(1, 0, 0), SIMD3<Double>(0, 1, .nan))
    return [[], [a], [a, b], line, [SIMD3<Double>](repeating: b, count: 9), [a, b, c]]
  }()

  @Test(arguments: noSurfaces) func pointsThatAreNoSurfaceAreRefused(points: [SIMD3<Double>]) {
    let text = complaint { _ = try PointCloud(points) }
    #expect(text.contains("no surface") || text.contains("finite"), "\(text)")
  }
}
