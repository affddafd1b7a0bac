// Fields written as properties of a mesh, beside everything that its file had. A mesh file holds one field.
//
// Estimates become NAME_mean, NAME_spread, NAME_quantile_0.05, …, NAME_sample_000, … and NAME_observed; measured values take the
// place of NAME, with NAME_noise beside them; several samples of a prior are NAME_sample_000, ….

import Foundation
import SextantArrays
import SextantGeometry
import SextantStorage

/// Writes a mesh with properties, or one for each member of an ensemble.
public struct MeshSink: SignalSink {
  public let paths: [String]
  private let output: OutputRequest
  private let mesh: MeshDocument
  private let variables: [Variable]

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` where the domain has no triangles, there are several fields to be
  /// told apart, or the output's name does not end in .ply or .vtp.
  public init(_ output: OutputRequest, like source: any SignalSource) throws {
    func refusal(_ reason: String) -> SignalFormatError {
      .unwritable(path: output.path, format: MeshPropertyFormat().name, reason: reason)
    }
    self.output = output
    variables = source.variables
    paths = output.paths(ending: "ply")
    let endings = MeshPropertyFormat().writtenEndings
    guard paths.allSatisfy({ endings.contains(URL(fileURLWithPath: $0).pathExtension.lowercased()) }) else {
      throw refusal("the name must end in .ply or .vtp for a mesh, or in .npy for an array.")
    }
    let document = (source as? any SignalDocument)?.origin as? StoredSignals
    if output.domain == nil, let own = document?.mesh {
      mesh = own
    } else {
      let domain = output.domain ?? source.domain
      guard let surface = domain.surface else { throw refusal("a \(domain.summary) has no triangles.") }
      mesh = MeshDocument(surface)
    }
    if output.content.kind != .fields, output.content.fieldCount > 1 {
      throw refusal(
        "there are \(output.content.fieldCount) fields, and a mesh file holds one. Give an output that ends in .npy, or choose one field with --select."
      )
    }
  }

  public func write(
    _ content: SignalContent, description: FieldFileDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    try WholeFile.write(toAll: paths, overwrite: overwrite) { temporary in
      let records = ColumnRecords(variables: variables, content: content, wantsAllMembers: output.wantsAllMembers)
      let writer = MeshFieldWriter(
        records, mesh: mesh.describing(description), fileCount: temporary.count, splitsMembers: output.splitsMembers)
      try body(writer)
      for (document, path) in zip(writer.documents, temporary) { try MeshFile.write(document, to: path, overwrite: true) }
    }
  }
}

/// Meshes that gain properties.
private final class MeshFieldWriter: FieldWriter {
  private(set) var documents: [MeshDocument]
  private let records: ColumnRecords
  private let splitsMembers: Bool

  init(_ records: ColumnRecords, mesh: MeshDocument, fileCount: Int, splitsMembers: Bool) {
    (self.records, self.splitsMembers) = (records, splitsMembers)
    documents = [MeshDocument](repeating: mesh, count: fileCount)
  }

  func write(_ field: FieldRecord, at index: Int) throws {
    for member in documents.indices {
      let columns =
        splitsMembers ? records.columns(ofMember: member, of: field) : records.columns(of: field, at: index)
      for column in columns { try documents[member].setVertexProperty(Self.property(column)) }
    }
  }

  private static func property(_ column: VertexColumn) -> MeshProperty {
    if column.isFlag { return MeshProperty(name: column.name, type: .uint8, values: column.values.map(Double.init)) }
    return column.isVariable
      ? MeshProperty(signal: column.name, values: column.values)
      : MeshProperty(name: column.name, values: column.values)
  }
}

extension MeshDocument {
  /// The same with the history and attributes of a written file among its comments; what an earlier file said of an attribute is
  /// replaced.
  fileprivate func describing(_ description: FieldFileDescription) -> MeshDocument {
    var result = self
    let keys = description.attributes.keys.map { "\($0): " }
    result.comments.removeAll { comment in keys.contains { comment.hasPrefix($0) } || comment == description.history }
    result.comments += description.lines
    return result
  }
}
