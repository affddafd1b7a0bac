// The domain to which numbers at vertices belong: that of a mesh file, or the expected one.

import SextantGeometry

extension SignalRequest {
  /// The domain of a mesh: the expected one, or that of the series, if it is the same mesh, so that what depends on it
  /// is not computed twice.
  ///
  /// A mesh without faces is a cloud of points. Throws `GeometryError` if it is not a surface either.
  func domain(of document: MeshDocument) throws -> any Domain {
    let mesh = try document.shape()
    for known in [domain, series?.domain].compactMap(\.self) {
      if let surface = known.surface, surface.positions == mesh.positions, surface.triangles == mesh.triangles {
        return known
      }
    }
    return try mesh.domain()
  }

  /// The mesh whose vertices the numbers of a file belong to, and the domain that it makes: the mesh that was named, or
  /// the domain that is expected.
  ///
  /// Throws ``SignalFormatError/meshUnknown(path:)`` where there is neither.
  func meshAndDomain() throws -> (mesh: MeshDocument?, domain: any Domain) {
    if let geometry {
      if let other = series?.origin as? StoredSignals, let mesh = other.mesh, mesh.path == geometry {
        return (mesh, other.domain)
      }
      let document = try MeshFile.document(geometry)
      return (document, try domain(of: document))
    }
    guard let domain = domain ?? series?.domain else { throw SignalFormatError.meshUnknown(path: path) }
    return (domain.surface.map(MeshDocument.init), domain)
  }

  /// All files of numbers at vertices.
  var vertexPaths: [String] { [path] + [geometry].compactMap { $0 } }

  /// The fields with the units that are expected, and with the names unless the file or the request names the variables
  /// (`isNamed`).
  func describing(_ fields: SignalSet, isNamed: Bool) -> SignalSet {
    guard let expectedVariables, expectedVariables.count == fields.channelCount else { return fields }
    var result = fields
    for (channel, variable) in expectedVariables.enumerated() {
      result.variables[channel].units = variable.units
      if !isNamed { result.variables[channel].name = variable.name }
    }
    return result
  }
}
