// What a mesh file holds, for `sextant inspect`: its format, its properties with their ranges, its meshes, and what is
// unusual about its faces. A file without faces is inspected like any other.

/// Counts of a mesh file, and what is unusual about the mesh.
public struct MeshInspection: Sendable, Equatable, Encodable {
  /// A property in short.
  public struct Property: Sendable, Equatable, Encodable {
    /// The name in the file.
    public let name: String
    /// The type in the file.
    public let type: MeshScalarType
    /// The least value; nil where all are not-a-number.
    public let minimum: Double?
    /// The greatest value.
    public let maximum: Double?

    init(_ property: MeshProperty) {
      name = property.name
      type = property.type
      minimum = property.range?.lowerBound
      maximum = property.range?.upperBound
    }
  }

  /// A mesh of a scene in short.
  public struct Part: Sendable, Equatable, Encodable {
    /// The name by which it is chosen.
    public let name: String
    /// The number of vertices that its polygons use.
    public let vertexCount: Int
    /// The number of its polygons.
    public let polygonCount: Int
  }

  /// The file.
  public let path: String
  /// The format, such as "PLY".
  public let format: MeshFormat
  /// How the file writes numbers.
  public let encoding: MeshEncoding
  /// The number of vertices V as filed; of an STL file, which repeats them, the number of different ones.
  public let vertexCount: Int
  /// The number of polygons as filed.
  public let polygonCount: Int
  /// The number of triangles, polygons cut up.
  public let triangleCount: Int
  /// The number of different positions.
  public let distinctPositionCount: Int
  /// The least coordinates, in the file's unit.
  public let lowerCorner: SIMD3<Double>
  /// The greatest coordinates, in the file's unit.
  public let upperCorner: SIMD3<Double>
  /// The properties of the vertices beside their positions.
  public let vertexProperties: [Property]
  /// The properties of the polygons.
  public let faceProperties: [Property]
  /// The meshes of a scene; empty where the file names none.
  public let parts: [Part]
  /// How the faces hang together, by the vertices of the file.
  public let topology: MeshTopology
  /// The same with coincident vertices taken as one; nil where there are none.
  public let joinedTopology: MeshTopology?
  /// The number of triangles without area: two corners on one place, or three on a line.
  public let degenerateTriangleCount: Int
  /// What the file holds that is not kept.
  public let omissions: [String]

  /// Reads a mesh file of any format; throws what ``MeshFile/document(_:selecting:)`` throws.
  public init(path: String, selecting selection: MeshSelection = .merged) throws {
    try self.init(MeshFile.document(path, selecting: selection))
  }

  /// Looks at a mesh that was read; throws what ``MeshDocument/triangles()`` throws.
  public init(_ document: MeshDocument) throws {
    let first = document.positions.first ?? SIMD3()
    let triangles = try document.triangles()
    path = document.path
    format = document.source.format
    encoding = document.source.encoding
    vertexCount = document.vertexCount
    polygonCount = document.polygons.count
    triangleCount = triangles.count
    lowerCorner = document.positions.reduce(first) { pointwiseMin($0, $1) }
    upperCorner = document.positions.reduce(first) { pointwiseMax($0, $1) }
    vertexProperties = document.vertexProperties.map(Property.init)
    faceProperties = document.faceProperties.map(Property.init)
    parts = document.parts.map { part in
      let used = Set(part.polygons.flatMap { document.polygons[$0] })
      return Part(name: part.name, vertexCount: used.count, polygonCount: part.polygons.count)
    }
    omissions = document.omissions

    topology = MeshTopology(polygons: document.polygons, vertexCount: document.vertexCount)
    let merged = CoincidentPoints(equal: document.positions)
    distinctPositionCount = merged.nodePositions.count
    joinedTopology =
      distinctPositionCount == vertexCount
      ? nil
      : MeshTopology(
        polygons: document.polygons.mapping { merged.nodeOfVertex[Int($0)] }, vertexCount: distinctPositionCount)
    degenerateTriangleCount = triangles.count { Self.isDegenerate($0, document.positions) }
  }

  /// Whether a triangle is lower than 10⁻⁶ of its longest side: less than single precision tells from a line.
  private static func isDegenerate(_ triangle: SIMD3<Int32>, _ positions: [SIMD3<Double>]) -> Bool {
    let (a, b, c) = (positions[Int(triangle.x)], positions[Int(triangle.y)], positions[Int(triangle.z)])
    let longest = max((b - a).squaredLength, (c - b).squaredLength, (a - c).squaredLength)
    return (b - a).cross(c - a).length <= 1e-6 * longest
  }
}
