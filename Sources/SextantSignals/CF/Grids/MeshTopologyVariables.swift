// UGRID: a variable that names the nodes of a mesh and the corners of its faces. Values at nodes have the triangles of
// the faces, values on faces those of the dual mesh. Values on edges have the places of the edges and the Delaunay triangulation of
// them. Meshes in layers are not read.

import SextantGeometry

/// The variables of a UGRID mesh of two dimensions, for values at one location of it.
struct MeshTopologyVariables: Sendable {
  enum Location: String, Sendable { case node, face, edge }

  /// The mesh, in the places of the values.
  struct Mesh {
    var places: [GeographicPoint]
    /// Nil for those that follow from the places.
    var triangles: [SIMD3<Int32>]?
    var areas: [Double]?
    var name: String
  }

  let mesh: NetCDFVariable
  let location: Location
  /// Latitudes and longitudes of the nodes.
  let nodes: [NetCDFVariable]
  /// The nodes of each face or, for values on edges, of each edge.
  let connectivity: NetCDFVariable
  /// The dimension of the values.
  let dimension: NetCDFDimension
  /// Latitudes and longitudes of the faces or edges; empty for the middles of their corners.
  private let faces: [NetCDFVariable]
  private let facesAlongRows: Bool

  /// The names of all variables that belong to a mesh.
  static func companions(of mesh: NetCDFVariable) -> [String] {
    mesh.attributes.map(\.name).filter { $0.hasSuffix("_connectivity") || $0.hasSuffix("_coordinates") }
      .flatMap { mesh.words($0) }
  }

  /// The mesh of a variable; nil where it has none, or one without what the values are on.
  init?(of variable: NetCDFVariable, in dataset: CFDataset) {
    guard let mesh = variable.words("mesh").first.flatMap({ dataset.resolve($0, from: variable) }),
      mesh.text("cf_role") == "mesh_topology",
      let location = Location(rawValue: variable.text("location") ?? ""),
      let connectivity = mesh.words("\(location == .edge ? "edge" : "face")_node_connectivity").first
        .flatMap({ dataset.resolve($0, from: mesh) }),
      connectivity.dimensions.count == 2,
      let nodes = Self.pair(mesh.words("node_coordinates"), of: mesh, in: dataset)
    else { return nil }
    self.mesh = mesh
    self.location = location
    self.connectivity = connectivity
    self.nodes = nodes
    let faceDimension =
      mesh.text("\(location == .edge ? "edge" : "face")_dimension").flatMap { name in connectivity.dimensions.first { $0.name == name } }
      ?? connectivity.dimensions[0]
    facesAlongRows = faceDimension == connectivity.dimensions[0]
    dimension = location == .node ? nodes[0].dimensions[0] : faceDimension
    let centres = Self.pair(mesh.words("\(location == .edge ? "edge" : "face")_coordinates"), of: mesh, in: dataset) ?? []
    faces = centres.first?.dimensions == [faceDimension] ? centres : []
    guard variable.dimensions.contains(dimension) else { return nil }
  }

  /// Latitude and longitude among named variables along one dimension.
  private static func pair(_ names: [String], of mesh: NetCDFVariable, in dataset: CFDataset) -> [NetCDFVariable]? {
    let variables = names.compactMap { dataset.resolve($0, from: mesh) }
    guard let latitude = variables.first(where: { dataset.coordinateRole(of: $0) == .latitude }),
      let longitude = variables.first(where: { dataset.coordinateRole(of: $0) == .longitude }),
      latitude.dimensions.count == 1, latitude.dimensions == longitude.dimensions
    else { return nil }
    return [latitude, longitude]
  }

  /// The variables whose places the values have.
  var coordinates: [NetCDFVariable] { location == .node || faces.isEmpty ? nodes : faces }

  /// The mesh. Throws ``NetCDFError/invalidCoordinate(path:variable:reason:)`` for corners that are no nodes.
  func mesh(in file: NetCDFFile) throws -> Mesh {
    let nodePlaces = try Self.places(nodes, in: file)
    let corners = try faceCorners(in: file, nodeCount: nodePlaces.count)
    if location == .node {
      let triangles = corners.flatMap { corners in
        corners.count < 3 ? [] : (1..<corners.count - 1).map { SIMD3(corners[0], corners[$0], corners[$0 + 1]) }
      }
      return Mesh(places: nodePlaces, triangles: triangles, areas: nil, name: "mesh (values at nodes)")
    }
    if location == .edge {
      return Mesh(places: try edgePlaces(corners, nodes: nodePlaces, in: file), triangles: nil, areas: nil, name: "mesh (values on edges)")
    }
    let outlines = corners.map { $0.map { nodePlaces[Int($0)].position } }
    let areas = outlines.map(SphericalPolygon.area)
    let places =
      faces.isEmpty
      ? outlines.map { GeographicPoint(SphericalPolygon.middle($0)) } : try Self.places(faces, in: file)
    let dual = DualTriangulation(faces: corners, cornerCount: nodePlaces.count)
    return Mesh(places: places, triangles: dual.triangles.isEmpty ? nil : dual.triangles, areas: areas, name: "mesh (values on faces)")
  }

  /// The places of the edges: those of the file, or else the middles of their ends.
  private func edgePlaces(_ ends: [[Int32]], nodes: [GeographicPoint], in file: NetCDFFile) throws -> [GeographicPoint] {
    guard faces.isEmpty else { return try Self.places(faces, in: file) }
    return try ends.enumerated().map { number, ends in
      guard ends.count == 2 else {
        throw NetCDFError.invalidCoordinate(
          path: file.path, variable: connectivity.name,
          reason: "edge number \(number + 1) has \(ends.count) of the 2 nodes that an edge needs.")
      }
      return GeographicPoint(SphericalPolygon.middle(ends.map { nodes[Int($0)].position }))
    }
  }

  private static func places(_ variables: [NetCDFVariable], in file: NetCDFFile) throws -> [GeographicPoint] {
    zip(try GridCoordinates.degrees(variables[0], in: file), try GridCoordinates.degrees(variables[1], in: file))
      .map { GeographicPoint(latitude: $0, longitude: $1) }
  }

  /// The nodes of each face, counted from 0.
  private func faceCorners(in file: NetCDFFile, nodeCount: Int) throws -> [[Int32]] {
    let start = connectivity.attribute("start_index")?.numbers?.first ?? 0
    let numbers = try file.values(of: connectivity)
    let (outer, inner) = (connectivity.shape[0], connectivity.shape[1])
    let (faceCount, width) = facesAlongRows ? (outer, inner) : (inner, outer)
    return try (0..<faceCount).map { face in
      try (0..<width).compactMap { corner in
        let number = numbers[facesAlongRows ? face * width + corner : corner * faceCount + face]
        // Faces with fewer corners than others end with fill values.
        guard !number.isNaN else { return nil }
        guard let node = Int(exactly: number - start), (0..<nodeCount).contains(node) else {
          throw NetCDFError.invalidCoordinate(
            path: file.path, variable: connectivity.name,
            reason: "\(location == .edge ? "edge" : "face") number \(face + 1) has the corner \(FieldCoordinate.text(of: number)): expected \(Int(start))…\(Int(start) + nodeCount - 1), as the mesh \(mesh.name) has \(nodeCount) nodes counted from \(Int(start)) (start_index), or the declared _FillValue."
          )
        }
        return Int32(node)
      }
    }
  }
}
