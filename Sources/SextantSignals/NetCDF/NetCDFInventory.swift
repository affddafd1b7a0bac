// The contents of a NetCDF file: dimensions, variables, attributes. Plain values without any reading.

import CNetCDF

/// The external type of a variable or an attribute.
public enum NetCDFType: Sendable, Hashable, Codable {
  case byte, character, short, int, float, double
  case unsignedByte, unsignedShort, unsignedInt, int64, unsignedInt64, string
  /// A user-defined type, which this package does not read.
  case other

  init(code: Int32) {
    self =
      switch code {
      case NC_BYTE: .byte
      case NC_CHAR: .character
      case NC_SHORT: .short
      case NC_INT: .int
      case NC_FLOAT: .float
      case NC_DOUBLE: .double
      case NC_UBYTE: .unsignedByte
      case NC_USHORT: .unsignedShort
      case NC_UINT: .unsignedInt
      case NC_INT64: .int64
      case NC_UINT64: .unsignedInt64
      case NC_STRING: .string
      default: .other
      }
  }

  /// The library's code of the type.
  var code: Int32 {
    switch self {
    case .byte: NC_BYTE
    case .character: NC_CHAR
    case .short: NC_SHORT
    case .int: NC_INT
    case .float: NC_FLOAT
    case .double: NC_DOUBLE
    case .unsignedByte: NC_UBYTE
    case .unsignedShort: NC_USHORT
    case .unsignedInt: NC_UINT
    case .int64: NC_INT64
    case .unsignedInt64: NC_UINT64
    case .string: NC_STRING
    case .other: NC_NAT
    }
  }

  /// Bytes of one value in memory; 0 for strings and user-defined types.
  public var byteCount: Int {
    switch self {
    case .byte, .character, .unsignedByte: 1
    case .short, .unsignedShort: 2
    case .int, .unsignedInt, .float: 4
    case .double, .int64, .unsignedInt64: 8
    case .string, .other: 0
    }
  }

  /// Whether the values are numbers.
  public var isNumeric: Bool { ![.character, .string, .other].contains(self) }
  /// Whether the values are floating-point numbers.
  public var isFloatingPoint: Bool { self == .float || self == .double }
}

/// A dimension with a name and a length.
public struct NetCDFDimension: Sendable, Hashable {
  /// The library's identifier of the dimension, unique in its file.
  let id: Int32
  /// The name, without its group.
  public let name: String
  /// The current length, which may be 0.
  public let length: Int
  /// Whether the dimension can grow.
  public let isUnlimited: Bool
}

/// The value of an attribute.
public enum NetCDFAttributeValue: Sendable, Equatable {
  case text(String)
  case strings([String])
  /// Numbers, with their type in the file.
  case numbers([Double], NetCDFType)
  /// A user-defined type.
  case unreadable

  /// The text, or the only string.
  public var text: String? {
    switch self {
    case .text(let text): text
    case .strings(let strings) where strings.count == 1: strings[0]
    default: nil
    }
  }

  /// The numbers, if the attribute has any.
  public var numbers: [Double]? { if case .numbers(let values, _) = self { values } else { nil } }
}

/// A named attribute.
public struct NetCDFAttribute: Sendable, Equatable {
  public let name: String
  public let value: NetCDFAttributeValue
}

/// A variable with its type, dimensions and attributes.
public struct NetCDFVariable: Sendable {
  /// The library's identifiers of the variable's group and of the variable in it.
  let groupID: Int32
  let id: Int32
  /// The name, preceded by its groups and slashes if it is not in the root group.
  public let name: String
  public let type: NetCDFType
  /// Outermost first; empty for a scalar.
  public let dimensions: [NetCDFDimension]
  public let attributes: [NetCDFAttribute]

  /// The extent of each dimension.
  public var shape: [Int] { dimensions.map(\.length) }
  /// The number of values.
  public var valueCount: Int { shape.reduce(1, *) }
  /// The name without groups.
  public var baseName: String { name.split(separator: "/").last.map(String.init) ?? name }

  /// The attribute `name`, if it exists.
  public func attribute(_ name: String) -> NetCDFAttributeValue? { attributes.first { $0.name == name }?.value }
  /// The text of the attribute `name`, if it exists and is text.
  public func text(_ name: String) -> String? { attribute(name)?.text }
  /// The words of the attribute `name`, separated by whitespace.
  func words(_ name: String) -> [String] { (text(name) ?? "").split(whereSeparator: \.isWhitespace).map(String.init) }

  /// Whether this is the coordinate variable of its only dimension, as defined by the NetCDF User's Guide.
  public var isCoordinateVariable: Bool { dimensions.count == 1 && dimensions[0].name == baseName }
}
