// Conversion of stored numbers to values: packing and missing data, according to the NetCDF User's Guide (Appendix A)
// and CF 2.5 and 8.1. The arithmetic is in double precision. A value is missing if it equals _FillValue or
// missing_value (one or several), if it lies outside valid_min, valid_max or valid_range, if it is NaN, or if it equals
// the default fill value of its type and no _FillValue is set.

import CNetCDF
import Foundation

/// Converts the stored numbers of a variable to values.
struct ValueDecoder {
  /// A part of the bits of a whole number that single precision holds without rounding.
  enum BitPart: Sendable, CaseIterable {
    case low, high

    /// What one unit of the high part stands for.
    static let span = 65536.0
  }

  /// The part that is read of whole numbers; nil for all of them.
  var bitPart: BitPart?
  private let type: NetCDFType
  private let scale: Double
  private let offset: Double
  /// The offset for negative numbers of a signed type that represents an unsigned type; otherwise 0.
  private let unsignedSpan: Double
  private var storedGaps: [Double] = []
  private var unpackedGaps: [Double] = []
  private var storedRange = -Double.infinity...Double.infinity
  private var unpackedRange = -Double.infinity...Double.infinity

  init(_ variable: NetCDFVariable, in file: NetCDFFile) throws {
    type = variable.type
    scale = variable.attribute("scale_factor")?.numbers?.first ?? 1
    offset = variable.attribute("add_offset")?.numbers?.first ?? 0
    let isUnsigned = variable.text("_Unsigned")?.lowercased() == "true"
    let bits: [NetCDFType: Double] = [.byte: 256, .short: 65536, .int: 4_294_967_296]
    unsignedSpan = isUnsigned ? bits[variable.type] ?? 0 : 0
    let isPacked = variable.attribute("scale_factor") != nil || variable.attribute("add_offset") != nil

    for name in ["_FillValue", "missing_value"] {
      for gap in Self.numbers(of: variable.attribute(name)) {
        if let stored = Self.stored(gap, as: variable.type) {
          if !storedGaps.contains(unsigned(stored)) { storedGaps.append(unsigned(stored)) }
        } else if isPacked {
          unpackedGaps.append(gap)
        }
      }
    }
    if variable.attribute("_FillValue") == nil, let gap = try Self.defaultFill(of: variable, in: file) {
      storedGaps.append(unsigned(gap))
    }
    try readRanges(of: variable, isPacked: isPacked, in: file)
  }

  /// The decoder of numbers that are stored unpacked in single precision; nil for all other variables, and for the rare
  /// variable that has more than two fill values.
  var single: SingleValueDecoder? {
    guard type == .float, scale == 1, offset == 0, storedGaps.count <= 2 else { return nil }
    return SingleValueDecoder(gaps: storedGaps.map { Float($0) }, range: storedRange)
  }

  /// The value of a stored number; NaN if it is missing.
  func decode(_ number: Double) -> Double {
    var stored = number
    if stored < 0 { stored += unsignedSpan }
    if stored.isNaN { return .nan }
    for gap in storedGaps where stored == gap { return .nan }
    guard stored >= storedRange.lowerBound, stored <= storedRange.upperBound else { return .nan }
    let value = stored * scale + offset
    for gap in unpackedGaps where value == gap { return .nan }
    guard value >= unpackedRange.lowerBound && value <= unpackedRange.upperBound else { return .nan }
    guard let bitPart else { return value }
    let high = (value / BitPart.span).rounded(.down)
    return bitPart == .high ? high : value - high * BitPart.span
  }

  /// Whether values are whole numbers of which single precision would round some.
  static func isWide(_ variable: NetCDFVariable) -> Bool {
    [.int, .unsignedInt, .int64, .unsignedInt64].contains(variable.type) && variable.attribute("scale_factor") == nil
      && variable.attribute("add_offset") == nil
  }

  private func unsigned(_ number: Double) -> Double { number < 0 ? number + unsignedSpan : number }

  private mutating func readRanges(of variable: NetCDFVariable, isPacked: Bool, in file: NetCDFFile) throws {
    var bounds: [(name: String, isLower: Bool, index: Int)] = [
      ("valid_min", true, 0), ("valid_max", false, 0),
    ]
    if let range = variable.attribute("valid_range")?.numbers, range.count == 2 {
      bounds = [("valid_range", true, 0), ("valid_range", false, 1)]
    }
    var (stored, unpacked) = (
      (-Double.infinity, Double.infinity), (-Double.infinity, Double.infinity)
    )
    for (name, isLower, index) in bounds {
      guard case .numbers(let numbers, let type) = variable.attribute(name), index < numbers.count else { continue }
      // A floating-point bound of packed integers refers to the unpacked values (User's Guide, Appendix A).
      let isForUnpacked = isPacked && type.isFloatingPoint && !variable.type.isFloatingPoint
      let bound = isForUnpacked ? numbers[index] : unsigned(Self.rounded(numbers[index], as: variable.type))
      guard !bound.isNaN else { continue }
      switch (isForUnpacked, isLower) {
      case (true, true): unpacked.0 = bound
      case (true, false): unpacked.1 = bound
      case (false, true): stored.0 = bound
      case (false, false): stored.1 = bound
      }
    }
    guard stored.0 <= stored.1, unpacked.0 <= unpacked.1 else {
      throw NetCDFError.unusableVariable(
        path: file.path, variable: variable.name,
        reason: "the valid range is empty (\(stored.0)…\(stored.1)). Correct valid_min, valid_max or valid_range.")
    }
    storedRange = stored.0...stored.1
    unpackedRange = unpacked.0...unpacked.1
  }

