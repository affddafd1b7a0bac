// The contents of a mesh file for `sextant inspect`: its format, its properties with their ranges, its parts, and
// irregularities of its faces. A file without faces is inspected like any other.

/// A summary of a mesh file and the irregularities of the mesh.
public struct MeshInspection: Sendable, Equatable, Encodable {
  /// A summary of a property.
  public struct Property: Sendable, Equatable, Encodable {
    /// The name in the file.
    public let name: String
    /// The type in the file.
    public let type: MeshScalarType
    /// The smallest value; nil if all values are NaN.
    public let minimum: Double?
    /// The largest value.
    public let maximum: Double?

    init(_ property: MeshProperty) {
      name = property.name
      type = property.type
      minimum = property.range?.lowerBound
      maximum = property.range?.upperBound
    }
  }

  /// A summary of a mesh in a scene.
  public struct Part: Sendable, Equatable, Encodable {
    /// The name by which it is selected.
    public let name: String
    /// The number of vertices used by its polygons.
    public let vertexCount: Int
    /// The number of its polygons.
    public let polygonCount: Int
  }

  /// The path of the file.
  public let path: String
  /// The format, such as "PLY".
  public let format: MeshFormat
  /// The encoding of numbers in the file.
  public let encoding: MeshEncoding
  /// The number V of vertices as stored; for an STL file, which repeats them, the number of distinct vertices.
  public let vertexCount: Int
  /// The number of polygons as stored.
  public let polygonCount: Int
  /// The number of triangles after triangulation.
  public let triangleCount: Int
  /// The number of distinct positions.
  public let distinctPositionCount: Int
  /// The smallest coordinates, in the units of the file.
  public let lowerCorner: SIMD3<Double>
  /// The largest coordinates, in the units of the file.
  public let upperCorner: SIMD3<Double>
  /// The properties of the vertices, except their positions.
  public let vertexProperties: [Property]
  /// The properties of the polygons.
  public let faceProperties: [Property]
  /// The meshes of a scene; empty if the file does not name any.
  public let parts: [Part]
  /// The topology of the faces, by the vertices of the file.
  public let topology: MeshTopology
  /// The topology after merging coincident vertices; nil if there are none.
  public let joinedTopology: MeshTopology?
  /// The number of triangles without area: two coincident corners, or three collinear corners.
  public let degenerateTriangleCount: Int
  /// Contents of the file that are not preserved.
  public let omissions: [String]

  /// Reads a mesh file of any format. Throws the errors of ``MeshFile/document(_:selecting:)``.
  public init(path: String, selecting selection: MeshSelection = .merged) throws {
    try self.init(MeshFile.document(path, selecting: selection))
  }

  /// Inspects a mesh. Throws the errors of ``MeshDocument/triangles()``.
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

  /// Whether the height of a triangle is less than 10⁻⁶ of its longest side, which single precision cannot distinguish
  /// from a line.
  private static func isDegenerate(_ triangle: SIMD3<Int32>, _ positions: [SIMD3<Double>]) -> Bool {
    let (a, b, c) = (positions[Int(triangle.x)], positions[Int(triangle.y)], positions[Int(triangle.z)])
    let longest = max((b - a).squaredLength, (c - b).squaredLength, (a - c).squaredLength)
    return (b - a).cross(c - a).length <= 1e-6 * longest
  }
}
