// Values at the vertices of a mesh from any file, before the mesh is known: properties of the mesh's own file, tables,
// arrays. NaN is missing.

import SextantArrays
import SextantGeometry

/// N fields of C variables at V vertices, in the order of a file.
public struct VertexValues: Sendable {
  /// The path of the file, for messages.
  public let path: String
  /// The variables (C).
  public let variables: [Variable]
  /// The values, N×V×C; 0 where missing.
  public let values: Tensor<Float>
  /// Whether each value is valid (N·V·C entries).
  public let isValid: [Bool]
  /// How the numbers of each variable stand in the file (C).
  public let forms: [StoredForm]

  /// Values in which NaN is missing.
  ///
  /// - Parameters:
  ///   - path: the file that contained them.
  ///   - variables: C variables.
  ///   - values: N×V×C.
  ///   - forms: how the numbers of each variable stand in the file (C); nil for numbers that are the values.
  /// - Throws: ``VertexFileError/infinite(path:place:)``.
  public init(path: String, variables: [Variable], values: Tensor<Float>, forms: [StoredForm]? = nil) throws {
    precondition(
      values.shape.count == 3 && values.shape[2] == variables.count,
      "Values of shape \(values.shape) for \(variables.count) variables")
    var flags = [Bool](repeating: true, count: values.count)
    var cleaned = values
    let (vertices, channels) = (values.shape[1], values.shape[2])
    try cleaned.withUnsafeMutableScalars { scalars in
      for entry in scalars.indices where !scalars[entry].isFinite {
        guard scalars[entry].isNaN else {
          let (place, channel) = entry.quotientAndRemainder(dividingBy: channels)
          throw VertexFileError.infinite(
            path: path,
            place:
              "vertex number \(place % vertices + 1) of \(variables[channel].name) in field number \(place / vertices + 1)"
          )
        }
        scalars[entry] = 0
        flags[entry] = false
      }
    }
    self.path = path
    self.variables = variables
    self.forms = forms ?? variables.map { _ in StoredForm() }
    self.values = cleaned
    isValid = flags
  }

  /// The number of fields N.
  public var count: Int { values.shape[0] }
  /// The number of vertices V.
  public var vertexCount: Int { values.shape[1] }

  /// The name of a column that has none in its file.
  static func unnamed(_ column: Int, of count: Int) -> String { count == 1 ? "value" : "column_\(column + 1)" }

  /// The values as signals on a domain. Throws ``VertexFileError/wrongLength(path:expected:found:)``.
  public func signals(on domain: any Domain) throws -> SignalSet {
    guard vertexCount == domain.vertexCount else {
      throw VertexFileError.wrongLength(path: path, expected: domain.vertexCount, found: vertexCount)
    }
    return SignalSet(
      domain: domain, variables: variables, values: values, isValid: isValid,
      labels: (0..<count).map { FieldLabel(coordinates: count == 1 ? [:] : [FieldLabel.numberName: "\($0)"]) })
  }
}
