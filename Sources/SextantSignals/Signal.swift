// Signals on a domain: V×C values, their validity and their meaning. File formats are in Formats/.

import SextantArrays
import SextantGeometry

/// A physical quantity, which is one channel of a signal.
public struct Variable: Sendable, Equatable, Codable {
  /// The name in the file, such as "t2m".
  public var name: String
  /// The units in UDUNITS' notation, such as "K"; empty if the file does not give any.
  public var units: String
  /// The CF standard name, if any.
  public var standardName: String?
  /// A descriptive name, if any.
  public var longName: String?
  /// What the values are of each cell of space and time, in CF's words, such as "time: mean"; nil if the file does not
  /// say.
  public var cellMethods: String?

  /// The units as they follow a number in a sentence, with a space before them; empty where there are none.
  package var unitsAfterNumber: String { units.isEmpty ? "" : " " + units }

  public init(
    name: String, units: String = "", standardName: String? = nil, longName: String? = nil, cellMethods: String? = nil
  ) {
    self.name = name
    self.units = units
    self.standardName = standardName
    self.longName = longName
    self.cellMethods = cellMethods
  }
}

/// The label that distinguishes a field of a set: its time and its other coordinates.
public struct FieldLabel: Sendable, Equatable, Codable {
  /// The month, 1…12, given by the time or by a month variable; nil for an annual mean.
  public var month: Int?
  /// The elapsed fraction of the year, 0..<1, if the time is known.
  public var yearFraction: Double?
  /// The time as ISO 8601 text in the file's calendar, such as "2012-12-01T14:00:00".
  public var time: String?
  /// All other coordinates that vary between fields, such as "level": "500 hPa" and "number": "3".
  public var coordinates: [String: String]
  /// The time in days from a fixed day of the file's calendar, of which only differences matter; nil where the file gives
  /// no time. It follows from the file, and is not stored.
  public var day: Double?
  /// Other names of the coordinates: roles such as "level", and standard names, where these differ from a coordinate's
  /// own name, and the name of the time where it is not "time".
  public var aliases: [String: String] = [:]

  public init(
    month: Int? = nil, yearFraction: Double? = nil, time: String? = nil,
    coordinates: [String: String] = [:]
  ) {
    self.month = month
    self.yearFraction = yearFraction
    self.time = time
    self.coordinates = coordinates
  }

  /// Aliases follow from the file, and are not stored.
  private enum CodingKeys: String, CodingKey { case month, yearFraction, time, coordinates }
}

extension FieldLabel {
  /// The coordinate called `name` as text, by its own name, its role or its standard name; nil if the field has none.
  ///
  /// "time" is the time, and "month" the month unless a coordinate has this name.
  public func text(of name: String) -> String? {
    if let own = coordinates[name] { return own }
    switch aliases[name] ?? aliases[name.lowercased()] ?? name.lowercased() {
    case "time": return time
    case "month": return month.map(String.init)
    case let other: return coordinates[other]
    }
  }

  /// Whether the coordinate called `name` has one of `values`; see ``text(of:)`` and ``CoordinateText/matches(_:_:)``.
  public func matches(_ name: String, anyOf values: [String]) -> Bool {
    guard let own = text(of: name) else { return name.lowercased() == "month" && values.contains { Int($0) == 0 } }
    return values.contains { CoordinateText.matches($0, own) }
  }

  /// The name and the text of the level, height or depth of the field, if it has one.
  public var level: (name: String, text: String)? {
    let name = aliases["level"] ?? "level"
    return coordinates[name].map { (name, $0) }
  }
}

/// N fields of C variables on a domain.
///
/// An entry that is missing in the file (fill value, NaN, outside the valid range) is 0 in `values` and false in
/// `isValid`, which distinguishes it from an observed 0.
public struct SignalSet: Sendable {
  /// The domain of the fields.
  public var domain: any Domain
  /// The variables (C).
  public var variables: [Variable]
  /// The values, N×V×C, in the variables' units.
  public var values: Tensor<Float>
  /// Whether each value is valid (N·V·C entries, in the order of `values`).
  public var isValid: [Bool]
  /// The labels of the fields (N).
  public var labels: [FieldLabel]

