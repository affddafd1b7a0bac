// A document whose fields are in memory: numbers at the vertices of a mesh, and the synthetic climate.

import SextantArrays
import SextantGeometry

/// Fields in memory, with the numbers beside them.
public struct StoredSignals: SignalDocument {
  public let path: String
  public let inputPaths: [String]
  public let format: any SignalFormat
  /// The fields.
  public let fields: SignalSet
  /// The mesh that the fields are on, with everything that its file holds; nil where there is none.
  public let mesh: MeshDocument?
  /// Numbers beside the fields, such as other columns of a table. They take precedence over the properties of the mesh.
  private let columns: @Sendable (_ name: String) throws -> FieldCompanion?
  /// Their names.
  private let columnNames: [String]
  /// The ensemble of each field (N×V·C).
  private let ensembles: @Sendable (_ index: Int) throws -> Tensor<Float>?

  /// Fields that were read from the file at `path` and from the others of `inputPaths`. `columns` gives numbers beside
  /// them for each of `columnNames`, and `ensembles` the ensemble of a field.
  public init(
    path: String, inputPaths: [String], format: any SignalFormat, fields: SignalSet, mesh: MeshDocument? = nil,
    columnNames: [String] = [], columns: @escaping @Sendable (_ name: String) throws -> FieldCompanion? = { _ in nil },
    ensembles: @escaping @Sendable (_ index: Int) throws -> Tensor<Float>? = { _ in nil }
  ) {
    self.path = path
    self.inputPaths = inputPaths
    self.format = format
    self.fields = fields
    self.mesh = mesh
    self.columnNames = columnNames
    self.columns = columns
    self.ensembles = ensembles
  }

  public var domain: any Domain { fields.domain }
  public var variables: [Variable] { fields.variables }
  public var labels: [FieldLabel] { fields.labels }

  public func read(_ indices: [Int]) throws -> SignalSet { try fields.read(indices) }

  public func companion(_ name: String) throws -> FieldCompanion? {
    try ownCompanion(name) ?? columns(name) ?? mesh?.companion(name)
  }

  public var companionNames: [String] {
    var names = variables.map(\.name)
    for name in columnNames + (mesh?.vertexProperties.map(\.name) ?? []) where !names.contains(name) {
      names.append(name)
    }
    return names
  }

  public func members(of index: Int) throws -> Tensor<Float>? { try ensembles(index) }
}

extension MeshDocument {
  /// A property of the vertices as numbers beside fields; nil where there is none of that name.
  func companion(_ name: String) -> FieldCompanion? {
    guard let property = vertexProperties.first(where: { $0.name == name }) else { return nil }
    let values = property.values.map(Float.init)
    return FieldCompanion(name: name, isConstant: true) { _ in values }
  }
}
