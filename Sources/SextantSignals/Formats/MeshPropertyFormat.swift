// Properties at the vertices of a mesh as a format: a scan's confidence, its colours, an estimate of them. One field a file.

import Foundation
import SextantArrays
import SextantGeometry

/// Meshes with named numbers at their vertices: PLY, OBJ and what else MeshFile reads.
public struct MeshPropertyFormat: SignalFormat {
  public init() {}

  public var name: String { "a mesh" }
  public var help: String {
    "meshes with properties at their vertices (.ply, .off, .obj, .stl, .gltf, .glb and others; .ply and .vtp are written)"
  }
  public var endings: [String] { ["ply", "off", "obj", "stl", "gltf", "glb", "3ds", "dae", "fbx", "x3d", "vtp"] }
  public var writtenEndings: [String] { ["ply", "vtp"] }

  public func recognises(_ path: String) -> Bool { MeshFormat.isRecognised(at: path) }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    let own = try MeshFile.document(request.path)
    let mesh = try request.geometry.map { try MeshFile.document($0) } ?? own
    try request.checkNames()
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(for: self)
    let names = try names(of: own, request: request)
    let values = try VertexValues(properties: names.properties, of: own)
    var fields = try values.signals(on: request.domain(of: mesh))
    for (channel, name) in names.variables.enumerated() { fields.variables[channel].name = name }
    let samples = try request.content == .estimates ? Self.samples(of: names.variables, in: own) : nil
    return try StoredSignals(
      path: request.path, inputPaths: request.vertexPaths, format: self,
      fields: request.describing(fields, isNamed: true), mesh: mesh,
      columnNames: own.vertexProperties.map(\.name),
      columns: { name in
        own.vertexProperties.first { $0.name == name }.map { property in
          let values = property.values.map(Float.init)
          return FieldCompanion(name: name, isConstant: true) { _ in values }
        }
      }, ensembles: { _ in samples }
    ).selecting(request.select)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    try MeshInspection(path: request.path, selecting: request.part.map { .named($0) } ?? .merged)
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try MeshSink(output, like: source)
  }

  /// The variables that are meant, and the properties that hold them.
  private func names(
    of document: MeshDocument, request: SignalRequest
  ) throws -> (variables: [String], properties: [String]) {
    let all = document.vertexProperties.map(\.name)
    let candidates = all.filter { !NoiseNaming.isNoise($0, among: all) }
    let names: [String]
    if let wanted = request.variables ?? request.series?.variables.map(\.name) {
      names = wanted
    } else if let expected = request.expectedVariables?.map(\.name) {
      names = expected.count == 1 && candidates.count == 1 ? candidates : expected
    } else {
      guard candidates.count == 1 else {
        throw SignalFormatError.variablesUnclear(path: document.path, available: candidates)
      }
      names = candidates
    }
    guard request.content == .estimates else { return (names, names) }
    return (names, names.map { all.contains($0 + "_mean") ? $0 + "_mean" : $0 })
  }

  /// The ensemble that an estimate left in a mesh (N×V·C); nil where it has none.
  private static func samples(of names: [String], in document: MeshDocument) throws -> Tensor<Float>? {
    var rows: [Float] = []
    var count = 0
    while true {
      let properties = names.map { EstimateNaming.sample(count, of: $0) }
      guard properties.allSatisfy({ name in document.vertexProperties.contains { $0.name == name } }) else { break }
      rows += try VertexValues(properties: properties, of: document).values.scalars
      count += 1
    }
    return count == 0 ? nil : Tensor(rows, shape: [count, document.vertexCount * names.count])
  }
}

/// The names of the parts of an estimate in a file of named columns, such as a mesh or a table.
enum EstimateNaming {
  static func mean(of name: String) -> String { name + "_mean" }
  static func spread(of name: String) -> String { name + "_spread" }
  static func quantile(_ level: Double, of name: String) -> String { "\(name)_quantile_\(level)" }
  static func sample(_ index: Int, of name: String) -> String { name + String(format: "_sample_%03d", index) }
  static func observed(of name: String) -> String { name + "_observed" }
}
