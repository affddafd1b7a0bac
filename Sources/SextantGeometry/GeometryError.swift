// Errors in geometries and their files. The text names the file, the place and the remedy.

/// A geometry that cannot be used.
public enum GeometryError: Error, Equatable, CustomStringConvertible {
  /// Coordinates that do not describe a grid; the text says which and why.
  case invalidGrid(String)
  /// A place that no cell or triangle covers.
  case outsideDomain(String)
  /// A mesh that cannot be used.
  case invalidMesh(String)
  /// A domain without latitudes and longitudes where they are needed.
  case noGeography(domain: String, purpose: String)
  /// A domain that has no stored form.
  case notStorable(domain: String)
  /// A file with a domain of a kind that is not in the list of known kinds.
  case unknownDomainKind(found: [String], known: [String])
  /// A file that is not a mesh; `found` says what it is instead.
  case notAMesh(path: String, found: String)
  /// A mesh file that is shorter than its own header says.
  case meshTooShort(path: String, declared: String, neededBytes: Int, foundBytes: Int)
  /// A face with a corner that is not a vertex of its mesh. Faces are counted from 0 here and from 1 in the text.
  case cornerOutsideMesh(path: String, face: Int, corner: Int, vertexCount: Int)
  /// A mesh without triangles where a surface is needed.
  case noFaces(path: String)
  /// A mesh that does not exist in a scene.
  case absentMeshPart(path: String, name: String, available: [String])
  /// A property that the vertices of a mesh do not have.
  case absentProperty(path: String, name: String, available: [String])
  /// A number of values that is not the number of vertices.
  case wrongValueCount(name: String, expected: Int, found: Int)
  /// A symmetry that does not exist, or that a domain does not have; the text says which and why.
  case invalidSymmetry(String)
  /// A glTF file without the bytes that it refers to.
  case missingBuffer(path: String, buffer: String, reason: String)

  public var description: String {
    switch self {
    case .invalidGrid(let reason), .outsideDomain(let reason), .invalidMesh(let reason), .invalidSymmetry(let reason):
      reason
    case .noGeography(let domain, let purpose):
      "\(purpose) needs latitudes and longitudes, and the \(domain) has none."
    case .notStorable(let domain):
      "A model cannot be stored for this kind of domain: \(domain). Give the domain a stored form."
    case .unknownDomainKind(let found, let known):
      "Expected one domain of the kinds \(known.joined(separator: ", ")); found \(found.isEmpty ? "none" : found.joined(separator: ", "))."
    case .notAMesh(let path, let found):
      "\(path): expected a mesh (PLY, OFF, OBJ, STL, glTF, GLB, VTK, GIFTI, FreeSurfer, XYZ or another format of the Assimp library), found \(found)."
    case .meshTooShort(let path, let declared, let needed, let found):
      "\(path): the file is cut off, or its header is wrong: \(declared) need at least \(needed) bytes, but only \(found) exist."
    case .cornerOutsideMesh(let path, let face, let corner, let count):
      "\(path): face number \(face + 1) has the corner \(corner): expected 0…\(count - 1), as the mesh has \(count) vertices."
    case .noFaces(let path):
      "\(path): the mesh has no faces with three corners, and triangles are needed here."
    case .absentMeshPart(let path, let name, let available):
      "\(path): no mesh \"\(name)\". "
        + (available.isEmpty ? "The file names no meshes." : "The file has: \(available.joined(separator: ", ")).")
    case .absentProperty(let path, let name, let available):
      "\(path): the vertices have no property \"\(name)\". "
        + (available.isEmpty ? "They have positions only." : "They have: \(available.joined(separator: ", ")).")
    case .wrongValueCount(let name, let expected, let found):
      "\(name): \(found) values for a mesh of \(expected) vertices: expected one for each vertex."
    case .missingBuffer(let path, let buffer, let reason):
      "\(path): the buffer \(buffer) \(reason). Put it beside the file, or export the scene as one .glb file."
    }
  }
}
