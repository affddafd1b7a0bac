// A named number at each vertex or face of a mesh file, with the type that the file gives it.
// What the numbers mean is not known here: see VertexValues in SextantSignals.

/// The types that numbers have in mesh files.
public enum MeshScalarType: String, Sendable, Codable, CaseIterable {
  case int8, uint8, int16, uint16, int32, uint32, float32, float64

  /// The bytes of one number.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .float64: 8
    }
  }

  /// Whether the numbers are whole.
  public var isInteger: Bool { self != .float32 && self != .float64 }

  /// The whole numbers that an integer type holds; nil for the others.
  public var wholeRange: ClosedRange<Double>? {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    case .int32: -2_147_483_648...2_147_483_647
    case .uint32: 0...4_294_967_295
    case .float32, .float64: nil
    }
  }

  /// The number as this type holds it: rounded to single precision for `float32`; nil where an integer type cannot.
  public func stored(_ value: Double) -> Double? {
    if let range = wholeRange { return range.contains(value) && value == value.rounded() ? value : nil }
    return self == .float32 ? Double(Float(value)) : value
  }
}

/// A named number at each vertex, or at each face.
public struct MeshProperty: Sendable, Equatable {
  /// The name, such as "confidence" or "red".
  public var name: String
  /// The type in the file.
  public var type: MeshScalarType
  /// The values, one for each vertex or face. A `Double` holds every value of every type.
  public var values: [Double]

  public init(name: String, type: MeshScalarType, values: [Double]) {
    self.name = name
    self.type = type
    self.values = values
  }

  /// A property in single precision.
  public init(name: String, values: [Float]) {
    self.init(name: name, type: .float32, values: values.map(Double.init))
  }

  /// The least and the greatest value, not-a-numbers left out; nil where nothing is left.
  public var range: ClosedRange<Double>? {
    let numbers = values.lazy.filter { !$0.isNaN }
    guard let least = numbers.min(), let greatest = numbers.max() else { return nil }
    return least...greatest
  }

  /// The values at `indices`.
  func gathering(_ indices: [Int]) -> MeshProperty {
    MeshProperty(name: name, type: type, values: indices.map { values[$0] })
  }
}
