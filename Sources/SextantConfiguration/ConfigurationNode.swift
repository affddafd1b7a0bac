// A parsed configuration: texts, lists and sections, each with its origin, a place in a file or a flag.
// `ConfigurationReader` reads it with types. Parsers are elsewhere: `SextantYAML` parses YAML.

/// The origin of a setting.
public enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
  /// A place in a file; lines and columns count from 1.
  case file(path: String, line: Int, column: Int)
  /// An override on the command line, as it was typed.
  case flag(String)
  /// The default; nothing was set.
  case byDefault

  public var description: String {
    switch self {
    case .file(let path, let line, let column): "\(path):\(line):\(column)"
    case .flag(let text): "--set \(text)"
    case .byDefault: "default"
    }
  }
}

/// A value in a configuration, with its origin.
public struct ConfigurationNode: Sendable {
  /// The content of a value.
  public enum Content: Sendable {
    /// Nothing: a key without a value.
    case nothing
    /// A text, a number or a truth value, as it was written.
    case text(String)
    case list([ConfigurationNode])
    case section([Member])
  }

  /// A key with its value.
  public struct Member: Sendable {
    public var key: String
    public var keyOrigin: SettingOrigin
    public var value: ConfigurationNode

    public init(key: String, keyOrigin: SettingOrigin, value: ConfigurationNode) {
      self.key = key
      self.keyOrigin = keyOrigin
      self.value = value
    }
  }

  public var content: Content
  public var origin: SettingOrigin

  public init(content: Content, origin: SettingOrigin) {
    self.content = content
    self.origin = origin
  }

  /// The kind of the value, for errors.
  var summary: String {
    switch content {
    case .nothing: "nothing"
    case .text(let text): "'\(text)'"
    case .list(let items): "a list of \(items.count)"
    case .section: "a section with keys of its own"
    }
  }
}

extension ConfigurationNode {
  /// Applies an override such as "prior.modes=80". `parse` parses the text of the value, so that it can be a list or a
  /// section: `archive.files=[a.nc, b.nc]`.
  ///
  /// - Throws: ``ConfigurationError/invalidOverride(text:reason:)``, and what `parse` throws.
  public mutating func override(
    with text: String, parsedBy parse: (_ text: String, _ origin: SettingOrigin) throws -> ConfigurationNode
  ) throws {
    guard let equals = text.firstIndex(of: "=") else {
      throw ConfigurationError.invalidOverride(text: text, reason: "there is no '=' in it")
    }
    let keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard keys.allSatisfy({ !$0.isEmpty }) else {
      throw ConfigurationError.invalidOverride(text: text, reason: "a key on the way to the value is empty")
    }
    replace(keys[...], with: try parse(String(text[text.index(after: equals)...]), .flag(text)))
  }

  private mutating func replace(_ keys: ArraySlice<String>, with value: ConfigurationNode) {
    guard let key = keys.first else {
      self = value
      return
    }
    // A value that is not a section is replaced by one, because the flag takes precedence.
    var members: [Member] = []
    if case .section(let present) = content { members = present } else { origin = value.origin }
    let index = members.firstIndex { $0.key == key } ?? members.endIndex
    if index == members.endIndex {
      members.append(
        Member(
          key: key, keyOrigin: value.origin, value: ConfigurationNode(content: .nothing, origin: value.origin)))
    }
    members[index].value.replace(keys.dropFirst(), with: value)
    content = .section(members)
  }
}
