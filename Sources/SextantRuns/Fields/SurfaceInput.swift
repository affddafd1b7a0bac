// A signal with gaps on a mesh, as users have it: properties of the mesh's own file, or a table or an array beside it. What is
// missing is not-a-number in the file, or excluded by a condition, or hidden by a mask to see what would be made of it.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantSolvers

/// Where a signal on a mesh is read from.
public struct SurfaceInput: Sendable, Equatable, Codable {
  /// The file of the signal: a mesh with properties, a table of text, or a NumPy array.
  public var signal: String
  /// The file of the mesh; nil where the signal's own file is one, or where a model has it.
  public var mesh: String?
  /// Which properties or columns, in the order wanted; nil for the model's variables, or else for the only one.
  public var properties: [String]?
  /// Values at vertices where one of these holds count as missing.
  public var missing: [MissingCondition]
  /// The text of a mask that hides more, as `sextant evaluate` takes it; nil for none.
  public var mask: String?

  public init(
    signal: String, mesh: String? = nil, properties: [String]? = nil, missing: [MissingCondition] = [],
    mask: String? = nil
  ) {
    (self.signal, self.mesh, self.properties) = (signal, mesh, properties)
    (self.missing, self.mask) = (missing, mask)
  }

  /// A signal together with the mesh that it is on.
  struct Opened {
    /// The mesh with what its file had.
    var document: MeshDocument
    /// The signal, what is missing taken out.
    var fields: SignalSet
    /// The entries (N·V·C) that the mask hid, with their values.
    var hidden: [(entry: Int, value: Float)]
  }

  /// The files that are read.
  var paths: [String] { [signal] + [mesh].compactMap { $0 } }

  /// Reads signal and mesh.
  ///
  /// - Parameters:
  ///   - model: gives the mesh where no file does, and the names and units of the variables.
  ///   - seed: draws the mask.
  /// - Throws: ``FileError``, ``GeometryError``, ``VertexFileError``, ``MeasurementError``, and ``RunError`` where it is not
  ///   clear which mesh or which properties are meant, or the model is of another mesh.
  func open(for model: Model?, seed: UInt64) throws -> Opened {
    if let properties, Set(properties).count < properties.count {
      throw RunError.invalid("\(signal): a property is named twice: \(properties.joined(separator: ", ")).")
    }
    let kind = try SignalFileKind(of: signal)
    let isOwnMesh = kind == .mesh
    let document = try document(kind, model: model)
    let domain = try model.flatMap { try Self.domain(of: $0, like: document) } ?? SurfaceMesh(document.triangleMesh())
    if let model { try Self.check(domain, at: document.path, isThatOf: model) }
    let values: VertexValues
    if isOwnMesh {
      let source = mesh == nil ? document : try MeshFile.document(signal)
      values = try VertexValues(properties: properties(of: source, model: model), of: source)
    } else {
      values = try VertexValues(contentsOf: signal, columns: properties)
    }
    var fields = try values.signals(on: domain)
    if let model, fields.channelCount == model.space.channelCount {
      // Files of meshes name no units: the model's are meant.
      for (channel, variable) in model.space.variables.enumerated() {
        fields.variables[channel].units = variable.units
        if !isOwnMesh, properties == nil { fields.variables[channel].name = variable.name }
      }
    }
    try takeOut(from: &fields, document: document)
    let hidden = try hide(in: &fields, seed: seed)
    return Opened(document: document, fields: fields, hidden: hidden)
  }

  private func document(_ kind: SignalFileKind, model: Model?) throws -> MeshDocument {
    if let mesh { return try MeshFile.document(mesh) }
    if kind == .mesh { return try MeshFile.document(signal) }
    if let mesh = model?.space.domain.surface { return MeshDocument(mesh) }
    try Self.refuseToGoWithoutMesh(signal, kind)
  }

  /// Throws what is wrong with a file that is no mesh and that nobody named a mesh for: ``RunError/meshUnknown(path:)``, or
  /// what reading it throws.
  public static func refuseToGoWithoutMesh(_ signal: String, _ kind: SignalFileKind) throws -> Never {
    // What cannot be read is the greater mistake.
    if kind == .fields { _ = try MeshFile.document(signal) }
    _ = try VertexValues(contentsOf: signal)
    throw RunError.meshUnknown(path: signal)
  }

