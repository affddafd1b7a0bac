// Numbers at the vertices of a surface that lies in another file, as programs for the cortex store them: GIFTI data
// (.func.gii, .shape.gii, .label.gii) and FreeSurfer's curvature files, annotations and labels. A GIFTI file with its
// own surface is a mesh: see MeshPropertyFormat.

import Foundation
import SextantArrays
import SextantGeometry

/// GIFTI data, and FreeSurfer's files of numbers at vertices. A time series has N fields of one variable.
public struct SurfaceDataFormat: SignalFormat {
  public init() {}

  public var name: String { "surface data" }
  public var help: String {
    "numbers at the vertices of a cortical surface: GIFTI (.gii) and FreeSurfer's curvature files (lh.thickness), annotations and labels; .gii and curvature files are written"
  }
  public var endings: [String] { ["gii", "annot", "label"] + Self.curvatureEndings }
  public var writtenEndings: [String] { ["gii"] + Self.curvatureEndings }

  /// The endings of FreeSurfer's curvature files.
  static let curvatureEndings = ["curv", "thickness", "sulc", "area"]

  public func recognises(_ path: String) -> Bool { SurfaceData.kind(of: path) != nil }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    try request.checkNames()
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(for: self)
    // A file that is damaged is reported before a missing mesh; a label needs the mesh.
    let known = request.geometry != nil || request.domain != nil || request.series != nil
    if !known { _ = try SurfaceData(path: request.path, vertexCount: nil) }
    let (mesh, domain) = try request.meshAndDomain()
    let data = try SurfaceData(path: request.path, vertexCount: domain.vertexCount)
    let columns = data.document
    let all = data.columns.map(\.name)
    if data.isSeries {
      let fields = try Self.series(data).signals(on: domain)
      let isNamed = request.variables != nil
      return try StoredSignals(
        path: request.path, inputPaths: request.vertexPaths, format: self,
        fields: request.describing(fields, isNamed: isNamed), mesh: mesh
      ).selecting(request.select)
    }
    let names = try request.columns(among: all, ofFile: request.path)
    let values = try VertexValues(properties: names.columns, of: columns, removesOffsets: request.removesOffsets)
    var fields = try values.signals(on: domain)
    for (channel, name) in names.variables.enumerated() { fields.variables[channel].name = name }
    let samples =
      request.content == .estimates
      ? try EstimateNaming.samples(of: names.variables, among: all) { try VertexValues(properties: $0, of: columns) } : nil
    let noise = ArrayFiles.path("noise", beside: request.path)
    let noiseNames = names.variables.count == 1 && FileManager.default.fileExists(atPath: noise)
      ? [NoiseNaming.noise(of: names.variables[0])] : []
    return try StoredSignals(
      path: request.path, inputPaths: request.vertexPaths + (noiseNames.isEmpty ? [] : [noise]), format: self,
      fields: request.describing(fields, isNamed: true), mesh: mesh, forms: values.forms, columnNames: all + noiseNames,
      columns: { name in
        guard noiseNames.contains(name) else { return columns.companion(name) }
        let other = try SurfaceData(path: noise, vertexCount: domain.vertexCount)
        guard other.vertexCount == domain.vertexCount, let numbers = other.columns.first?.values.map(Float.init) else {
          throw VertexFileError.wrongLength(path: noise, expected: domain.vertexCount, found: other.vertexCount)
        }
        return FieldCompanion(name: name, isConstant: true) { _ in numbers }
      }, ensembles: { _ in samples }
    ).selecting(request.select)
  }

  public func inspect(_ request: InspectionRequest) throws -> any SignalInspection {
    let inspection = try NumbersInspection(SurfaceData(path: request.path, vertexCount: nil))
    try request.refusePart(for: self)
    try request.refuseSettings(for: self)
    return inspection
  }

  public func sink(_ output: OutputRequest, like source: any SignalSource) throws -> any SignalSink {
    try SurfaceDataSink(output, like: source)
  }

  /// The columns of a time series as fields of one variable.
  private static func series(_ data: SurfaceData) throws -> VertexValues {
    let (count, vertices) = (data.columns.count, data.vertexCount)
    let values = data.columns.flatMap { $0.values.map(Float.init) }
    return try VertexValues(
      path: data.path, variables: [Variable(name: VertexValues.unnamed(0, of: 1))],
      values: Tensor(values, shape: [count, vertices, 1]))
  }
}

extension SurfaceData {
  /// The columns as properties of vertices whose places are in another file.
  var document: MeshDocument {
    var document = MeshDocument(path: path, positions: [SIMD3<Double>](repeating: SIMD3(), count: vertexCount))
    document.vertexProperties = columns
    return document
  }
}

extension SignalRequest {
  /// The requested variables of a file of named columns, and the columns that hold them: all columns but those of
  /// noise where only one is left or none is named.
  func columns(among all: [String], ofFile path: String) throws -> (variables: [String], columns: [String]) {
    let candidates = all.filter { !NoiseNaming.isNoise($0, among: all) }
    let names: [String]
    if let wanted = variables ?? series?.variables.map(\.name) {
      names = wanted
    } else if let expected = expectedVariables?.map(\.name) {
      names = expected.count == 1 && candidates.count == 1 ? candidates : expected
    } else {
      guard candidates.count == 1 else {
        throw SignalFormatError.variablesUnclear(path: path, available: candidates)
      }
      names = candidates
    }
    guard content == .estimates else { return (names, names) }
    return (names, EstimateNaming.means(of: names, among: all))
  }
}
