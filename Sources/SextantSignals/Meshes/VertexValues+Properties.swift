// The properties of a mesh file as a signal: the confidence of a scan, a scalar, or a colour, whose channels are filled
// jointly.

import SextantArrays
import SextantGeometry

extension VertexValues {
  /// One field with the vertex properties of a mesh.
  ///
  /// Colours (red, green, blue, alpha) are scaled to 0…1: integers are divided by the largest value of their type,
  /// fractional numbers with values above 1 by 255.
  ///
  /// - Parameters:
  ///   - names: the properties in this order, such as red, green and blue; nil for all.
  ///   - document: the mesh.
  /// - Throws: `GeometryError.absentProperty(path:name:available:)`, ``VertexFileError/infinite(path:place:)``.
  public init(properties names: [String]? = nil, of document: MeshDocument) throws {
    let properties = try names?.map(document.vertexProperty) ?? document.vertexProperties
    guard !properties.isEmpty else {
      throw GeometryError.absentProperty(path: document.path, name: names?.first ?? "any", available: [])
    }
    let columns = properties.map { property in
      let scale = Self.colourScale(of: property)
      return property.values.map { Float($0 / scale) }
    }
    let values = Tensor<Float>(shape: [1, document.vertexCount, columns.count]) { out in
      for (channel, column) in columns.enumerated() {
        for (vertex, value) in column.enumerated() { out[vertex * columns.count + channel] = value }
      }
    }
    let variables = properties.map { Variable(name: $0.name, units: Self.colours.contains($0.name) ? "1" : "") }
    try self.init(path: document.path, variables: variables, values: values)
  }

  fileprivate static let colours: Set = ["red", "green", "blue", "alpha"]

  private static func colourScale(of property: MeshProperty) -> Double {
    guard colours.contains(property.name) else { return 1 }
    if let range = property.type.wholeRange { return range.upperBound }
    return property.range.map { $0.upperBound > 1 ? 255 : 1 } ?? 1
  }
}

extension MeshProperty {
  /// The property that represents a signal in a file: colours range from 0 to 1 in signals, and to 255 in files.
  ///
  /// - Parameters:
  ///   - name: the name of the variable.
  ///   - values: V values; NaN is missing.
  public init(signal name: String, values: [Float]) {
    let scale: Float = VertexValues.colours.contains(name) ? 255 : 1
    self.init(name: name, values: values.map { scale * $0 })
  }
}
