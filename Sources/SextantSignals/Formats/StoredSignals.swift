// A document whose fields are in memory: numbers at the vertices of a mesh, and the synthetic climate.

import Foundation
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
  public let remarks: [Remark]
  /// How the numbers of each variable stand in the file (C).
  private let forms: [StoredForm]
  /// Numbers beside the fields, such as other columns of a table. They take precedence over the properties of the mesh.
  private let columns: @Sendable (_ name: String) throws -> FieldCompanion?
  /// Their names.
  private let columnNames: [String]
  /// The ensemble of each field (N×V·C).
  private let ensembles: @Sendable (_ index: Int) throws -> Tensor<Float>?

  /// Fields that were read from the file at `path` and from the others of `inputPaths`. `columns` gives numbers beside
  /// them for each of `columnNames`, and `ensembles` the ensemble of a field. `forms` says how the numbers of each
  /// variable (C) stand in the file, where they are not the values themselves.
  public init(
    path: String, inputPaths: [String], format: any SignalFormat, fields: SignalSet, mesh: MeshDocument? = nil,
    forms: [StoredForm]? = nil, columnNames: [String] = [], columns: @escaping @Sendable (_ name: String) throws -> FieldCompanion? = { _ in nil },
    ensembles: @escaping @Sendable (_ index: Int) throws -> Tensor<Float>? = { _ in nil }
  ) {
    self.path = path
    self.inputPaths = inputPaths
    self.format = format
    self.fields = fields
    self.mesh = mesh
    self.forms = forms ?? fields.variables.map { _ in StoredForm() }
    remarks = Self.remarks(path: path, fields.variables, self.forms, mesh)
    self.columnNames = columnNames
    self.columns = columns
    self.ensembles = ensembles
  }

  public var domain: any Domain { fields.domain }
  public var variables: [Variable] { fields.variables }
  public var labels: [FieldLabel] { fields.labels }

  public func read(_ indices: [Int]) throws -> SignalSet { try fields.read(indices) }

  public func companion(_ name: String) throws -> FieldCompanion? {
    let beside = try columns(name) ?? mesh?.companion(name)
    if let own = ownCompanion(name) {
      if let flags = beside?.flags {
        return FieldCompanion(
          name: name, units: own.units, isConstant: own.isConstant, flags: flags, values: own.values)
      }
      guard let form = form(of: name), form.offset != 0 || form.scale != 1 else { return own }
      return own.scaled(by: form.scale, offset: form.offset)
    }
    guard let companion = beside else { return nil }
    // The noise of a colour has the scale of the colour.
    let noisy = variables.firstIndex { NoiseNaming.noise(of: $0.name) == name }
    guard let scale = noisy.map({ forms[$0].scale }), scale != 1 else { return companion }
    return companion.scaled(by: 1 / scale)
  }

  /// How the numbers of a variable stand in the file; nil where there is no such variable.
  func form(of variable: String) -> StoredForm? {
    variables.firstIndex { $0.name == variable }.map { forms[$0] }
  }

  /// What a reader of an answer has to know about the file.
  private static func remarks(
    path: String, _ variables: [Variable], _ forms: [StoredForm], _ mesh: MeshDocument?
  ) -> [Remark] {
    var remarks: [Remark] = []
    if let mesh, !mesh.omissions.isEmpty {
      let file = mesh.path.isEmpty ? "" : "\(mesh.path): "
      remarks.append(
        Remark(
          .warning, "not-kept",
          "\(file)a part of the mesh is not read (\(mesh.omissions.joined(separator: ", "))), "
            + "and an answer that is a mesh does not have it."))
    }
    if let mesh, mesh.polygons.count == 0 {
      remarks.append(
        Remark(
          .assumption, "point-cloud",
          "\(mesh.path.isEmpty ? path : mesh.path): there are no faces, so that each point is joined to its nearest points."))
    }
    for (variable, form) in zip(variables, forms) where form.rounding > 0 {
      remarks.append(
        Remark(
          .warning, "single-precision",
          String(
            format:
              "%@: the numbers of \"%@\" differ so little from each other that single precision, in which they are "
              + "compared with a model or another file, rounds them by up to %.2g. Subtract a constant from them first.",
            path, variable.name, form.rounding)))
    }
    return remarks
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
    let flags = property.words.isEmpty ? nil : FlagMeanings(words: property.words)
    return FieldCompanion(name: name, isConstant: true, flags: flags, values: { _ in values })
  }
}
