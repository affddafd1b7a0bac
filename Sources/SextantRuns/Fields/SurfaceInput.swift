// A signal with gaps on a mesh, as users have it: properties of the mesh's own file, or a table or an array beside it. What is
// missing is not-a-number in the file, or excluded by a condition, or hidden by a mask to see what would be made of it.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

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
  func open(for model: TrainedModel?, seed: UInt64) throws -> Opened {
    let isOwnMesh = MeshFormat.isRecognised(at: signal)
    let document = try document(isOwnMesh: isOwnMesh, model: model)
    let surface = try model.flatMap { try Self.surface(of: $0, like: document) } ?? SurfaceMesh(document.triangleMesh())
    if let model { try Self.check(surface, at: document.path, isThatOf: model) }
    let values: VertexValues
    if isOwnMesh {
      let source = mesh == nil ? document : try MeshFile.document(signal)
      values = try VertexValues(properties: properties(of: source, model: model), of: source)
    } else {
      values = try VertexValues(contentsOf: signal, columns: properties)
    }
    var fields = try values.signals(on: surface)
    if let model, fields.channelCount == model.channelCount {
      // Files of meshes name no units: the model's are meant.
      for (channel, variable) in model.description.variables.enumerated() {
        fields.variables[channel].units = variable.units
        if !isOwnMesh, properties == nil { fields.variables[channel].name = variable.name }
      }
    }
    try takeOut(from: &fields, document: document, seed: seed)
    return Opened(document: document, fields: fields)
  }

  private func document(isOwnMesh: Bool, model: TrainedModel?) throws -> MeshDocument {
    if let mesh { return try MeshFile.document(mesh) }
    if isOwnMesh { return try MeshFile.document(signal) }
    guard let surface = model?.domain as? SurfaceMesh else {
      throw RunError.invalid(
        "\(signal): numbers without a mesh. Give --mesh FILE, the mesh whose vertices they belong to.")
    }
    return MeshDocument(surface.mesh)
  }

  /// The model's own surface where it is the same as the document's, so that what depends on it is not made twice.
  private static func surface(of model: TrainedModel, like document: MeshDocument) throws -> SurfaceMesh? {
    guard let surface = model.domain as? SurfaceMesh, document.positions == surface.positions,
      try document.triangles() == surface.triangles
    else { return nil }
    return surface
  }

  private static func check(_ surface: SurfaceMesh, at path: String, isThatOf model: TrainedModel) throws {
    guard surface.fingerprint != model.domain.fingerprint else { return }
    throw RunError.anotherMesh(
      path: path, mesh: "a \(surface.summary) (fingerprint \(surface.fingerprint.prefix(8)))",
      name: model.description.name,
      model: "a \(model.domain.summary) (fingerprint \(model.domain.fingerprint.prefix(8)))")
  }

  private func properties(of document: MeshDocument, model: TrainedModel?) throws -> [String] {
    if let properties { return properties }
    let names = document.vertexProperties.map(\.name)
    if let model {
      let wanted = model.description.variables.map(\.name)
      return wanted.count == 1 && names.count == 1 ? names : wanted
    }
    guard names.count == 1 else {
      throw RunError.invalid(
        "\(document.path): which property is to be filled? Give --property with one or more of: \(names.isEmpty ? "none, the vertices have no properties" : names.joined(separator: ", "))."
      )
    }
    return names
  }

  private func takeOut(from fields: inout SignalSet, document: MeshDocument, seed: UInt64) throws {
    let (vertices, channels) = (fields.vertexCount, fields.channelCount)
    for condition in missing {
      let numbers = try numbers(condition.property, document: document)
      guard numbers.count == vertices else {
        throw VertexFileError.wrongLength(path: signal, expected: vertices, found: numbers.count)
      }
      for entry in fields.isValid.indices where condition.holds(for: numbers[entry / channels % vertices]) {
        fields.isValid[entry] = false
      }
    }
    if let mask {
      let sampler = try MaskSampler(mask)
      let inputs = try sampler.inputs(on: fields.domain, landShare: nil)
      let size = vertices * channels
      for index in 0..<fields.count {
        var random = RandomStream(seed: seed).split("mask").split(index)
        let seen = try sampler.mask(
          on: fields.domain, isValid: Array(fields.isValid[index * size..<(index + 1) * size]), inputs: inputs,
          using: &random)
        for entry in 0..<size where !seen.isObserved[entry] { fields.isValid[index * size + entry] = false }
      }
    }
    let flags = fields.isValid
    fields.values.withUnsafeMutableScalars { values in
      for entry in values.indices where !flags[entry] { values[entry] = 0 }
    }
  }

  /// A number at each vertex: a property of the mesh, or else a column of the signal's file.
  func numbers(_ name: String, document: MeshDocument) throws -> [Double] {
    if let property = document.vertexProperties.first(where: { $0.name == name }) { return property.values }
    guard !MeshFormat.isRecognised(at: signal), !NPYFile.isRecognised(at: signal) else {
      return try document.vertexProperty(name).values
    }
    let column = try VertexValues(table: signal, columns: [name])
    return zip(column.values.scalars, column.isValid).map { $1 ? Double($0) : .nan }
  }
}
