// The types of samples in files of images, and their numbers in double precision, which holds those of every type
// exactly.

/// The type of the samples of an image.
public enum SampleType: String, Sendable, Equatable, CaseIterable {
  case uint1, uint2, uint4, uint8, int8, uint16, int16, uint32, int32, float16, float32, float64

  /// The bits of a sample in a file.
  public var bits: Int {
    switch self {
    case .uint1: 1
    case .uint2: 2
    case .uint4: 4
    case .uint8, .int8: 8
    case .uint16, .int16, .float16: 16
    case .uint32, .int32, .float32: 32
    case .float64: 64
    }
  }

  /// The bytes of a sample in memory: at least one.
  var size: Int { max(1, bits / 8) }
  /// Whether samples are whole numbers.
  public var isWhole: Bool { ![.float16, .float32, .float64].contains(self) }
  /// Whether samples may be negative.
  public var isSigned: Bool { !isWhole || [.int8, .int16, .int32].contains(self) }

  /// The least and the largest whole number; for a floating-point type, the range of its finite numbers.
  public var range: ClosedRange<Double> {
    switch self {
    case .float16: -65504...65504
    case .float32: -Double(Float.greatestFiniteMagnitude)...Double(Float.greatestFiniteMagnitude)
    case .float64: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    case .int8, .int16, .int32: -Double(1 << (bits - 1))...Double(1 << (bits - 1)) - 1
    default: 0...Double(1 << bits) - 1
    }
  }

  /// The number at full intensity or opacity: the largest whole number, or 1 for a floating-point type.
  public var full: Double { isWhole ? range.upperBound : 1 }

  /// The number of this type that is nearest to `number`; nil where it is outside of the range, or not a number for a
  /// type of whole numbers.
  public func nearest(_ number: Double) -> Double? {
    switch self {
    case .float64: return number
    case .float32:
      let single = Float(number)
      return single.isInfinite && number.isFinite ? nil : Double(single)
    case .float16:
      let half = Float(number).isNaN ? Float16.nan : Float16(number)
      return half.isInfinite && number.isFinite ? nil : Double(half)
    default:
      let whole = number.rounded(.toNearestOrEven)
      return range.contains(whole) ? whole : nil
    }
  }

  /// Sample `index` of `bytes`.
  func number(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Double {
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T {
      bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: type)
    }
    return switch self {
    case .uint1, .uint2, .uint4, .uint8: Double(load(UInt8.self))
    case .int8: Double(load(Int8.self))
    case .uint16: Double(load(UInt16.self))
    case .int16: Double(load(Int16.self))
    case .uint32: Double(load(UInt32.self))
    case .int32: Double(load(Int32.self))
    case .float16: Double(load(Float16.self))
    case .float32: Double(load(Float.self))
    case .float64: load(Double.self)
    }
  }

  /// Puts a number that ``nearest(_:)`` gave at sample `index` of `bytes`.
  func put(_ number: Double, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int) {
    func store<T: BitwiseCopyable>(_ value: T) {
      bytes.storeBytes(of: value, toByteOffset: index * MemoryLayout<T>.size, as: T.self)
    }
    switch self {
    case .uint1, .uint2, .uint4, .uint8: store(UInt8(number))
    case .int8: store(Int8(number))
    case .uint16: store(UInt16(number))
    case .int16: store(Int16(number))
    case .uint32: store(UInt32(number))
    case .int32: store(Int32(number))
    case .float16: store(Float16(number))
    case .float32: store(Float(number))
    case .float64: store(number)
    }
  }
}

/// The samples of one page of an image: rows from the top, columns from the left, the bands of a pixel side by side.
public struct ImageSamples: Sendable, Equatable {
  /// Their type.
  public let type: SampleType
  /// Their bytes, in the machine's order; samples of fewer than 8 bits have a byte each.
  public private(set) var bytes: [UInt8]

  /// Samples in memory.
  public init(type: SampleType, bytes: [UInt8]) {
    precondition(bytes.count % type.size == 0, "\(bytes.count) bytes for samples of \(type.size)")
    (self.type, self.bytes) = (type, bytes)
  }

  /// Zeros.
  public init(type: SampleType, count: Int) {
    self.init(type: type, bytes: [UInt8](repeating: 0, count: count * type.size))
  }

  public var count: Int { bytes.count / type.size }

  /// The samples as numbers.
  public var numbers: [Double] {
    bytes.withUnsafeBytes { bytes in (0..<count).map { type.number(bytes, $0) } }
  }

  public subscript(index: Int) -> Double {
    get { bytes.withUnsafeBytes { type.number($0, index) } }
    /// A number that the type holds exactly.
    set { bytes.withUnsafeMutableBytes { type.put(newValue, $0, index) } }
  }
}
