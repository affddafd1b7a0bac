// An open file of signals: fields that can be read piece by piece, and the numbers beside them.

import SextantArrays
import SextantGeometry

/// The fields of a file.
public protocol SignalDocument: SignalSource {
  /// The file that was asked for.
  var path: String { get }
  /// All files that the fields come from, such as the mesh of an array.
  var inputPaths: [String] { get }
  /// The format of the file.
  var format: any SignalFormat { get }
  /// The document that a ``DocumentWrapper`` ultimately reads; itself for any other document.
  var origin: any SignalDocument { get }

  /// Numbers beside the fields: the noise of a variable, a flag, a quality, or a variable of the fields.
  ///
  /// Throws ``SignalFormatError/companionCount(path:name:expected:found:)`` unless there are as many as fields or
  /// exactly one, and any error of reading. Nil if the file has nothing of that name.
  func companion(_ name: String) throws -> FieldCompanion?
  /// The names that ``companion(_:)`` knows, for messages.
  var companionNames: [String] { get }
  /// The ensemble of field `index` (N×V·C), where the file holds estimates with one.
  func members(of index: Int) throws -> Tensor<Float>?
  /// The standard deviation of an estimate (V·C), where the file holds estimates with one and fields are read as estimates.
  func spread(of index: Int) throws -> [Float]?
  /// The largest number that the type of the pixels of an image can hold; nil where the values have no such scale.
  var fullScale: Double? { get }
  /// The least and the largest number that the type of the pixels of an image can hold; nil where the values have no such scale.
  var fullRange: ClosedRange<Double>? { get }
  /// What was assumed or found odd when the document was opened.
  var remarks: [Remark] { get }
  /// Numbers that the file calls missing in a place that binds no reader, such as a global attribute.
  var namedGaps: [Double] { get }
  /// Variables beside the fields that tell good values from bad ones.
  var qualities: [QualityVariable] { get }
}

extension SignalDocument {
  public var inputPaths: [String] { [path] }
  public var origin: any SignalDocument { self }
  public func companion(_ name: String) throws -> FieldCompanion? { ownCompanion(name) }
  public var companionNames: [String] { variables.map(\.name) }
  public func members(of index: Int) throws -> Tensor<Float>? { nil }
  public func spread(of index: Int) throws -> [Float]? { nil }
  public var fullScale: Double? { nil }
  public var fullRange: ClosedRange<Double>? { fullScale.map { 0...$0 } }
  public var remarks: [Remark] { [] }
  public var namedGaps: [Double] { [] }
  public var qualities: [QualityVariable] { [] }

  /// A companion for field `index` (V or V·C numbers); see ``companion(_:)``.
  public func companion(_ name: String, at index: Int) throws -> [Float]? { try companion(name)?.values(index) }

  /// The companion of that name, which must be there. Throws
  /// ``SignalFormatError/absentCompanion(path:name:available:)``.
  public func requiredCompanion(_ name: String) throws -> FieldCompanion {
    if let companion = try companion(name) { return companion }
    throw SignalFormatError.absentCompanion(path: path, name: name, available: companionNames)
  }

  /// A variable of the fields as numbers beside them.
  func ownCompanion(_ name: String) -> FieldCompanion? {
    guard let channel = variables.firstIndex(where: { $0.name == name }) else { return nil }
    return FieldCompanion(name: name, units: variables[channel].units, isConstant: false) { index in
      let field = try read([index])[0]
      let channels = field.variables.count
      return field.values.withUnsafeScalars { values in
        stride(from: channel, to: values.count, by: channels).map { field.isValid[$0] ? values[$0] : .nan }
      }
    }
  }
}

/// A document that changes part of another document, and forwards the rest.
public protocol DocumentWrapper: SignalDocument {
  /// The other document.
  var source: any SignalDocument { get }
}

extension DocumentWrapper {
  public var path: String { source.path }
  public var inputPaths: [String] { source.inputPaths }
  public var format: any SignalFormat { source.format }
  public var origin: any SignalDocument { source.origin }
  public var domain: any Domain { source.domain }
  public var variables: [Variable] { source.variables }
  public var labels: [FieldLabel] { source.labels }
  public var companionNames: [String] { source.companionNames }
  public func companion(_ name: String) throws -> FieldCompanion? { try source.companion(name) }
  public func members(of index: Int) throws -> Tensor<Float>? { try source.members(of: index) }
  public func spread(of index: Int) throws -> [Float]? { try source.spread(of: index) }
  public var fullScale: Double? { source.fullScale }
  public var fullRange: ClosedRange<Double>? { source.fullRange }
  public var remarks: [Remark] { source.remarks }
  public var namedGaps: [Double] { source.namedGaps }
  public var qualities: [QualityVariable] { source.qualities }
}

/// Numbers beside the fields of a file.
public struct FieldCompanion: Sendable {
  /// The name in the file.
  public let name: String
  /// The units; empty if the file does not give any.
  public let units: String
  /// What is added to the numbers, in double precision; see ``StoredForm``.
  public let offset: Double
  /// Whether all fields have the same numbers.
  public let isConstant: Bool
  /// The numbers for a field (V or V·C), not-a-number where one is missing.
  public let values: @Sendable (_ field: Int) throws -> [Float]
  /// The numbers for a field in double precision, with the offset: whole numbers of more than 24 bits, such as bit
  /// fields, are not rounded.
  public let exactValues: @Sendable (_ field: Int) throws -> [Double]
  /// What the numbers mean, if they are flags.
  public let flags: FlagMeanings?

  public init(
    name: String, units: String = "", offset: Double = 0, isConstant: Bool, flags: FlagMeanings? = nil,
    values: @escaping @Sendable (_ field: Int) throws -> [Float],
    exactValues: (@Sendable (_ field: Int) throws -> [Double])? = nil
  ) {
    (self.name, self.units, self.offset) = (name, units, offset)
    (self.isConstant, self.flags, self.values) = (isConstant, flags, values)
    self.exactValues = exactValues ?? { try values($0).map { offset + Double($0) } }
  }

  /// The numbers times `scale`, plus `offset`.
  func scaled(by scale: Double, offset: Double = 0) -> FieldCompanion {
    let values = values
    return FieldCompanion(
      name: name, units: units, offset: offset, isConstant: isConstant, flags: flags,
      values: { field in scale == 1 ? try values(field) : try values(field).map { Float(scale * Double($0)) } })
  }
}
