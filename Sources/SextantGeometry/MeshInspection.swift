// What a mesh file holds, for `sextant inspect`. PLY and OFF are counted by our own readers, vertex by vertex as
// the file has them; every other format goes through the Assimp library, with all of its clean-ups switched off.

import CAssimp
import Foundation
import SextantStorage

/// Counts of a mesh file, and what is unusual about the mesh.
public struct MeshInspection: Sendable, Equatable, Encodable {
  /// The file.
  public let path: String
  /// The number of vertices: as the file declares them where it is PLY or OFF, else as Assimp reads them.
  public let vertexCount: Int
  /// The number of triangles, polygons cut up.
  public let triangleCount: Int
  /// The number of different positions.
  public let distinctPositionCount: Int
  /// The least coordinates, in the file's unit.
  public let lowerCorner: SIMD3<Double>
  /// The greatest coordinates, in the file's unit.
  public let upperCorner: SIMD3<Double>
  /// The number of edges with a triangle on one side only, coincident vertices taken as one.
  public let boundaryEdgeCount: Int
  /// The number of edges with more than two triangles.
  public let nonManifoldEdgeCount: Int
  /// The number of vertices that no triangle uses.
  public let isolatedVertexCount: Int

  /// Whether every edge has exactly two triangles.
  public var isClosed: Bool { boundaryEdgeCount == 0 && nonManifoldEdgeCount == 0 }

  /// Reads a mesh file of any format that Assimp knows.
  ///
  /// Throws ``FileError`` from SextantStorage where there is no file, ``GeometryError/invalidMesh(_:)`` where it cannot be
  /// read or holds no mesh.
  public init(path: String) throws {
    let head = try MeshFile.contents(of: path).prefix(3)
    let isOurs = head == Data("ply".utf8) || head == Data("OFF".utf8)
    let mesh = isOurs ? try MeshFile.read(path) : try AssimpScene(path: path).mesh
    guard let first = mesh.positions.first else {
      throw GeometryError.invalidMesh("\(path): the file holds no vertices.")
    }
    self.path = path
    vertexCount = mesh.positions.count
    triangleCount = mesh.triangles.count
    lowerCorner = mesh.positions.reduce(first) { pointwiseMin($0, $1) }
    upperCorner = mesh.positions.reduce(first) { pointwiseMax($0, $1) }

    let merged = CoincidentPoints(mesh.positions, tolerance: 0)
    distinctPositionCount = merged.nodePositions.count
    var trianglesOfEdge: [SIMD2<Int32>: Int] = [:]
    var isUsed = [Bool](repeating: false, count: vertexCount)
    for triangle in mesh.triangles {
      for side in 0..<3 {
        isUsed[Int(triangle[side])] = true
        let a = merged.nodeOfVertex[Int(triangle[side])]
        let b = merged.nodeOfVertex[Int(triangle[(side + 1) % 3])]
        if a != b { trianglesOfEdge[SIMD2(min(a, b), max(a, b)), default: 0] += 1 }
      }
    }
    boundaryEdgeCount = trianglesOfEdge.values.count { $0 == 1 }
    nonManifoldEdgeCount = trianglesOfEdge.values.count { $0 > 2 }
    isolatedVertexCount = isUsed.count { !$0 }
  }
}

extension MeshInspection: CustomStringConvertible {
  public var description: String {
    func corner(_ p: SIMD3<Double>) -> String { "(\(p.x), \(p.y), \(p.z))" }
    return """
      \(path)
        vertices            \(vertexCount), \(distinctPositionCount) of them distinct
        triangles           \(triangleCount)
        bounding box        \(corner(lowerCorner)) to \(corner(upperCorner))
        boundary edges      \(boundaryEdgeCount)
        non-manifold edges  \(nonManifoldEdgeCount)
        isolated vertices   \(isolatedVertexCount)
      """
  }
}
