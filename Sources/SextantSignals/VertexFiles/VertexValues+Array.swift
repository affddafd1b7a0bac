// NumPy arrays as signals.

import SextantArrays

extension VertexValues {
  /// The fields of an array: V values are one field of one variable, V×C values one field of C variables, N×V×C values
  /// N fields of them, and N×V values N fields of one variable.
  ///
  /// - Parameters:
  ///   - path: a .npy file.
  ///   - vertexCount: the number V of vertices, if it is known: two extents of which only the second is V are N×V, and
  ///     all others V×C.
  ///   - names: the names of the C variables; by default "column_1", …, or "value" for a single variable.
  ///   - removesOffsets: whether numbers that single precision would round too much are read relative to an offset,
  ///     which is the same in all fields; see ``StoredForm``.
  /// - Throws: `FileError`, ``VertexFileError``.
  public init(
    array path: String, vertexCount: Int? = nil, names: [String]? = nil, removesOffsets: Bool = false
  ) throws {
    try self.init(
      NPYFile.numbers(path), path: path, vertexCount: vertexCount, names: names, removesOffsets: removesOffsets)
  }

  /// The fields of the numbers of an array, as above.
  init(
    _ numbers: NPYFile.Numbers, path: String, vertexCount: Int?, names: [String]?, removesOffsets: Bool
  ) throws {
    let extents = numbers.shape
    let shape: [Int]
    switch extents.count {
    case 1: shape = [1, extents[0], 1]
    case 2: shape = extents[0] != vertexCount && extents[1] == vertexCount ? extents + [1] : [1] + extents
    case 3: shape = extents
    default:
      throw VertexFileError.anotherKind(
        path: path, expected: "an array of V, V×C, N×V or N×V×C numbers", found: "the shape \(extents)")
    }
    guard shape.allSatisfy({ $0 > 0 }) else {
      throw VertexFileError.anotherKind(
        path: path, expected: "an array with numbers", found: "the shape \(extents)")
    }
    if let names, names.count != shape[2] {
      throw VertexFileError.anotherKind(
        path: path, expected: "\(names.count) columns (\(names.joined(separator: ", ")))",
        found: "the shape \(extents)")
    }
    let variables = (names ?? (0..<shape[2]).map { Self.unnamed($0, of: shape[2]) }).map { Variable(name: $0) }
    switch numbers {
    case .single(let tensor): try self.init(path: path, variables: variables, values: tensor.reshaped(to: shape))
    case .wide(let tensor, let isDouble):
      let channels = shape[2]
      let (values, forms) = tensor.withUnsafeScalars { scalars in
        let forms = (0..<channels).map { channel in
          StoredForm(
            of: stride(from: channel, to: scalars.count, by: channels).lazy.map { scalars[$0] }, isDouble: isDouble,
            removesOffset: removesOffsets)
        }
        return (scalars.indices.map { forms[$0 % channels].value(scalars[$0]) }, forms)
      }
      try self.init(path: path, variables: variables, values: Tensor(values, shape: shape), forms: forms)
    }
  }
}
