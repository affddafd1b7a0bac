// Fields written as GIFTI data or as FreeSurfer's curvature files. GIFTI has a column for each part of an answer, like a
// mesh, and the surface too where the input's own file holds it. A curvature file holds one number at each vertex: the
// mean, with the spread or the noise in a file beside it, as with arrays.

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes GIFTI or curvature files.
struct SurfaceDataSink: SignalSink {
  let paths: [String]
  let replacedPaths: [String]
  private let output: OutputRequest
  private let mesh: MeshDocument
  private let includesSurface: Bool
  private let variables: [Variable]
  private let forms: [StoredForm]
  private let isCurvature: Bool

  var remarks: [Remark] { includesSurface ? paths.first.map { mesh.lossRemarks(writingTo: $0) } ?? [] : [] }

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` if there are several fields, or more than a curvature
  /// file can hold.
  init(_ output: OutputRequest, like source: any SignalSource) throws {
    self.output = output
    variables = source.variables
    let document = (source as? any SignalDocument)?.origin as? StoredSignals
    forms = (source.storedForms ?? source.variables.map { _ in StoredForm() })
    let domain = output.domain ?? source.domain
    if output.domain == nil, let own = document?.mesh {
      mesh = own
    } else {
      mesh = domain.surface.map { MeshDocument($0) } ?? MeshDocument(positions: domain.positions)
    }
    let isOwnSurface = output.domain == nil && document.map { $0.mesh?.path == $0.path } ?? false
    includesSurface = domain.surface != nil && (isOwnSurface || output.path.lowercased().hasSuffix(".surf.gii"))
    let members = output.paths(ending: "gii")
    let endings = SurfaceDataFormat.curvatureEndings
    isCurvature = members.contains { endings.contains(URL(fileURLWithPath: $0).pathExtension.lowercased()) }
    let format = SurfaceDataFormat()
    try output.requireOneField(in: isCurvature ? "a curvature file" : "a GIFTI file", format: format)
    guard isCurvature else {
      (paths, replacedPaths) = (members, output.otherMembers(than: members))
      return
    }
    func refusal(_ reason: String) -> SignalFormatError {
      .unwritable(path: output.path, format: format.name, reason: reason)
    }
    guard source.variables.count == 1 else {
      throw refusal("a curvature file holds one variable, and there are \(source.variables.count). Give an output that ends in .gii or .npy.")
    }
    guard output.content.quantileLevels.isEmpty else {
      throw refusal("a curvature file has no place for quantiles. Give an output that ends in .gii or .npy.")
    }
    guard output.content.kind != .fields || output.content.fieldCount == 1 || output.splitsMembers else {
      throw refusal("a curvature file holds one field. Give an output that ends in .gii or .npy.")
    }
    let beside = ["spread", "noise"].map { ArrayFiles.path($0, beside: output.path) }
    let written = [output.content.hasSpread, output.content.hasNoise]
    paths = output.splitsMembers ? members : members + zip(beside, written).filter(\.1).map(\.0)
    let own = paths
    replacedPaths = output.splitsMembers
      ? output.otherMembers(than: members)
      : beside.filter { !own.contains($0) && FileManager.default.fileExists(atPath: $0) }
  }

  func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    let records = ColumnRecords(variables: variables, forms: forms, content: content, output: output)
    guard isCurvature else {
      return try records.write(to: paths, replacing: replacedPaths, overwrite: overwrite, body) { columns, path in
        var document = mesh.describing(description)
        if !includesSurface {
          // What the surface's file holds beside the surface belongs to it.
          document.vertexProperties = []
          document.comments = description.lines
        }
        document.removeEstimates(of: variables.map(\.name))
        for column in columns {
          try document.setVertexProperty(MeshProperty(name: column.name, type: column.type, values: column.values))
        }
        try MeshFile.writeGIFTI(document, includingSurface: includesSurface, to: path, overwrite: true)
      }
    }
    let collector = CurvatureCollector()
    try WholeFile.write(toAll: paths, replacing: replacedPaths, overwrite: overwrite) { temporary in
      try body(collector)
      guard let field = collector.field else { return }
      let parts: [[Float]?] = output.splitsMembers
        ? (0..<temporary.count).map { member in field.members.map { $0.rows(member..<member + 1).scalars } }
        : [field.values] + (content.hasSpread ? [field.spread] : []) + (content.hasNoise ? [field.noise] : [])
      for (place, (part, path)) in zip(parts, temporary).enumerated() {
        guard let part else { continue }
        let isDifference = place > 0 && !output.splitsMembers
        let numbers = part.map { isDifference ? forms[0].difference($0) : forms[0].number($0) }
        let bytes = FreeSurferCurvature.bytes(numbers, triangleCount: mesh.polygons.count)
        try WholeFile.write(Data(bytes), to: path, overwrite: true)
      }
    }
  }

  /// Keeps the field that is handed over.
  private final class CurvatureCollector: FieldWriter {
    private(set) var field: FieldRecord?

    func write(_ field: FieldRecord, at index: Int) throws { self.field = field }
  }
}
