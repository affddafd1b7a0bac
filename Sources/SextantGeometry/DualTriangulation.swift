// The triangles between the faces of a polygon mesh: the faces around each inner corner form a ring, which is cut into
// triangles. So values on faces have the neighbours that the mesh gives them, and no triangle reaches across its edge.

/// The dual of a mesh of polygons.
public struct DualTriangulation: Sendable {
  /// The faces at the corners of each triangle.
  public let triangles: [SIMD3<Int32>]

  /// - Parameters:
  ///   - faces: the corners of each face, in order around it.
  ///   - cornerCount: the number of corners of the mesh; those of `faces` are below it.
  public init(faces: [[Int32]], cornerCount: Int) {
    // For each corner, the faces around it, each with the corners that follow and precede it there.
    var around = [[(face: Int32, next: Int32, previous: Int32)]](repeating: [], count: cornerCount)
    for (face, corners) in faces.enumerated() where corners.count >= 3 {
      for (i, corner) in corners.enumerated() {
        around[Int(corner)].append(
          (Int32(face), corners[(i + 1) % corners.count], corners[(i + corners.count - 1) % corners.count]))
      }
    }
    triangles = around.flatMap { wedges -> [SIMD3<Int32>] in
      guard wedges.count >= 3, let ring = Self.ring(wedges) else { return [] }
      return (1..<ring.count - 1).map { SIMD3(ring[0], ring[$0], ring[$0 + 1]) }
    }
  }

  /// The faces around an inner corner in order; nil at the edge of the mesh, or where faces are not turned alike.
  private static func ring(_ wedges: [(face: Int32, next: Int32, previous: Int32)]) -> [Int32]? {
    var ring = [wedges[0].face]
    var edge = wedges[0].previous
    while ring.count < wedges.count {
      // The face on the other side of an edge begins where this one ends.
      guard let wedge = wedges.first(where: { $0.next == edge && !ring.contains($0.face) }) else { return nil }
      ring.append(wedge.face)
      edge = wedge.previous
    }
    return edge == wedges[0].next ? ring : nil
  }
}
