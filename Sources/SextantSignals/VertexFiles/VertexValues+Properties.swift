// The properties of a mesh file as a signal: the confidence of a scan, a scalar, or a colour, whose channels are filled
// jointly.

import SextantArrays
import SextantGeometry

extension VertexValues {
  /// One field with the vertex properties of a mesh.
  ///
  /// Colours (red, green, blue and alpha, also with a prefix such as "diffuse_", and r, g, b together) are scaled to
  /// 0…1, all channels alike: whole numbers are divided by the largest value of their type, fractional numbers by 255
  /// if one is above 2.
  ///
  /// - Parameters:
  ///   - names: the properties in this order, such as red, green and blue; nil for all.
  ///   - document: the mesh.
  ///   - removesOffsets: whether doubles that single precision would round too much are read relative to an offset;
  ///     see ``StoredForm``.
  /// - Throws: `GeometryError.absentProperty(path:name:available:)`, ``VertexFileError/infinite(path:place:)``.
  public init(properties names: [String]? = nil, of document: MeshDocument, removesOffsets: Bool = false) throws {
    let properties = try names?.map(document.vertexProperty) ?? document.vertexProperties
    guard !properties.isEmpty else {
      throw GeometryError.absentProperty(path: document.path, name: names?.first ?? "any", available: [])
    }
    let colours = ColourScales(of: document.vertexProperties)
    let forms = properties.map { property -> StoredForm in
      let isDouble = property.type == .float64
      if let scale = colours.scale(of: property.name) {
        return StoredForm(scale: scale, type: isDouble ? .float64 : .float32)
      }
      guard property.type.byteCount > 2, property.type != .float32 else { return StoredForm() }
      return StoredForm(of: property.values, isDouble: isDouble, removesOffset: removesOffsets)
    }
    let columns = zip(properties, forms).map { property, form in property.values.map(form.value) }
    let values = Tensor<Float>(shape: [1, document.vertexCount, columns.count]) { out in
      for (channel, column) in columns.enumerated() {
        for (vertex, value) in column.enumerated() { out[vertex * columns.count + channel] = value }
      }
    }
    let variables = properties.map { Variable(name: $0.name, units: colours.scale(of: $0.name) == nil ? "" : "1") }
    try self.init(path: document.path, variables: variables, values: values, forms: forms)
  }
}
