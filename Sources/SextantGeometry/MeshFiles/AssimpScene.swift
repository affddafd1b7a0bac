// STL, glTF, GLB and the other formats of the Assimp library: all meshes of the scene, transformed by the scene's
// nodes. No post-processing step is requested, in particular no joining of vertices, which would renumber them. STL
// files repeat each vertex in every triangle; their vertices are merged afterwards if their positions are exactly
// equal.

import CAssimp

/// A scene read by Assimp.
struct AssimpScene {
  private var result: MeshDocument
  private var collector = MeshPartCollector()
  /// Properties by name; those that some vertices lack are removed at the end.
  private var columns: [String: [Double]] = [:]
  private static let names = ["nx", "ny", "nz", "red", "green", "blue", "alpha", "s", "t"]
  /// Deeper trees are assumed to be an attack on the stack.
  private static let depthLimit = 1000

  /// Reads a file, whose contents are `bytes`.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)``, ``GeometryError/notAMesh(path:found:)`` and
  /// ``GeometryError/missingBuffer(path:buffer:reason:)``.
  static func document(_ bytes: [UInt8], path: String, format: MeshFormat) throws -> MeshDocument {
    let isGLTF = format == .gltf || format == .glb
    let content = isGLTF ? try GLTFCheck.selfContained(bytes, path: path, isBinary: format == .glb) : bytes
    guard let scene = load(content, path: path, format: format) else {
      let reason = aiGetErrorString().map { String(cString: $0) } ?? ""
      throw GeometryError.invalidMesh(
        "\(path): not a readable mesh\(reason.isEmpty ? "" : " (\(reason))"). Expected PLY, OFF, OBJ, STL, glTF or another format of the Assimp library."
      )
    }
    defer { aiReleaseImport(scene) }
    let encoding: MeshEncoding =
      switch format {
      case .other: .library
      case .gltf: .text
      case .stl: MeshFormat.isBinarySTL(bytes) ? .littleEndian : .text
      default: .littleEndian
      }
    var reader = AssimpScene(path: path, format: format, encoding: encoding)
    if let root = scene.pointee.mRootNode { try reader.collect(root.pointee, scene.pointee, .identity, depth: 0) }
    return reader.finished(weldsVertices: format == .stl)
  }

  /// The library relies on the file's name, which may be wrong, so the bytes are passed under the name of the
  /// recognised format.
  private static func load(_ bytes: [UInt8], path: String, format: MeshFormat) -> UnsafePointer<aiScene>? {
    if format == .other { return aiImportFile(path, 0) }
    return bytes.withUnsafeBytes {
      aiImportFileFromMemory($0.bindMemory(to: CChar.self).baseAddress, UInt32($0.count), 0, format.endings.first ?? "")
    }
  }

  /// Whether the library reads files with this extension.
  static func isReadable(ending: String) -> Bool { !ending.isEmpty && aiIsExtensionSupported("." + ending) == AI_TRUE }

  private init(path: String, format: MeshFormat, encoding: MeshEncoding) {
    result = MeshDocument(path: path, source: MeshSource(format: format, encoding: encoding))
    for name in Self.names { columns[name] = [] }
  }

  private mutating func collect(_ node: aiNode, _ scene: aiScene, _ parent: aiMatrix4x4, depth: Int) throws {
    guard depth < Self.depthLimit else {
      throw GeometryError.invalidMesh("\(result.path): the scene's nodes are more than \(Self.depthLimit) levels deep.")
    }
    let transform = parent.times(node.mTransformation)
    let start = result.polygons.count
    var meshName = ""
    for k in 0..<Int(node.mNumMeshes) {
      guard let index = node.mMeshes?[k], index < scene.mNumMeshes, let mesh = scene.mMeshes?[Int(index)]?.pointee
      else { continue }
      if k == 0 { meshName = mesh.mName.text }
      append(mesh, transform)
    }
    if result.polygons.count > start {
      let name = Self.partName(node: node.mName.text, mesh: meshName, meshCount: Int(node.mNumMeshes))
      collector.add(polygons: start..<result.polygons.count, as: name)
    }
    for k in 0..<Int(node.mNumChildren) {
      if let child = node.mChildren?[k]?.pointee { try collect(child, scene, transform, depth: depth + 1) }
    }
  }

  /// The name of the node, or else of the mesh. Assimp names a nameless glTF node "nodes[3]", and the first of several
  /// parts of a mesh "Truck-0".
  private static func partName(node: String, mesh: String, meshCount: Int) -> String {
    if !node.isEmpty, !node.hasPrefix("nodes[") { return node }
    return meshCount > 1 && mesh.hasSuffix("-0") ? String(mesh.dropLast(2)) : mesh
  }

