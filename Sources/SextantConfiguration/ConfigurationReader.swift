// Typed reading of one section of a configuration. Each call reads one key, checks its value, and records the key as
// known. `finish` then rejects all other keys, so that every misspelt key is reported, and a new setting is one line at
// the place where it is used.

/// One section of a configuration, being read.
public final class ConfigurationReader {
  /// The keys that lead here, such as "archive.time"; empty at the top.
  public let path: String
  private let origin: SettingOrigin
  private let members: [ConfigurationNode.Member]
  private let resolved: ResolvedSettings
  private var known: [String] = []

  /// A reader of a section.
  ///
  /// - Parameters:
  ///   - node: The section.
  ///   - path: The keys that lead to the section; empty at the top.
  ///   - resolved: Where each setting is recorded as it is read.
  /// - Throws: ``ConfigurationError`` if the node is not a section.
  public init(_ node: ConfigurationNode, path: String = "", resolved: ResolvedSettings) throws {
    self.path = path
    self.resolved = resolved
    origin = node.origin
    switch node.content {
    case .section(let members): self.members = members
    case .nothing: members = []
    case .text, .list:
      throw ConfigurationError.wrongValue(
        origin: node.origin, key: path.isEmpty ? "the configuration" : path, expected: "a section of KEY: VALUE lines",
        found: node.summary)
    }
  }

  /// The keys that the section has, in their order.
  public var keys: [String] { members.map(\.key) }

  /// Whether the key is present and has a value.
  public func contains(_ key: String) -> Bool {
    members.contains { member in
      guard member.key == key else { return false }
      if case .nothing = member.value.content { return false }
      return true
    }
  }

  // MARK: Single values

  /// The value of a required key.
  public func required<Value: ConfigurationValue>(_ key: String, as type: Value.Type = Value.self) throws -> Value {
    guard let node = take(key) else { throw missing(key, expected: Value.expectation) }
    return try value(of: node, key)
  }

  /// The value of a key, or nil.
  public func optional<Value: ConfigurationValue>(_ key: String, as type: Value.Type = Value.self) throws -> Value? {
    guard let node = take(key) else { return nil }
    return try value(of: node, key)
  }

  /// The value of a key, or `fallback`.
  public func value<Value: ConfigurationValue>(_ key: String, default fallback: Value) throws -> Value {
    guard let node = take(key) else {
      resolved.record(full(key), fallback.configurationText, .byDefault)
      return fallback
    }
    return try value(of: node, key)
  }

