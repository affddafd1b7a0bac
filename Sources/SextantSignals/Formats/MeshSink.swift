// Fields written as properties of a mesh, in addition to everything that its file contains. A mesh file holds one
// field.
//
// Estimates become NAME_mean, NAME_spread, NAME_quantile_0.05, …, NAME_sample_000, … and NAME_observed. Measured values
// replace NAME, and their noise becomes NAME_noise. Several samples of a prior become NAME_sample_000, …. Estimates of
// NAME that the file had before are removed: they belong to another answer.

import Foundation
import SextantArrays
import SextantGeometry

/// Writes a mesh with properties, or one for each member of an ensemble.
struct MeshSink: SignalSink {
  let paths: [String]
  private let output: OutputRequest
  private let mesh: MeshDocument
  private let variables: [Variable]
  private let forms: [StoredForm]

  /// Throws ``SignalFormatError/unwritable(path:format:reason:)`` if the domain is no surface in space, if there are several
  /// fields, or if the output's name does not end in .ply or .vtp.
  init(_ output: OutputRequest, like source: any SignalSource) throws {
    func refusal(_ reason: String) -> SignalFormatError {
      .unwritable(path: output.path, format: MeshPropertyFormat().name, reason: reason)
    }
    self.output = output
    variables = source.variables
    forms =
      source.storedForms ?? source.variables.map { StoredForm(scale: ColourScales.usual(of: $0.name)) }
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
      guard let surface = domain.surface else { throw refusal("\(domain.summaryWithArticle) is no surface in space.") }
      mesh = MeshDocument(surface)
    }
    try output.requireOneField(in: "a mesh file", format: MeshPropertyFormat())
  }

  func write(
    _ content: SignalContent, description: OutputDescription, overwrite: Bool,
    _ body: (any FieldWriter) throws -> Void
  ) throws {
    let records = ColumnRecords(variables: variables, forms: forms, content: content, output: output)
    try records.write(to: paths, replacing: replacedPaths, overwrite: overwrite, body) { columns, path in
      var document = mesh.describing(description)
      document.removeEstimates(of: variables.map(\.name))
      for column in columns {
        try document.setVertexProperty(
          MeshProperty(name: column.name, type: column.type, values: column.values.map(column.type.nearest)))
      }
      try MeshFile.write(document, to: path, overwrite: true)
    }
  }

  var remarks: [Remark] {
    paths.first.map { mesh.lossRemarks(writingTo: $0) } ?? []
  }

  var replacedPaths: [String] { output.otherMembers(than: paths) }
}

extension MeshScalarType {
  /// A number as this type holds it, where it is a type of fractional numbers.
  fileprivate func nearest(_ number: Double) -> Double { self == .float32 ? Double(Float(number)) : number }
}

extension MeshDocument {
  /// What a file of another format cannot hold of this mesh.
  func lossRemarks(writingTo path: String) -> [Remark] {
    guard URL(fileURLWithPath: path).pathExtension.lowercased() != "ply", !otherElements.isEmpty else { return [] }
    let elements = otherElements.map { "\($0.count) × \($0.name)" }.joined(separator: ", ")
    return [
      Remark(
        .warning, "elements-dropped",
        "\(path): only PLY has a place for the other elements of \(self.path) (\(elements)); they are not written. Give an output that ends in .ply to keep them.")
    ]
  }

  /// Removes the estimates of variables, other than those that are variables themselves.
  mutating func removeEstimates(of names: [String]) {
    vertexProperties.removeAll { property in
      !names.contains(property.name) && names.contains { EstimateNaming.isEstimate(property.name, of: $0) }
    }
  }

  /// The same mesh with the history and attributes of a written file among its comments. Earlier values of these
  /// attributes are replaced.
  func describing(_ description: OutputDescription) -> MeshDocument {
    var result = self
    let keys = description.attributes.keys.map { "\($0): " }
    result.comments.removeAll { comment in keys.contains { comment.hasPrefix($0) } || comment == description.history }
    result.comments += description.lines
    return result
  }
}
