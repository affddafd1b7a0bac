// A mesh as stored in its file: vertices neither split nor merged, polygons not triangulated, all properties preserved.
// TriangleMesh is the part that geometry needs.

/// The contents of a mesh file.
///
/// V is the number of vertices, F the number of polygons.
public struct MeshDocument: Sendable, Equatable {
  /// The path of the file; empty for a mesh that was created.
  public var path: String
  /// The format of the file and the encoding of its numbers.
  public var source: MeshSource
  /// The position of each vertex (V entries), in the units of the file.
  public var positions: [SIMD3<Double>]
  /// The type of the coordinates in the file.
  public var positionType: MeshScalarType
  /// The polygons as stored (F).
  public var polygons: PolygonList
  /// The properties of the vertices (V values each): colours, normals, confidence.
  public var vertexProperties: [MeshProperty]
  /// The properties of the polygons (F values each).
  public var faceProperties: [MeshProperty]
  /// The meshes of a scene, the solids of an STL file or the objects of an OBJ file, in the order of the file.
  public var parts: [MeshPart]
  /// The comments of a PLY file's header.
  public var comments: [String]
  /// The `obj_info` lines of a PLY file's header.
  public var objectInformation: [String]
  /// Further elements of a PLY file, such as its edges, which are written to PLY files as they are.
  public var otherElements: [MeshElement]
  /// Contents of the file that are not preserved, one line each.
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
    otherElements = []
    omissions = []
  }

  /// A mesh of triangles.
  public init(_ mesh: TriangleMesh) {
    self.init(positions: mesh.positions, polygons: PolygonList(triangles: mesh.triangles))
  }

  /// The number of vertices V.
  public var vertexCount: Int { positions.count }

  /// The triangulated polygons; polygons of fewer than three corners give none.
  ///
  /// Throws ``GeometryError/invalidMesh(_:)`` for a polygon of more than 1000 corners that is not convex.
  public func triangles() throws -> [SIMD3<Int32>] { try polygons.triangulated(positions, path: path).triangles }

  /// The positions and the triangles, of which a cloud of points has none.
  ///
  /// Throws ``GeometryError/noFaces(path:)`` if there are polygons and none of them has three corners, and any error of
  /// ``triangles()``.
  public func shape() throws -> TriangleMesh {
    polygons.count == 0 ? TriangleMesh(positions: positions, triangles: []) : try triangleMesh()
  }

  /// The positions and triangles.
  ///
  /// Throws ``GeometryError/noFaces(path:)`` if there is no triangle, and any error of ``triangles()``.
  public func triangleMesh() throws -> TriangleMesh {
    let triangles = try triangles()
    guard !triangles.isEmpty else { throw GeometryError.noFaces(path: path) }
    return TriangleMesh(positions: positions, triangles: triangles)
  }

  /// The vertex property with this name. Throws ``GeometryError/absentProperty(path:name:available:)``.
  public func vertexProperty(_ name: String) throws -> MeshProperty {
    guard let property = vertexProperties.first(where: { $0.name == name }) else {
      throw GeometryError.absentProperty(path: path, name: name, available: vertexProperties.map(\.name))
    }
    return property
  }

  /// Adds a vertex property, replacing one with the same name.
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

  /// Throws unless all positions are finite and all corners refer to vertices.
  func checkGeometry() throws {
    if let vertex = positions.firstIndex(where: { !$0.isFinite }) {
      throw GeometryError.invalidMesh(
        "\(path): vertex number \(vertex + 1) is at (\(positions[vertex].x), \(positions[vertex].y), \(positions[vertex].z)): expected finite coordinates."
      )
    }
    let count = Int32(clamping: vertexCount)
    guard let place = polygons.corners.firstIndex(where: { $0 < 0 || $0 >= count }) else { return }
    throw GeometryError.cornerOutsideMesh(
      path: path, face: polygons.starts.lastIndex { $0 <= place } ?? 0, corner: Int(polygons.corners[place]),
      vertexCount: vertexCount)
  }
}

/// The kind of file from which a mesh was read.
public struct MeshSource: Sendable, Equatable {
  /// The format.
  public var format: MeshFormat
  /// The encoding of numbers.
  public var encoding: MeshEncoding

  public init(format: MeshFormat, encoding: MeshEncoding) {
    self.format = format
    self.encoding = encoding
  }
}

/// The encoding of numbers in a mesh file.
public enum MeshEncoding: String, Sendable, Codable {
  /// As text.
  case text
  /// Binary, least significant byte first.
  case littleEndian = "binary little-endian"
  /// Binary, most significant byte first.
  case bigEndian = "binary big-endian"
  /// Known only to the Assimp library.
  case library = "read by Assimp"
}

/// A kind of element of a PLY file that is neither a vertex nor a face, such as "edge".
public struct MeshElement: Sendable, Equatable {
  /// The name of the kind.
  public var name: String
  /// The number of elements.
  public var count: Int
  /// The properties, with a value for each element.
  public var properties: [MeshProperty]

  public init(name: String, count: Int, properties: [MeshProperty]) {
    (self.name, self.count, self.properties) = (name, count, properties)
  }
}
