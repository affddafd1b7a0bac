// What is painted on a surface: nothing, one value for each vertex, or a colour for each vertex.

/// The paint of a surface of V vertices.
public enum MeshSignal: Sendable {
  /// The bare shape.
  case none
  /// One value a vertex (V), shown by a colour scale; not-a-number is missing.
  case values([Float])
  /// A colour a vertex (V): red, green and blue in 0…1, as in images; not-a-number is missing.
  case colours([SIMD3<Float>])

  /// The number of vertices that there are values for; nil where any number will do.
  var count: Int? {
    switch self {
    case .none: nil
    case .values(let values): values.count
    case .colours(let colours): colours.count
    }
  }

  /// The values of a colour scale; none where there is no scale.
  var scaledValues: [Float] { if case .values(let values) = self { values } else { [] } }

  /// Whether something is missing.
  var hasMissing: Bool {
    switch self {
    case .none: false
    case .values(let values): values.contains { !$0.isFinite }
    case .colours(let colours): colours.contains { !$0.sum().isFinite }
    }
  }

  /// The same, missing where `isValid` (V entries) is false.
  public func masked(by isValid: [Bool]) -> MeshSignal {
    switch self {
    case .none: .none
    case .values(let values): .values(zip(values, isValid).map { $1 ? $0 : .nan })
    case .colours(let colours): .colours(zip(colours, isValid).map { $1 ? $0 : SIMD3(repeating: .nan) })
    }
  }
}
