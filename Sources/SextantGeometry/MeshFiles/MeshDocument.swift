// A mesh as its file has it: vertices neither split nor merged, polygons uncut, every named number kept.
// TriangleMesh is what geometry takes from it.

/// Everything that was read from a mesh file.
///
/// V is the number of vertices, F the number of polygons.
public struct MeshDocument: Sendable, Equatable {
  /// The file that it came from; empty for a mesh that was made.
  public var path: String
  /// The format of the file, and how its numbers are written.
  public var source: MeshSource
  /// The position of each vertex (V entries), in the file's unit.
  public var positions: [SIMD3<Double>]
  /// The type that the file gives the coordinates.
  public var positionType: MeshScalarType
  /// The polygons as filed (F).
  public var polygons: PolygonList
  /// Named numbers at the vertices (V values each): colours, normals, confidence.
  public var vertexProperties: [MeshProperty]
  /// Named numbers at the polygons (F values each).
  public var faceProperties: [MeshProperty]
  /// The meshes of a scene, the solids of an STL file, the objects of an OBJ file, in the order of the file.
  public var parts: [MeshPart]
  /// The comments of a PLY file's header.
  public var comments: [String]
  /// The `obj_info` lines of a PLY file's header.
  public var objectInformation: [String]
  /// What the file holds that is not kept, a line each.
  public var omissions: [String]

  /// A mesh without properties.
  public init(
    path: String = "", source: MeshSource = MeshSource(format: .ply, encoding: .text), positions: [SIMD3<Double>] = [],
    positionType: MeshScalarType = .float64, polygons: PolygonList = PolygonList()
  ) {
    self.path = path
    self.source = source
    self.positions = positions
    self.positionType = positionType
    self.polygons = polygons
    vertexProperties = []
    faceProperties = []
    parts = []
    comments = []
    objectInformation = []
    omissions = []
  }

  /// A mesh made of triangles.
  public init(_ mesh: TriangleMesh) {
    self.init(positions: mesh.positions, polygons: PolygonList(triangles: mesh.triangles))
  }

  /// The number of vertices V.
  public var vertexCount: Int { positions.count }

  /// The polygons cut into triangles; those of fewer than three corners make none.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)`` for a polygon of more than 1000 corners that is not convex.
  public func triangles() throws -> [SIMD3<Int32>] { try polygons.triangulated(positions, path: path).triangles }

  /// The positions and triangles, for geometry.
  ///
  /// Throws ``GeometryError/noFaces(path:)`` where there is no triangle, and what ``triangles()`` throws.
  public func triangleMesh() throws -> TriangleMesh {
    let triangles = try triangles()
    guard !triangles.isEmpty else { throw GeometryError.noFaces(path: path) }
    return TriangleMesh(positions: positions, triangles: triangles)
  }

  /// The vertex property of that name. Throws ``GeometryError/absentProperty(path:name:available:)``.
  public func vertexProperty(_ name: String) throws -> MeshProperty {
    guard let property = vertexProperties.first(where: { $0.name == name }) else {
      throw GeometryError.absentProperty(path: path, name: name, available: vertexProperties.map(\.name))
    }
    return property
  }

  /// Adds a vertex property, in the place of one of the same name if there is one.
  ///
  /// Throws ``GeometryError/wrongValueCount(name:expected:found:)`` unless it has V values.
  public mutating func setVertexProperty(_ property: MeshProperty) throws {
    guard property.values.count == vertexCount else {
      throw GeometryError.wrongValueCount(name: property.name, expected: vertexCount, found: property.values.count)
    }
    if let place = vertexProperties.firstIndex(where: { $0.name == property.name }) {
      vertexProperties[place] = property
    } else {
      vertexProperties.append(property)
    }
  }

  /// Throws unless all positions are finite and all corners are vertices.
  func checkGeometry() throws {
    if let vertex = positions.firstIndex(where: { !$0.isFinite }) {
      throw GeometryError.invalidMesh(
        "\(path): vertex number \(vertex + 1) lies at (\(positions[vertex].x), \(positions[vertex].y), \(positions[vertex].z)): expected finite coordinates."
      )
    }
    let count = Int32(clamping: vertexCount)
    guard let place = polygons.corners.firstIndex(where: { $0 < 0 || $0 >= count }) else { return }
    throw GeometryError.cornerOutsideMesh(
      path: path, face: polygons.starts.lastIndex { $0 <= place } ?? 0, corner: Int(polygons.corners[place]),
      vertexCount: vertexCount)
  }
}

/// What kind of file a mesh came from.
public struct MeshSource: Sendable, Equatable {
  /// The format.
  public var format: MeshFormat
  /// How numbers are written.
  public var encoding: MeshEncoding

  public init(format: MeshFormat, encoding: MeshEncoding) {
    self.format = format
    self.encoding = encoding
  }
}

/// How a mesh file writes numbers.
public enum MeshEncoding: String, Sendable, Codable {
  /// As text.
  case text
  /// As bytes, the lowest first.
  case littleEndian = "binary little-endian"
  /// As bytes, the highest first.
  case bigEndian = "binary big-endian"
  /// As the Assimp library knows and does not tell.
  case library = "read by Assimp"
}
