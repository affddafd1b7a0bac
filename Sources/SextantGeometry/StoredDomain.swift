// A domain as a model file stores it: a record from which the domain is rebuilt exactly. In JSON it is an object with
// one key, the name of the kind: {"icosphere": {"subdivisions": 3}}. The kinds that a program can open are a list of
// values, which is passed to whatever opens models: there is no global registry.

import Foundation

/// What one kind of domain stores of itself: enough to rebuild it exactly.
public protocol DomainRecord: Codable, Sendable, Equatable {
  /// The name of the kind in files.
  static var kind: String { get }
  /// The number of vertices that the domain would have, counted without building it; nil if it cannot be counted.
  ///
  /// It is compared with the sizes of the other arrays of the file first, so that a tampered file cannot claim more
  /// memory than its size justifies.
  var claimedVertexCount: Int? { get }
  /// The domain, with the same fingerprint as the one that was stored. Throws ``GeometryError`` if the record does not
  /// describe a domain.
  func makeDomain() throws -> any Domain
}

/// A domain in the form in which a model file stores it.
public struct StoredDomain: Sendable {
  /// What is stored.
  public let record: any DomainRecord

  public init(_ record: any DomainRecord) { self.record = record }

  /// The name of the kind of domain.
  public var kind: String { type(of: record).kind }
  /// The number of vertices that the file claims; nil if it cannot be counted.
  public var claimedVertexCount: Int? { record.claimedVertexCount }
  /// The domain. Throws ``GeometryError``.
  public func makeDomain() throws -> any Domain { try record.makeDomain() }
}

/// A kind of domain that can be read from a file.
public struct StoredDomainKind: Sendable {
  /// Its name in files.
  public let name: String
  fileprivate let decode:
    @Sendable (KeyedDecodingContainer<StoredDomain.Kind>, StoredDomain.Kind) throws -> any DomainRecord

  /// The kind that stores records of the given type.
  public init<Record: DomainRecord>(_ record: Record.Type) {
    name = Record.kind
    decode = { try $0.decode(Record.self, forKey: $1) }
  }
}

extension StoredDomain: Equatable {
  public static func == (a: StoredDomain, b: StoredDomain) -> Bool { a.record.isEqual(to: b.record) }
}

extension DomainRecord {
  fileprivate func isEqual(to other: any DomainRecord) -> Bool { self == other as? Self }
}

extension StoredDomain: Codable {
  /// The name of a kind, as the key of its record.
  fileprivate struct Kind: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Under this key a decoder holds the kinds of domain that it can read.
  fileprivate static let kindsKey = CodingUserInfoKey(rawValue: "sextant.domains")

  /// Reads a domain of one of the kinds that the decoder was made with (see `JSONDecoder(domains:)`).
  ///
  /// Throws ``GeometryError/unknownDomainKind(found:known:)`` for any other kind.
  public init(from decoder: any Decoder) throws {
    let kinds = Self.kindsKey.flatMap { decoder.userInfo[$0] as? [StoredDomainKind] } ?? .standard
    let container = try decoder.container(keyedBy: Kind.self)
    let names = container.allKeys.map(\.stringValue).sorted()
    guard names.count == 1, let kind = kinds.first(where: { $0.name == names[0] }) else {
      throw GeometryError.unknownDomainKind(found: names, known: kinds.map(\.name))
    }
    self.init(try kind.decode(container, Kind(stringValue: kind.name)))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Kind.self)
    try container.encode(record, forKey: Kind(stringValue: kind))
  }
}

extension JSONDecoder {
  /// A decoder that reads stored domains of the given kinds.
  public convenience init(domains: [StoredDomainKind]) {
    self.init()
    if let key = StoredDomain.kindsKey { userInfo[key] = domains }
  }
}