  /// The number at a key, which must be in `range`, or `fallback`.
  public func value<Value: ConfigurationValue & Comparable>(
    _ key: String, default fallback: Value, in range: ClosedRange<Value>
  ) throws -> Value {
    let value = try value(key, default: fallback)
    guard range.contains(value) else {
      throw wrong(
        key, expected: "\(Value.expectation) from \(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
    return value
  }

  /// The number at a key, which must be above 0, or `fallback`.
  public func positive(_ key: String, default fallback: Double) throws -> Double {
    let value: Double = try value(key, default: fallback)
    guard value > 0 else { throw wrong(key, expected: "a number above 0", found: "\(value)") }
    return value
  }

  /// The result of `parse` for the text at a key, or for `fallback`. Errors of `parse` are reported with the key's place.
  public func parsed<Value>(_ key: String, default fallback: String, by parse: (String) throws -> Value) throws -> Value
  {
    let text: String = try value(key, default: fallback)
    return try parsing(text, key, parse)
  }

  // MARK: Lists

  /// The values at a key: a list, or a single value as a list of one; `fallback` if the key is absent.
  public func list<Value: ConfigurationValue>(_ key: String, default fallback: [Value] = []) throws -> [Value] {
    guard let node = take(key) else {
      resolved.record(full(key), Self.text(fallback), .byDefault)
      return fallback
    }
    let items: [ConfigurationNode]
    if case .list(let present) = node.content { items = present } else { items = [node] }
    let values = try items.map { try scalar($0, key) as Value }
    resolved.record(full(key), Self.text(values), node.origin)
    return values
  }

  /// The values named at a key, a list or a single name, out of `values`; `fallback` if the key is absent.
  public func list<Value>(
    _ key: String, default fallback: [Value], among choices: [(name: String, value: Value)]
  ) throws -> [Value] where Value: CustomStringConvertible {
    guard let node = take(key) else {
      resolved.record(full(key), "[" + fallback.map(\.description).joined(separator: ", ") + "]", .byDefault)
      return fallback
    }
    let items: [ConfigurationNode]
    if case .list(let present) = node.content { items = present } else { items = [node] }
    let values = try items.map { item -> Value in
      guard case .text(let text) = item.content, let choice = choices.first(where: { $0.name == text }) else {
        throw ConfigurationError.wrongValue(
          origin: item.origin, key: full(key), expected: "one of " + choices.map(\.name).joined(separator: ", "),
          found: item.summary)
      }
      return choice.value
    }
    resolved.record(full(key), "[" + values.map(\.description).joined(separator: ", ") + "]", node.origin)
    return values
  }

  /// The result of `parse` for each text at a key.
  public func parsedList<Value>(
    _ key: String, default fallback: [String] = [], by parse: (String) throws -> Value
  ) throws -> [Value] {
    try (list(key, default: fallback) as [String]).map { try parsing($0, key, parse) }
  }

  // MARK: Sections

  /// The section at a key; an empty one if it is absent. Call ``finish()`` on it.
  public func section(_ key: String) throws -> ConfigurationReader {
    let node = take(key) ?? ConfigurationNode(content: .nothing, origin: origin)
    return try ConfigurationReader(node, path: full(key), resolved: resolved)
  }

  /// Reads the section at a key, and rejects keys that `read` did not read; nil if the section is absent.
  public func optionalSection<Value>(_ key: String, _ read: (ConfigurationReader) throws -> Value) throws -> Value? {
    guard contains(key) else {
      known.append(key)
      return nil
    }
    return try requiredSection(key, read)
  }

  /// Reads the section at a key, or an empty one if it is absent, and rejects keys that `read` did not read.
  public func requiredSection<Value>(_ key: String, _ read: (ConfigurationReader) throws -> Value) throws -> Value {
    let section = try section(key)
    let value = try read(section)
    try section.finish()
    return value
  }

  /// Reads a section whose keys are names chosen by the user, such as variables. `read` reads the section of each name.
  public func namedSections<Value>(
    _ key: String, _ read: (ConfigurationReader) throws -> Value
  ) throws -> [String: Value] {
    let section = try section(key)
    var values: [String: Value] = [:]
    for name in section.keys { values[name] = try section.requiredSection(name, read) }
    return values
  }

  /// A section whose keys are names chosen by the user and whose values are lists, or single values as lists of one.
  public func namedLists<Value: ConfigurationValue>(_ key: String) throws -> [String: [Value]] {
    let section = try section(key)
    var values: [String: [Value]] = [:]
    for name in section.keys { values[name] = try section.list(name) }
    return values
  }

  /// Throws ``ConfigurationError/unknownKey(origin:key:nearest:known:)`` for the first key that was not read.
  public func finish() throws {
    if let member = members.first(where: { !known.contains($0.key) }) { throw unknown(member) }
  }

  /// The error for a value that is well formed but unusable, with the value's place.
  public func wrong(_ key: String, expected: String, found: String) -> ConfigurationError {
    let place = members.first { $0.key == key }?.value.origin ?? origin
    return .wrongValue(origin: place, key: full(key), expected: expected, found: found)
  }

  // MARK: Parts

  private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The value of a key, which is recorded as known; nil if the key is absent or has no value.
  private func take(_ key: String) -> ConfigurationNode? {
    known.append(key)
    guard contains(key) else { return nil }
    return members.first { $0.key == key }?.value
  }

  private func value<Value: ConfigurationValue>(of node: ConfigurationNode, _ key: String) throws -> Value {
    let value: Value = try scalar(node, key)
    resolved.record(full(key), value.configurationText, node.origin)
    return value
  }

  private func scalar<Value: ConfigurationValue>(_ node: ConfigurationNode, _ key: String) throws -> Value {
    guard case .text(let text) = node.content, let value = Value(configurationText: text) else {
      throw ConfigurationError.wrongValue(
        origin: node.origin, key: full(key), expected: Value.expectation, found: node.summary)
    }
    return value
  }

  private func parsing<Value>(_ text: String, _ key: String, _ parse: (String) throws -> Value) throws -> Value {
    do {
      return try parse(text)
    } catch {
      let place = members.first { $0.key == key }?.value.origin ?? origin
      throw ConfigurationError.invalidText(origin: place, key: full(key), text: text, reason: "\(error)")
    }
  }

  /// If there is a key similar to a missing one, it is more likely misspelt than the other one forgotten.
  private func missing(_ key: String, expected: String) -> ConfigurationError {
    let misspelt = members.first { !known.contains($0.key) && NameSuggestion.nearest(to: $0.key, among: [key]) != nil }
    return misspelt.map { unknown($0) } ?? .missingKey(origin: origin, key: full(key), expected: expected)
  }

  private func unknown(_ member: ConfigurationNode.Member) -> ConfigurationError {
    .unknownKey(
      origin: member.keyOrigin, key: full(member.key), nearest: NameSuggestion.nearest(to: member.key, among: known),
      known: known)
  }

  private static func text<Value: ConfigurationValue>(_ values: [Value]) -> String {
    "[" + values.map(\.configurationText).joined(separator: ", ") + "]"
  }
}