  /// The model's own domain if its surface is the document's, so that what depends on it is not made twice.
  private static func domain(of model: Model, like document: MeshDocument) throws -> (any Domain)? {
    guard let mesh = model.space.domain.surface, document.positions == mesh.positions,
      try document.triangles() == mesh.triangles
    else { return nil }
    return model.space.domain
  }

  private static func check(_ domain: any Domain, at path: String, isThatOf model: Model) throws {
    guard domain.fingerprint != model.space.domain.fingerprint else { return }
    throw RunError.anotherMesh(
      path: path, mesh: "a \(domain.summary) (fingerprint \(domain.fingerprint.prefix(8)))",
      name: model.provenance.name,
      model: "a \(model.space.domain.summary) (fingerprint \(model.space.domain.fingerprint.prefix(8)))")
  }

  private func properties(of document: MeshDocument, model: Model?) throws -> [String] {
    if let properties { return properties }
    let names = document.vertexProperties.map(\.name)
    if let model {
      let wanted = model.space.variables.map(\.name)
      return wanted.count == 1 && names.count == 1 ? names : wanted
    }
    guard names.count == 1 else {
      throw RunError.invalid(
        "\(document.path): which property is meant? Give --property with one or more of: \(names.isEmpty ? "none, the vertices have no properties" : names.joined(separator: ", "))."
      )
    }
    return names
  }

  /// Takes out what the conditions exclude.
  private func takeOut(from fields: inout SignalSet, document: MeshDocument) throws {
    let (vertices, channels) = (fields.vertexCount, fields.channelCount)
    var excluded = [Bool](repeating: false, count: vertices)
    for condition in missing {
      let numbers = try numbers(condition.property, document: document)
      guard numbers.count == vertices else {
        throw VertexFileError.wrongLength(path: signal, expected: vertices, found: numbers.count)
      }
      for vertex in 0..<vertices where condition.holds(for: numbers[vertex]) { excluded[vertex] = true }
    }
    let entries = fields.isValid.indices.filter { fields.isValid[$0] && excluded[$0 / channels % vertices] }
    fields.takeOut(entries)
  }

  /// Takes out what the mask hides, and returns it.
  private func hide(in fields: inout SignalSet, seed: UInt64) throws -> [(entry: Int, value: Float)] {
    guard let mask else { return [] }
    let design = try AnyMeasurementDesign(mask)
    let inputs = MeasurementInputs(on: fields.domain, landShare: nil)
    let size = fields.vertexCount * fields.channelCount
    var entries: [Int] = []
    for index in 0..<fields.count {
      let isValid = Array(fields.isValid[index * size..<(index + 1) * size])
      guard isValid.contains(true) else { continue }
      var random = RandomStream(seed: seed).split("mask").split(index)
      let ground = try MeasurementGround(domain: fields.domain, isValid: isValid, inputs: inputs)
      let operation = try design.draw(on: ground, using: &random)
      guard let kept = operation.selectedEntries.map(Set.init) else {
        throw MeasurementError.operatorNotSupported(
          method: "Hiding values (--mask)", form: operation.form.kind,
          reason: "each value has to be hidden or kept as it is", hint: "Use a mask, such as random:0.3.")
      }
      entries += (0..<size).filter { isValid[$0] && !kept.contains($0) }.map { index * size + $0 }
    }
    let hidden = fields.values.withUnsafeScalars { values in entries.map { ($0, values[$0]) } }
    fields.takeOut(entries)
    return hidden
  }

  /// A number at each vertex: a property of the mesh, or else a column of the signal's file.
  func numbers(_ name: String, document: MeshDocument) throws -> [Double] {
    if let property = document.vertexProperties.first(where: { $0.name == name }) { return property.values }
    let kind = try SignalFileKind(of: signal)
    guard kind != .mesh, kind != .array else { return try document.vertexProperty(name).values }
    let column = try VertexValues(table: signal, columns: [name])
    return zip(column.values.scalars, column.isValid).map { $1 ? Double($0) : .nan }
  }
}

extension SignalSet {
  /// Makes entries (of N·V·C) missing.
  fileprivate mutating func takeOut(_ entries: [Int]) {
    for entry in entries { isValid[entry] = false }
    values.withUnsafeMutableScalars { values in
      for entry in entries { values[entry] = 0 }
    }
  }
}
