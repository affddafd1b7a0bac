// Cells without rows and columns: their triangles, their areas, and cells that cannot be triangulated.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct UnstructuredGridTests {
  @Test func closedTriangulationsAreThoseOfTheSphere() throws {
    let lattice = try SphereMesh.fibonacci(vertexCount: 500)
    let grid = try UnstructuredGrid(lattice.points)
    #expect(grid.stiffness.rowStarts == lattice.stiffness.rowStarts)
    #expect(zip(grid.areaWeights, lattice.areaWeights).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  @Test(arguments: [0.02, 1.0, 4.0])
  func aRegionOfAnySpacingIsTriangulatedAlone(_ spacing: Double) throws {
    // Rows that are shifted like bricks, around a point away from the axes.
    var places: [GeographicPoint] = []
    for i in 0..<12 {
      for j in 0..<12 {
        let shift: Double = i % 2 == 0 ? -5.5 : -5
        places.append(
          GeographicPoint(latitude: 20 + spacing * (Double(i) - 5.5), longitude: 40 + spacing * (Double(j) + shift)))
      }
    }
    let grid = try UnstructuredGrid(places)
    let area = grid.areaWeights.reduce(0, +)
    let expected = pow(11 * spacing * .pi / 180, 2) * cos(20 * Double.pi / 180)
    #expect(abs(area / expected - 1) < 0.06)
    #expect(throws: GeometryError.self) {
      try grid.interpolation(to: [GeographicPoint(latitude: -20, longitude: 220)])
    }
  }

  @Test func aCellApartIsTiedToItsNearestNeighbour() throws {
    let near = (0..<30).map { (cell: Int) -> GeographicPoint in
      let (row, column) = (Double(cell / 6), Double(cell % 6))
      return GeographicPoint(latitude: row, longitude: column + 0.1 * row)
    }
    let grid = try UnstructuredGrid(near + [GeographicPoint(latitude: 40, longitude: 3)])
    let last = grid.nodeCount - 1
    #expect(grid.stiffness.rowStarts[last + 1] - grid.stiffness.rowStarts[last] == 2)
    #expect(grid.areaWeights.allSatisfy { $0 > 0 })
  }

  @Test(arguments: [
    [GeographicPoint(latitude: 1, longitude: 2), GeographicPoint(latitude: 3, longitude: 2)],
    (0..<9).map { GeographicPoint(latitude: 0, longitude: Double($0)) },
  ])
  func cellsOnALineAreNoSurface(_ places: [GeographicPoint]) {
    #expect(throws: GeometryError.self) { try UnstructuredGrid(places) }
  }

  @Test func trianglesAndAreasMustFit() {
    let places = (0..<4).map { GeographicPoint(latitude: Double($0 % 2), longitude: Double($0 / 2)) }
    #expect(throws: GeometryError.self) { try UnstructuredGrid(places, triangles: [SIMD3(0, 1, 4)]) }
    #expect(throws: GeometryError.self) { try UnstructuredGrid(places, areas: [1, 1, 0, 1]) }
    #expect(throws: GeometryError.self) { try UnstructuredGrid(places, areas: [1, 1]) }
  }

  @Test func facesAroundACornerAreNeighbours() throws {
    // The faces of the octahedron: around each of its six corners there are four.
    let faces: [[Int32]] = [
      [0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5],
    ]
    let dual = DualTriangulation(faces: faces, cornerCount: 6)
    #expect(dual.triangles.count == 12)
    // Without one face there is an edge: three corners are no longer inside.
    #expect(DualTriangulation(faces: Array(faces.dropLast()), cornerCount: 6).triangles.count == 6)
  }
}
