// A named value at each vertex or face of a mesh file, with its type in the file. The meaning of the values is defined
// elsewhere: see VertexValues in SextantSignals.

/// The types of numbers in mesh files.
public enum MeshScalarType: String, Sendable, Codable, CaseIterable {
  case int8, uint8, int16, uint16, int32, uint32, float32, float64

  /// The number of bytes of a value.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .float64: 8
    }
  }

  /// Whether the type is an integer type.
  public var isInteger: Bool { self != .float32 && self != .float64 }

  /// The range of an integer type; nil for the other types.
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

  /// The value as this type represents it, rounded to single precision for `float32`; nil if an integer type cannot.
  public func stored(_ value: Double) -> Double? {
    if let range = wholeRange { return range.contains(value) && value == value.rounded() ? value : nil }
    return self == .float32 ? Double(Float(value)) : value
  }
}

/// A named value at each vertex, or at each face.
public struct MeshProperty: Sendable, Equatable {
  /// The name, such as "confidence" or "red".
  public var name: String
  /// The type in the file.
  public var type: MeshScalarType
  /// The values, one for each vertex or face. `Double` represents the values of all types exactly.
  public var values: [Double]
  /// What the numbers mean, if they are labels: the regions of an atlas by their numbers.
  public var words: [Double: String] = [:]

  public init(name: String, type: MeshScalarType, values: [Double]) {
    self.name = name
    self.type = type
    self.values = values
  }

  /// A property in single precision.
  public init(name: String, values: [Float]) {
    self.init(name: name, type: .float32, values: values.map(Double.init))
  }

  /// The smallest and the largest value, excluding NaN; nil if there is none.
  public var range: ClosedRange<Double>? {
    let numbers = values.lazy.filter { !$0.isNaN }
    guard let least = numbers.min(), let greatest = numbers.max() else { return nil }
    return least...greatest
  }

  /// The values with the given indices.
  func gathering(_ indices: [Int]) -> MeshProperty {
    var result = self
    result.values = indices.map { values[$0] }
    return result
  }
}
