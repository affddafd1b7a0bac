// NumPy arrays as signals.

import SextantArrays

extension VertexValues {
  /// The fields of an array: V values are one field of one variable, V×C values one field of C variables, and N×V×C
  /// values N fields.
  ///
  /// - Parameters:
  ///   - path: a .npy file.
  ///   - names: the names of the C variables; by default "column_1", …, or "value" for a single variable.
  /// - Throws: `FileError`, ``VertexFileError``.
  public init(array path: String, names: [String]? = nil) throws {
    let tensor = try NPYFile.read(path)
    let shape: [Int]
    switch tensor.shape.count {
    case 1: shape = [1, tensor.count, 1]
    case 2: shape = [1] + tensor.shape
    case 3: shape = tensor.shape
    default:
      throw VertexFileError.anotherKind(
        path: path, expected: "an array of V, V×C or N×V×C numbers", found: "the shape \(tensor.shape)")
    }
    guard shape.allSatisfy({ $0 > 0 }) else {
      throw VertexFileError.anotherKind(
        path: path, expected: "an array with numbers", found: "the shape \(tensor.shape)")
    }
    if let names, names.count != shape[2] {
      throw VertexFileError.anotherKind(
        path: path, expected: "\(names.count) columns (\(names.joined(separator: ", ")))",
        found: "the shape \(tensor.shape)")
    }
    let variables = (names ?? (0..<shape[2]).map { Self.unnamed($0, of: shape[2]) }).map { Variable(name: $0) }
    try self.init(path: path, variables: variables, values: tensor.reshaped(to: shape))
  }
}
