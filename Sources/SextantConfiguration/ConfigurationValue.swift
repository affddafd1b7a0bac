// The types of settings, with the descriptions that errors use.

/// A type that is read from the text of a setting.
public protocol ConfigurationValue: Sendable {
  /// A description of valid values, for errors: "a whole number".
  static var expectation: String { get }
  /// The value that `text` represents, or nil.
  init?(configurationText text: String)
  /// The value as text.
  var configurationText: String { get }
}

extension Int: ConfigurationValue {
  public static var expectation: String { "a whole number" }
  public init?(configurationText text: String) { self.init(text) }
  public var configurationText: String { "\(self)" }
}

extension UInt64: ConfigurationValue {
  public static var expectation: String { "a whole number from 0" }
  public init?(configurationText text: String) { self.init(text) }
  public var configurationText: String { "\(self)" }
}

extension Double: ConfigurationValue {
  public static var expectation: String { "a number" }
  public init?(configurationText text: String) {
    guard let number = Double(text), number.isFinite else { return nil }
    self = number
  }
  public var configurationText: String { "\(self)" }
}

extension Bool: ConfigurationValue {
  public static var expectation: String { "true or false" }
  public init?(configurationText text: String) { self.init(text) }
  public var configurationText: String { "\(self)" }
}

extension String: ConfigurationValue {
  public static var expectation: String { "a text" }
  public init?(configurationText text: String) { self = text }
  public var configurationText: String { self }
}

/// A setting with a fixed list of values: an enumeration of strings.
public protocol ConfigurationChoice: ConfigurationValue, CaseIterable, RawRepresentable, Codable
where RawValue == String {}

extension ConfigurationChoice {
  public static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
  public init?(configurationText text: String) { self.init(rawValue: text) }
  public var configurationText: String { rawValue }
}