  /// The number of fields N.
  public var count: Int { values.shape[0] }
  /// The number of vertices V.
  public var vertexCount: Int { values.shape[1] }
  /// The number of variables C.
  public var channelCount: Int { values.shape[2] }

  public init(
    domain: any Domain, variables: [Variable], values: Tensor<Float>, isValid: [Bool],
    labels: [FieldLabel]
  ) {
    precondition(
      values.shape == [labels.count, domain.vertexCount, variables.count]
        && isValid.count == values.count,
      "Signals of shape \(values.shape) with \(isValid.count) validity flags, \(labels.count) labels and \(variables.count) variables on \(domain.vertexCount) vertices"
    )
    self.domain = domain
    self.variables = variables
    self.values = values
    self.isValid = isValid
    self.labels = labels
  }

  /// Field `index` as a single signal.
  public subscript(index: Int) -> Signal {
    let size = vertexCount * channelCount
    return Signal(
      domain: domain, variables: variables,
      values: values.rows(index..<index + 1).reshaped(to: [vertexCount, channelCount]),
      isValid: Array(isValid[index * size..<(index + 1) * size]), label: labels[index])
  }
}

/// One field of C variables on a domain: V×C values and their validity.
public struct Signal: Sendable {
  /// The domain of the field.
  public var domain: any Domain
  /// The variables (C).
  public var variables: [Variable]
  /// The values, V×C, in the variables' units; missing values are 0.
  public var values: Tensor<Float>
  /// Whether each value is valid (V·C entries).
  public var isValid: [Bool]
  /// The label of the field.
  public var label: FieldLabel

  public init(
    domain: any Domain, variables: [Variable], values: Tensor<Float>, isValid: [Bool],
    label: FieldLabel = FieldLabel()
  ) {
    precondition(
      values.shape == [domain.vertexCount, variables.count] && isValid.count == values.count,
      "A signal of shape \(values.shape) with \(isValid.count) validity flags and \(variables.count) variables on \(domain.vertexCount) vertices"
    )
    self.domain = domain
    self.variables = variables
    self.values = values
    self.isValid = isValid
    self.label = label
  }
}

/// Fields that can be read in pieces, so that an archive may be larger than memory.
public protocol SignalSource: Sendable {
  /// The domain of the fields.
  var domain: any Domain { get }
  /// The variables (C).
  var variables: [Variable] { get }
  /// The labels of the fields (N).
  var labels: [FieldLabel] { get }
  /// Reads the fields with the given indices, in that order.
  func read(_ indices: [Int]) throws -> SignalSet
}

extension SignalSource {
  /// The number of fields N.
  public var count: Int { labels.count }

  /// The number of fields in a piece of at most about `byteLimit` bytes (values and validity).
  public func chunkLength(byteLimit: Int = 256 << 20) -> Int {
    max(1, byteLimit / max(1, domain.vertexCount * variables.count * 5))
  }

  /// Calls `body` with consecutive pieces of the fields with the given indices.
  public func forEachChunk(
    of indices: [Int], byteLimit: Int = 256 << 20, _ body: (SignalSet) throws -> Void
  ) throws {
    let length = chunkLength(byteLimit: byteLimit)
    for start in stride(from: 0, to: indices.count, by: length) {
      try body(try read(Array(indices[start..<min(indices.count, start + length)])))
    }
  }
}

extension SignalSet: SignalSource {
  public func read(_ indices: [Int]) throws -> SignalSet {
    let size = vertexCount * channelCount
    var flags: [Bool] = []
    flags.reserveCapacity(indices.count * size)
    for index in indices { flags += isValid[index * size..<(index + 1) * size] }
    let rows = values.reshaped(to: [count, size]).gatheringRows(indices)
    return SignalSet(
      domain: domain, variables: variables,
      values: rows.reshaped(to: [indices.count, vertexCount, channelCount]), isValid: flags,
      labels: indices.map { labels[$0] })
  }
}
