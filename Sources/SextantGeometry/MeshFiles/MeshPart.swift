// The meshes of a scene: their names, and the extraction of a single mesh.

/// A mesh in a file with several meshes.
public struct MeshPart: Sendable, Equatable {
  /// The name, made unique within the file by a number if necessary, such as "Wheels (2)".
  public var name: String
  /// The indices of its polygons.
  public var polygons: [Int]

  public init(name: String, polygons: [Int]) {
    self.name = name
    self.polygons = polygons
  }
}

/// The selection of meshes in a file.
public enum MeshSelection: Sendable, Equatable {
  /// All meshes, merged into one.
  case merged
  /// The mesh with this name.
  case named(String)
}

extension MeshDocument {
  /// The part with this name: its polygons and the vertices that they use, in the order of the file.
  ///
  /// Throws ``GeometryError/absentMeshPart(path:name:available:)``.
  public func part(named name: String) throws -> MeshDocument {
    guard let part = parts.first(where: { $0.name == name }) else {
      throw GeometryError.absentMeshPart(path: path, name: name, available: parts.map(\.name))
    }
    var isUsed = [Bool](repeating: false, count: vertexCount)
    for polygon in part.polygons { for corner in polygons[polygon] { isUsed[Int(corner)] = true } }
    let vertices = isUsed.indices.filter { isUsed[$0] }
    var place = [Int32](repeating: -1, count: vertexCount)
    for (new, old) in vertices.enumerated() { place[old] = Int32(new) }
    var result = self
    result.positions = vertices.map { positions[$0] }
    result.polygons = PolygonList()
    for polygon in part.polygons { result.polygons.append(polygons[polygon].map { place[Int($0)] }) }
    result.vertexProperties = vertexProperties.map { $0.gathering(vertices) }
    result.faceProperties = faceProperties.map { $0.gathering(part.polygons) }
    result.parts = [MeshPart(name: name, polygons: Array(part.polygons.indices))]
    return result
  }
}

/// Collects the parts while a file is read.
struct MeshPartCollector {
  private var names: [String] = []
  private var polygons: [[Int]] = []
  private var places: [String: Int] = [:]

  /// Adds a polygon to the part with this name, wherever in the file the part began.
  mutating func add(polygon: Int, to name: String) {
    let place = places[name] ?? names.count
    if place == names.count { begin(name) }
    polygons[place].append(polygon)
  }

  /// Adds polygons as a new part, even if its name is already used.
  mutating func add(polygons range: Range<Int>, as name: String) {
    var (distinct, number) = (name, 1)
    while places[distinct] != nil {
      number += 1
      distinct = "\(name) (\(number))"
    }
    begin(distinct)
    polygons[polygons.count - 1] = Array(range)
  }

  private mutating func begin(_ name: String) {
    places[name] = names.count
    names.append(name)
    polygons.append([])
  }

  /// The parts; empty if the file does not name any.
  var parts: [MeshPart] {
    let all = zip(names, polygons).map { MeshPart(name: $0, polygons: $1) }
    return all.count == 1 && all[0].name.isEmpty ? [] : all
  }
}
