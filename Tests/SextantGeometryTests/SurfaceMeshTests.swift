// Surfaces: the laws of their areas and Laplacians whatever is wrong with the mesh, known spectra, and the numbers of other
// programs.

import Foundation
import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct SurfaceMeshLaws {
  @Test(arguments: try SurfaceZoo.all())
  func stiffnessIsAGraphLaplacianWithoutNegativeCouplings(_ named: NamedDomain) {
    let stiffness = named.domain.stiffness
    #expect(stiffness.rowCount == named.domain.nodeCount && stiffness.transposed() == stiffness)
    let scale = stiffness.diagonal.max() ?? 0
    #expect(scale > 0 && stiffness.values.allSatisfy(\.isFinite))
    let sums = stiffness.times([Double](repeating: 1, count: stiffness.rowCount))
    #expect(sums.allSatisfy { abs($0) <= 1e-13 * scale })
    // Weights that are not negative make it positive semi-definite, too.
    for row in 0..<stiffness.rowCount {
      for k in stiffness.rowStarts[row]..<stiffness.rowStarts[row + 1] where Int(stiffness.columns[k]) != row {
        #expect(stiffness.values[k] < 0)
      }
    }
    #expect(stiffness.diagonal.allSatisfy { $0 > 0 })
  }

  @Test(arguments: try SurfaceZoo.all())
  func areasArePositiveAndSumToTheSurface(_ named: NamedDomain) throws {
    let surface = try #require(named.domain as? SurfaceMesh)
    let area = surface.triangles.reduce(0.0) { sum, t in
      let (a, b, c) = (surface.positions[Int(t.x)], surface.positions[Int(t.y)], surface.positions[Int(t.z)])
      return sum + (b - a).cross(c - a).length / 2
    }
    // Side lengths are made a little longer where a triangle has no area.
    #expect(abs(surface.areaWeights.reduce(0, +) / area - 1) < 3e-4)
    #expect(surface.areaWeights.allSatisfy { $0 > 0 })
    #expect(surface.areaWeights.count == surface.vertexCount)
  }

  @Test(arguments: try SurfaceZoo.all())
  func verticesAreThoseOfTheFile(_ named: NamedDomain) throws {
    let surface = try #require(named.domain as? SurfaceMesh)
    #expect(surface.positions == surface.mesh.positions)
    if !surface.mergesCoincident { #expect(surface.nodeCount == surface.vertexCount) }
    #expect(surface.geography == nil, "a surface is not the Earth, even if it is round")
  }

  @Test func fingerprintsTellGeometriesApartAndForgivePrecision() throws {
    let mesh = SurfaceZoo.twoPieces
    let single = TriangleMesh(
      positions: mesh.positions.map { SIMD3<Double>(SIMD3<Float>($0)) }, triangles: mesh.triangles)
    #expect(try SurfaceMesh(single).fingerprint == SurfaceMesh(mesh).fingerprint)
    var other = mesh
    other.positions[4].y += 1e-5
    #expect(try SurfaceMesh(other).fingerprint != SurfaceMesh(mesh).fingerprint)
    other = mesh
    other.triangles.swapAt(1, 2)
    #expect(try SurfaceMesh(other).fingerprint != SurfaceMesh(mesh).fingerprint)
  }

  @Test func coincidentVerticesAreMergedOnlyWhenAsked() throws {
    let apart = try SurfaceMesh(SurfaceZoo.flawedCube)
    let merged = try SurfaceMesh(SurfaceZoo.flawedCube, mergesCoincident: true)
    #expect(apart.nodeCount == 11 && merged.nodeCount == 9 && merged.vertexCount == 11)
    #expect(merged.nodeOfVertex[7] == merged.nodeOfVertex[9] && merged.nodeOfVertex[7] == merged.nodeOfVertex[10])
    #expect(merged.areaWeights[7] == merged.areaWeights[10])
    // A soup of triangles is a surface once its corners are merged.
    let sphere = try SurfaceZoo.sphere(1)
    let soup = TriangleMesh(
      positions: sphere.triangles.flatMap { t in (0..<3).map { sphere.positions[Int(t[$0])] } },
      triangles: sphere.triangles.indices.map { SIMD3(Int32(3 * $0), Int32(3 * $0 + 1), Int32(3 * $0 + 2)) })
    let welded = try SurfaceMesh(soup, mergesCoincident: true)
    #expect(welded.nodeCount == sphere.positions.count)
    #expect(
      abs(
        welded.stiffness.values.map(abs).reduce(0, +)
          - (try SurfaceMesh(sphere)).stiffness.values.map(abs).reduce(0, +)) < 1e-10)
  }

  @Test func verticesWithoutTrianglesHangOnTheNearest() throws {
    let surface = try SurfaceMesh(SurfaceZoo.twoPieces)
    #expect(surface.hostOfIsolatedNode == [0: 1, 30: 21, 31: 21])
    for (guest, host) in surface.hostOfIsolatedNode {
      #expect(surface.areaWeights[Int(guest)] == surface.areaWeights[Int(host)])
      let row = surface.stiffness.rowStarts[Int(guest)]..<surface.stiffness.rowStarts[Int(guest) + 1]
      #expect(Set(surface.stiffness.columns[row]) == [guest, host])
      #expect(surface.stiffness.values[row].allSatisfy { abs($0) == 1 })
    }
    // Two pieces, two constant modes: none belongs to a vertex without triangles.
    let basis = try LaplacianEigenpairs(of: surface, count: 3)
    #expect(basis.eigenvalues[1] < 1e-10 && basis.eigenvalues[2] > 0.1)
  }

  @Test(arguments: [0, 0.3, 1.4, -2.2])
  func linearFunctionsAreHarmonicInsideAFlatPatch(_ shear: Double) throws {
    let (rows, columns) = (7, 9)
    let surface = try SurfaceMesh(SurfaceZoo.patch(rows, columns, shear: shear))
    let image = surface.stiffness.times(surface.positions.map { 2 * $0.x - 3 * $0.y + 1 })
    // Beside the boundary, couplings may lead around it to the other face: the law holds further in.
    let margin = abs(shear) < 0.5 ? 1 : 3
    for i in margin..<rows - margin {
      for j in margin..<columns - margin { #expect(abs(image[i * columns + j]) < 1e-12) }
    }
  }

  @Test func turningEdgesKeepsAreaAndLengthsOfAFlatPatch() throws {
    let mesh = SurfaceZoo.patch(6, 6, shear: 2.7)
    var cover = IntrinsicTriangulation(tuftedCoverOf: mesh.triangles, mesh.positions)
    let before = cover.thirdsOfAreas(vertexCount: 36).reduce(0, +)
    #expect(cover.makeDelaunay() > 0)
    #expect(abs(cover.thirdsOfAreas(vertexCount: 36).reduce(0, +) / before - 1) < 1e-12)
    #expect(cover.makeDelaunay() == 0)
    // Each inner face spans two vertices of the patch at their distance in the plane, if neither is at the boundary.
    var checked = 0
    for face in cover.corners.indices {
      let t = cover.corners[face]
      for side in 0..<3 {
        let (a, b) = (Int(t[side]), Int(t[(side + 1) % 3]))
        guard [a, b].allSatisfy({ (2...3).contains($0 / 6) && (2...3).contains($0 % 6) }) else { continue }
        let distance = (mesh.positions[a] - mesh.positions[b]).length
        if abs(cover.lengths[face][side] - distance) < 1e-12 { checked += 1 }
      }
    }
    #expect(checked >= 8)
  }

  @Test func spectrumOfTheSphere() throws {
    func errors(_ subdivisions: Int) throws -> [Double] {
      let surface = try SurfaceMesh(SurfaceZoo.sphere(subdivisions))
      let eigenvalues = try LaplacianEigenpairs(of: surface, count: 36).eigenvalues
      return (0..<6).flatMap { degree in
        (0...2 * degree).map { abs(eigenvalues[degree * degree + $0] - Double(degree * (degree + 1))) }
      }
    }
    let (coarse, fine) = try (errors(3), errors(4))
    #expect(fine[0] < 1e-10)
    // λ² h²: of second order in the length of the edges, or better.
    for mode in 1..<36 {
      let eigenvalue =
        (Double(mode).squareRoot().rounded(.down) + 0.5) * (Double(mode).squareRoot().rounded(.down) + 0.5)
      #expect(fine[mode] < 5e-4 * eigenvalue * eigenvalue)
      #expect(coarse[mode] / fine[mode] > 3.7, "\(mode)")
    }
  }

  @Test func spectrumOfARectangleWithoutFlux() throws {
    // A patch of 2 × 3: π²(m²/4 + n²/9).
    let surface = try SurfaceMesh(SurfaceZoo.patch(61, 41).scaled(by: 0.1))
    let eigenvalues = try LaplacianEigenpairs(of: surface, count: 8).eigenvalues
    let square = Double.pi * Double.pi
    var expected: [Double] = []
    for m in 0..<6 { for n in 0..<6 { expected.append(square * (Double(m * m) / 4 + Double(n * n) / 9)) } }
    expected.sort()
    for (found, known) in zip(eigenvalues, expected) { #expect(abs(found - known) < 1e-9 + 0.005 * known) }
  }

  @Test(arguments: try SurfaceReference.load())
  func laplacianAndAreasAreThoseOfTheAuthors(_ reference: SurfaceReference) throws {
    let surface = try SurfaceMesh(reference.mesh)
    let n = surface.nodeCount
    for (own, known) in zip(surface.areaWeights, reference.areas) { #expect(abs(own / known - 1) < 1e-8) }
    var expected = [Double](repeating: 0, count: n * n)
    for (edge, weight) in zip(reference.edges, reference.weights) {
      expected[edge[0] * n + edge[1]] = -weight
      expected[edge[1] * n + edge[0]] = -weight
    }
    for i in 0..<n {
      for k in surface.stiffness.rowStarts[i]..<surface.stiffness.rowStarts[i + 1] {
        let j = Int(surface.stiffness.columns[k])
        if j == i { continue }
        // Two needles of the flawed patch have weights of 10⁵ before edges are turned.
        #expect(abs(surface.stiffness.values[k] - expected[i * n + j]) < 1e-6, "\(i) \(j)")
        expected[i * n + j] = 0
      }
    }
    #expect(expected.allSatisfy { abs($0) < 1e-6 })
  }

  @Test(arguments: try SurfaceReference.load())
  func eigenvaluesAreSciPys(_ reference: SurfaceReference) throws {
    let basis = try LaplacianEigenpairs(of: SurfaceMesh(reference.mesh), count: reference.eigenvalues.count)
    for (own, known) in zip(basis.eigenvalues, reference.eigenvalues) {
      #expect(abs(own - known) < 1e-10 + 1e-6 * known)
    }
  }

  @Test func meshesThatAreNoSurfaceAreRefused() throws {
    func message(_ positions: [SIMD3<Double>], _ triangles: [SIMD3<Int32>]) -> String {
      do {
        _ = try SurfaceMesh(TriangleMesh(positions: positions, triangles: triangles))
        return "no complaint"
      } catch { return "\(error)" }
    }
    let corners = [SIMD3(0.0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0)]
    #expect(message(corners, []).contains("no triangles"))
    #expect(message([], []).contains("no triangles"))
    #expect(message(corners, [SIMD3(0, 1, 3)]).contains("0…2"))
    #expect(message(corners, [SIMD3(0, -1, 2)]).contains("-1"))
    #expect(message(corners, [SIMD3(0, 0, 2)]).contains("None of the 1 triangles"))
    #expect(message([corners[0], corners[0], corners[0]], [SIMD3(0, 1, 2)]).contains("None of the 1 triangles"))
    #expect(message([corners[0], SIMD3(.nan, 0, 0), corners[2]], [SIMD3(0, 1, 2)]).contains("Vertex number 2"))
    #expect(message([corners[0], SIMD3(.infinity, 0, 0), corners[2]], [SIMD3(0, 1, 2)]).contains("Vertex number 2"))
    #expect(message(corners, [SIMD3(0, 1, 2)]) == "no complaint")
  }
}

/// The Stanford bunnies: non-manifold edges, vertices without triangles, edges filed twice in one direction.
@Suite(.enabled(if: SharedMeshes.arePresent, "\(SharedMeshes.absence)"))
struct BunnySurfaces {
  @Test(arguments: [("_res4", 453, 0), ("_res3", 1889, 2), ("_res2", 8171, 25), ("", 35947, 1113)])
  func bunniesHaveSoundLaplacians(_ name: String, _ vertices: Int, _ isolated: Int) throws {
    let surface = try SurfaceMesh(MeshFile.read(SharedMeshes.path("bunny/bun_zipper\(name).ply")))
    #expect(surface.vertexCount == vertices && surface.nodeCount == vertices)
    #expect(surface.hostOfIsolatedNode.count == isolated)
    let laws = SurfaceMeshLaws()
    let named = NamedDomain(name: "bunny", domain: surface)
    laws.stiffnessIsAGraphLaplacianWithoutNegativeCouplings(named)
    try laws.areasArePositiveAndSumToTheSurface(named)
    // One piece: only the constant mode has no energy, whatever hangs on it.
    let basis = try LaplacianEigenpairs(of: surface, count: 4)
    #expect(basis.eigenvalues[0] < 1e-6 && basis.eigenvalues[1] > 100)
    for (guest, host) in surface.hostOfIsolatedNode {
      #expect(
        abs(basis.vectors[1, Int(guest)] - basis.vectors[1, Int(host)]) < 0.02 * abs(basis.vectors[1, Int(host)]) + 1e-3)
    }
  }
}

extension TriangleMesh {
  func scaled(by factor: Double) -> TriangleMesh {
    TriangleMesh(positions: positions.map { $0 * factor }, triangles: triangles)
  }
}
