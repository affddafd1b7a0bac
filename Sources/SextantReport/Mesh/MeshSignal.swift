// The paint of a surface: none, one value per vertex, or one colour per vertex.

/// The paint of a surface of V vertices.
public enum MeshSignal: Sendable {
  /// The unpainted shape.
  case none
  /// One value per vertex (V), shown by a colour scale; NaN is missing.
  case values([Float])
  /// One colour per vertex (V): red, green and blue in 0…1, as in images; NaN is missing.
  case colours([SIMD3<Float>])

  /// The number of vertices with values; nil if any number is acceptable.
  var count: Int? {
    switch self {
    case .none: nil
    case .values(let values): values.count
    case .colours(let colours): colours.count
    }
  }

  /// The values for a colour scale; empty if there is no scale.
  var scaledValues: [Float] { if case .values(let values) = self { values } else { [] } }

  /// Whether a value is missing.
  var hasMissing: Bool {
    switch self {
    case .none: false
    case .values(let values): values.contains { !$0.isFinite }
    case .colours(let colours): colours.contains { !$0.sum().isFinite }
    }
  }

  /// The same signal, missing where `isValid` (V entries) is false.
  public func masked(by isValid: [Bool]) -> MeshSignal {
    switch self {
    case .none: .none
    case .values(let values): .values(zip(values, isValid).map { $1 ? $0 : .nan })
    case .colours(let colours): .colours(zip(colours, isValid).map { $1 ? $0 : SIMD3(repeating: .nan) })
    }
  }
}