  /// The numbers of an attribute. Some programs write missing_value as text, also as it stands in CDL ("-99.9f").
  static func numbers(of value: NetCDFAttributeValue?) -> [Double] {
    if let numbers = value?.numbers { return numbers }
    return (value?.text ?? "").split { $0.isWhitespace || ",;[]()".contains($0) }.compactMap { word in
      let text = word.trimmingCharacters(in: CharacterSet(charactersIn: "\"'"))
      let isCDL = text.first.map { $0.isNumber || "+-.".contains($0) } ?? false
      return Double(text) ?? (isCDL ? Double(text.drop(suffix: "fFdDlLsSbBuU")) : nil)
    }
  }

  /// Attributes of missing values from which no number can be read, with their text.
  static func unreadableGaps(of variable: NetCDFVariable) -> [(name: String, text: String)] {
    ["_FillValue", "missing_value"].compactMap { name in
      guard variable.type.isNumeric, let value = variable.attribute(name), numbers(of: value).isEmpty else { return nil }
      return (name, value.text ?? "no number")
    }
  }

  /// Numbers that a file calls missing where CF does not read them: in a global attribute, or under a similar name.
  static func namedGaps(of variables: [NetCDFVariable], in file: NetCDFFile) -> [Double] {
    let names: Set = [
      "_fillvalue", "missing_value", "missingvalue", "fill_value", "fillvalue", "missing", "nodata", "nodata_value",
    ]
    let own = variables.flatMap(\.attributes).filter { !["_FillValue", "missing_value"].contains($0.name) }
    return (file.attributes + own).filter { names.contains($0.name.lowercased()) }.flatMap { numbers(of: $0.value) }
      .filter(\.isFinite)
  }

  /// The number as the type represents it; nil if an integer type cannot.
  private static func stored(_ number: Double, as type: NetCDFType) -> Double? {
    if type.isFloatingPoint { return rounded(number, as: type) }
    return number == number.rounded() && abs(number) < 2e19 ? number : nil
  }

  private static func rounded(_ number: Double, as type: NetCDFType) -> Double {
    type == .float ? Double(Float(number)) : number
  }

  /// The library's default fill value, unless the variable was written without filling. Bytes have none.
  private static func defaultFill(of variable: NetCDFVariable, in file: NetCDFFile) throws -> Double? {
    let fills: [NetCDFType: Double] = [
      .short: -32767, .int: -2_147_483_647, .float: Double(Float(9.969_209_968_386_869e36)),
      .double: 9.969_209_968_386_869e36, .unsignedShort: 65535, .unsignedInt: 4_294_967_295,
      .int64: -0x1p63, .unsignedInt64: 0x1p64,
    ]
    guard let fill = fills[variable.type] else { return nil }
    var isNotFilled: Int32 = 0
    try NetCDFLibrary.check("query the fill value", path: file.path, variable: variable.name) {
      nc_inq_var_fill(variable.groupID, variable.id, &isNotFilled, nil)
    }
    return isNotFilled == 0 ? fill : nil
  }
}

/// The counterpart of `ValueDecoder` for values in single precision that need no arithmetic.
struct SingleValueDecoder: Sendable {
  private let (firstGap, secondGap): (Float, Float)
  private let (lowerBound, upperBound): (Float, Float)

  /// - Parameters:
  ///   - gaps: at most two fill values.
  ///   - range: bounds that are representable in single precision.
  fileprivate init(gaps: [Float], range: ClosedRange<Double>) {
    // NaN does not equal any number.
    (firstGap, secondGap) = (gaps.first ?? .nan, gaps.dropFirst().first ?? .nan)
    (lowerBound, upperBound) = (Float(range.lowerBound), Float(range.upperBound))
  }

  /// The value of a stored number; NaN if it is missing.
  func decode(_ number: Float) -> Float {
    number >= lowerBound && number <= upperBound && number != firstGap && number != secondGap ? number : .nan
  }
}

extension String {
  /// The text without the characters of `suffix` at its end.
  fileprivate func drop(suffix: String) -> String {
    var text = self
    while let last = text.last, suffix.contains(last) { text.removeLast() }
    return text
  }
}
