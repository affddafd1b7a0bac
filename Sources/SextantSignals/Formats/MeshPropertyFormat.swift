// Properties at the vertices of a mesh, or at the points of a cloud, as a format: a scan's confidence, its colours, an
// estimate of them. One field a file.

import SextantGeometry

/// Meshes with named numbers at their vertices: PLY, OBJ and the other formats that `MeshFile` reads.
public struct MeshPropertyFormat: SignalFormat {
  public init() {}

  public var name: String { "a mesh" }
  public var help: String {
    "meshes and clouds of points with properties at their vertices (.ply, .off, .obj, .stl, .gltf, .glb, .vtk, .vtp, .vtu, .xyz, .surf.gii, FreeSurfer's lh.white and others; .ply and .vtp are written)"
  }
  public var endings: [String] { ["ply", "off", "obj", "stl", "gltf", "glb", "3ds", "dae", "fbx", "x3d", "vtk", "vtp", "vtu", "xyz"] }
  public var writtenEndings: [String] { ["ply", "vtp"] }

  public func recognises(_ path: String) -> Bool { MeshFormat.isRecognised(at: path) }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    let own = try MeshFile.document(request.path)
    let mesh = try request.geometry.map { try MeshFile.document($0) } ?? own
    try request.checkNames()
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(for: self)
    let names = try request.columns(among: own.vertexProperties.map(\.name), ofFile: own.path)
    let values = try VertexValues(
      properties: names.columns, of: own, removesOffsets: request.removesOffsets)
    var fields = try values.signals(on: request.domain(of: mesh))
    for (channel, name) in names.variables.enumerated() { fields.variables[channel].name = name }
    let all = own.vertexProperties.map(\.name)
    let samples =
      request.content == .estimates
      ? try EstimateNaming.samples(of: names.variables, among: all) { try VertexValues(properties: $0, of: own) } : nil
    return try StoredSignals(
      path: request.path, inputPaths: request.vertexPaths, format: self,
      fields: request.describing(fields, isNamed: true), mesh: mesh, forms: values.forms,
      columnNames: all, columns: { own.companion($0) }, ensembles: { _ in samples }
    ).selecting(request.select)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let inspection = try MeshSignalInspection(
      MeshFile.document(request.path, selecting: request.part.map { .named($0) } ?? .merged))
    try request.refuseSettings(for: self)
    return inspection
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try MeshSink(output, like: source)
  }
}
