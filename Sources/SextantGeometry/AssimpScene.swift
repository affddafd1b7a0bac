// Mesh files through the Assimp library: all meshes of the scene, each placed where the scene's nodes put it.
// No clean-up step is asked for, above all no joining of vertices: that would renumber them.

import CAssimp

/// The meshes of a file, as one.
struct AssimpScene {
  /// All triangles, in scene coordinates.
  let mesh: TriangleMesh

  /// Reads a file. Throws ``GeometryError/invalidMesh(_:)``.
  init(path: String) throws {
    guard let scene = aiImportFile(path, 0) else {
      let reason = aiGetErrorString().map { String(cString: $0) } ?? ""
      throw GeometryError.invalidMesh(
        "\(path): not a mesh that can be read\(reason.isEmpty ? "" : " (\(reason))"). Expected PLY, OFF, OBJ, STL, glTF or another format of the Assimp library."
      )
    }
    defer { aiReleaseImport(scene) }
    var result = TriangleMesh(positions: [], triangles: [])
    if let root = scene.pointee.mRootNode { Self.collect(root.pointee, scene.pointee, aiMatrix4x4.identity, &result) }
    mesh = result
  }

  private static func collect(
    _ node: aiNode, _ scene: aiScene, _ parent: aiMatrix4x4, _ result: inout TriangleMesh
  ) {
    let transform = parent.times(node.mTransformation)
    for k in 0..<Int(node.mNumMeshes) {
      guard let index = node.mMeshes?[k], index < scene.mNumMeshes, let mesh = scene.mMeshes?[Int(index)]?.pointee
      else { continue }
      append(mesh, transform, &result)
    }
    for k in 0..<Int(node.mNumChildren) {
      if let child = node.mChildren?[k]?.pointee { collect(child, scene, transform, &result) }
    }
  }

  private static func append(_ mesh: aiMesh, _ transform: aiMatrix4x4, _ result: inout TriangleMesh) {
    let start = result.positions.count
    for i in 0..<Int(mesh.mNumVertices) {
      guard let v = mesh.mVertices?[i] else { return }
      result.positions.append(transform.place(of: SIMD3(Double(v.x), Double(v.y), Double(v.z))))
    }
    for i in 0..<Int(mesh.mNumFaces) {
      guard let face = mesh.mFaces?[i] else { return }
      let corners = (0..<Int(face.mNumIndices)).compactMap { face.mIndices?[$0] }.map { start + Int($0) }
      guard corners.allSatisfy({ $0 < result.positions.count }) else { continue }
      result.appendPolygon(corners)
    }
  }
}

extension aiMatrix4x4 {
  fileprivate static var identity: aiMatrix4x4 {
    var matrix = aiMatrix4x4()
    (matrix.a1, matrix.b2, matrix.c3, matrix.d4) = (1, 1, 1, 1)
    return matrix
  }

  /// This transformation after `other`.
  fileprivate func times(_ other: aiMatrix4x4) -> aiMatrix4x4 {
    var result = self
    var other = other
    aiMultiplyMatrix4(&result, &other)
    return result
  }

  fileprivate func place(of p: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(
      Double(a1) * p.x + Double(a2) * p.y + Double(a3) * p.z + Double(a4),
      Double(b1) * p.x + Double(b2) * p.y + Double(b3) * p.z + Double(b4),
      Double(c1) * p.x + Double(c2) * p.y + Double(c3) * p.z + Double(c4))
  }
}
