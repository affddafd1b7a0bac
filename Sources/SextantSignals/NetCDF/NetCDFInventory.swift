// What a NetCDF file holds: dimensions, variables, attributes. Plain values, no reading here.

import CNetCDF

/// The external type of a variable or an attribute.
public enum NetCDFType: Sendable, Hashable, Codable {
  case byte, character, short, int, float, double
  case unsignedByte, unsignedShort, unsignedInt, int64, unsignedInt64, string
  /// A user-defined type, which this library does not read.
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

  /// The library's own number for the type.
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

  /// Whether values are numbers.
  public var isNumeric: Bool { ![.character, .string, .other].contains(self) }
  /// Whether values are floating-point numbers.
  public var isFloatingPoint: Bool { self == .float || self == .double }
}

/// A named extent.
public struct NetCDFDimension: Sendable, Hashable {
  /// The library's number for the dimension, unique in its file.
  let id: Int32
  /// The name, without its group.
  public let name: String
  /// The present length; may be 0.
  public let length: Int
  /// Whether more can be appended.
  public let isUnlimited: Bool
}

/// The value of an attribute.
public enum NetCDFAttributeValue: Sendable, Equatable {
  case text(String)
  case strings([String])
  /// Numbers, with the type that they have in the file.
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

  /// The numbers, if it has any.
  public var numbers: [Double]? { if case .numbers(let values, _) = self { values } else { nil } }
}

/// A named attribute.
public struct NetCDFAttribute: Sendable, Equatable {
  public let name: String
  public let value: NetCDFAttributeValue
}

/// A variable: its type, its dimensions and its attributes.
public struct NetCDFVariable: Sendable {
  /// The library's numbers for the group that holds the variable, and for the variable in it.
  let groupID: Int32
  let id: Int32
  /// The name; preceded by its groups and slashes if it is not in the root group.
  public let name: String
  public let type: NetCDFType
  /// Outermost first; none for a scalar.
  public let dimensions: [NetCDFDimension]
  public let attributes: [NetCDFAttribute]

  /// The extent of each dimension.
  public var shape: [Int] { dimensions.map(\.length) }
  /// The number of values.
  public var valueCount: Int { shape.reduce(1, *) }
  /// The name without groups.
  public var baseName: String { name.split(separator: "/").last.map(String.init) ?? name }

  /// The attribute `name`, if there.
  public func attribute(_ name: String) -> NetCDFAttributeValue? { attributes.first { $0.name == name }?.value }
  /// The text of attribute `name`, if it is there and text.
  public func text(_ name: String) -> String? { attribute(name)?.text }
  /// The words of attribute `name`, split at spaces.
  func words(_ name: String) -> [String] { (text(name) ?? "").split(whereSeparator: \.isWhitespace).map(String.init) }

  /// Whether this is the coordinate variable of its only dimension, in the sense of the NetCDF User's Guide.
  public var isCoordinateVariable: Bool { dimensions.count == 1 && dimensions[0].name == baseName }
}
