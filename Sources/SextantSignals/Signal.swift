// Signals on a Domain: V×C values with the knowledge of which are there, and what they mean.
// No file format here; see NetCDF/.

import SextantArrays
import SextantGeometry

/// One physical quantity: a channel of a signal.
public struct Variable: Sendable, Equatable, Codable {
  /// The name in the file, such as "t2m".
  public var name: String
  /// Units as UDUNITS spells them, such as "K"; empty if the file names none.
  public var units: String
  /// CF standard name, if any.
  public var standardName: String?
  /// A name for people, if any.
  public var longName: String?

  public init(name: String, units: String = "", standardName: String? = nil, longName: String? = nil) {
    self.name = name
    self.units = units
    self.standardName = standardName
    self.longName = longName
  }
}

/// What tells one field of a set from another: when it was, and the other coordinates.
public struct FieldLabel: Sendable, Equatable, Codable {
  /// The month, 1…12, if the time or a month variable tells it; nil for an annual mean.
  public var month: Int?
  /// The fraction of the year that has passed, 0..<1, where the time tells it.
  public var yearFraction: Double?
  /// The time as text, ISO 8601 in the file's calendar, such as "2012-12-01T14:00:00".
  public var time: String?
  /// Every other coordinate that varies between fields, such as "level": "500 hPa", "number": "3".
  public var coordinates: [String: String]

  public init(
    month: Int? = nil, yearFraction: Double? = nil, time: String? = nil,
    coordinates: [String: String] = [:]
  ) {
    self.month = month
    self.yearFraction = yearFraction
    self.time = time
    self.coordinates = coordinates
  }
}

/// N fields of C variables on one domain.
///
/// An entry that is missing in the file (fill value, NaN, outside the valid range) holds 0 in `values` and
/// false in `isValid`: a missing entry and an observed 0 differ.
public struct SignalSet: Sendable {
  /// Where the fields live.
  public var domain: any Domain
  /// The variables (C).
  public var variables: [Variable]
  /// The values, N×V×C, in the variables' units.
  public var values: Tensor<Float>
  /// Whether each value is there (N·V·C entries, in the order of `values`).
  public var isValid: [Bool]
  /// What each field is (N).
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

  /// Field `index` alone.
  public subscript(index: Int) -> Signal {
    let size = vertexCount * channelCount
    return Signal(
      domain: domain, variables: variables,
      values: values.rows(index..<index + 1).reshaped(to: [vertexCount, channelCount]),
      isValid: Array(isValid[index * size..<(index + 1) * size]), label: labels[index])
  }
}

/// One field of C variables on a domain: V×C values and which of them are there.
public struct Signal: Sendable {
  /// Where the field lives.
  public var domain: any Domain
  /// The variables (C).
  public var variables: [Variable]
  /// The values, V×C, in the variables' units; 0 where missing.
  public var values: Tensor<Float>
  /// Whether each value is there (V·C entries).
  public var isValid: [Bool]
  /// What the field is.
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

/// Fields that can be read piece by piece, so that an archive may be larger than memory.
public protocol SignalSource: Sendable {
  /// Where the fields live.
  var domain: any Domain { get }
  /// The variables (C).
  var variables: [Variable] { get }
  /// What each field is (N).
  var labels: [FieldLabel] { get }
  /// Reads the fields at `indices`, in that order.
  func read(_ indices: [Int]) throws -> SignalSet
}

extension SignalSource {
  /// The number of fields N.
  public var count: Int { labels.count }

  /// How many fields make a piece of at most about `byteLimit` bytes (values and validity).
  public func chunkLength(byteLimit: Int = 256 << 20) -> Int {
    max(1, byteLimit / max(1, domain.vertexCount * variables.count * 5))
  }

  /// Calls `body` with consecutive pieces of the fields at `indices`.
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