  private mutating func append(_ mesh: aiMesh, _ transform: aiMatrix4x4) {
    let start = result.positions.count
    let count = Int(mesh.mNumVertices)
    guard let vertices = mesh.mVertices else { return }
    for i in 0..<count {
      let v = vertices[i]
      result.positions.append(transform.place(of: SIMD3(Double(v.x), Double(v.y), Double(v.z))))
    }
    appendProperties(of: mesh, transform)
    for i in 0..<Int(mesh.mNumFaces) {
      guard let face = mesh.mFaces?[i], let indices = face.mIndices else { continue }
      // Points and lines are not faces.
      guard face.mNumIndices >= 3 else { continue }
      // Corners outside this mesh would refer to the next one.
      result.polygons.append(
        (0..<Int(face.mNumIndices)).map { Int(indices[$0]) < count ? Int32(start + Int(indices[$0])) : Int32.max })
    }
  }

  private mutating func appendProperties(of mesh: aiMesh, _ transform: aiMatrix4x4) {
    let count = Int(mesh.mNumVertices)
    if let normals = mesh.mNormals {
      for i in 0..<count {
        let n = transform.normal(of: SIMD3(Double(normals[i].x), Double(normals[i].y), Double(normals[i].z)))
        append([n.x, n.y, n.z], to: ["nx", "ny", "nz"])
      }
    }
    if let colours = mesh.mColors.0 {
      for i in 0..<count {
        let c = colours[i]
        append([c.r, c.g, c.b, c.a].map(Double.init), to: ["red", "green", "blue", "alpha"])
      }
    }
    if let places = mesh.mTextureCoords.0 {
      for i in 0..<count { append([Double(places[i].x), Double(places[i].y)], to: ["s", "t"]) }
    }
  }

  private mutating func append(_ values: [Double], to names: [String]) {
    for (name, value) in zip(names, values) { columns[name]?.append(value) }
  }

  private func finished(weldsVertices: Bool) -> MeshDocument {
    var document = result
    document.parts = collector.parts
    if weldsVertices {
      let merged = CoincidentPoints(equal: result.positions)
      document.positions = merged.nodePositions
      document.polygons = result.polygons.mapping { merged.nodeOfVertex[Int($0)] }
    } else {
      for name in Self.names {
        guard let values = columns[name], !values.isEmpty else { continue }
        if values.count == document.vertexCount {
          document.vertexProperties.append(MeshProperty(name: name, values: values.map(Float.init)))
        } else {
          document.omissions.append("\"\(name)\", which only some vertices have")
        }
      }
    }
    let isSingle = document.positions.allSatisfy { p in (0..<3).allSatisfy { p[$0] == Double(Float(p[$0])) } }
    document.positionType = isSingle ? .float32 : .float64
    return document
  }
}

extension aiString {
  fileprivate var text: String {
    withUnsafeBytes(of: data) { String(decoding: $0.prefix(Int(min(length, 1023))), as: UTF8.self) }
  }
}

extension aiMatrix4x4 {
  fileprivate static var identity: aiMatrix4x4 {
    var matrix = aiMatrix4x4()
    (matrix.a1, matrix.b2, matrix.c3, matrix.d4) = (1, 1, 1, 1)
    return matrix
  }

  /// This transformation, applied after `other`.
  fileprivate func times(_ other: aiMatrix4x4) -> aiMatrix4x4 {
    var result = self
    var other = other
    aiMultiplyMatrix4(&result, &other)
    return result
  }

  private var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>) {
    (
      SIMD3(Double(a1), Double(a2), Double(a3)), SIMD3(Double(b1), Double(b2), Double(b3)),
      SIMD3(Double(c1), Double(c2), Double(c3))
    )
  }

  fileprivate func place(of p: SIMD3<Double>) -> SIMD3<Double> {
    let (x, y, z) = rows
    return SIMD3(x.dot(p) + Double(a4), y.dot(p) + Double(b4), z.dot(p) + Double(c4))
  }

  /// A normal, which is transformed by the inverse transpose, computed from the cofactors.
  fileprivate func normal(of n: SIMD3<Double>) -> SIMD3<Double> {
    let (x, y, z) = rows
    let image = SIMD3(y.cross(z).dot(n), z.cross(x).dot(n), x.cross(y).dot(n))
    let length = image.length
    let sign: Double = tripleProduct(x, y, z) < 0 ? -1 : 1
    return length > 0 ? image * (sign / length) : n
  }
}
