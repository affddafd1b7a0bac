// A parsed configuration: texts, lists and sections, each with its origin in a file or on the command line. Which text format
// it was parsed from is not known here; `ConfigurationReader` reads it by type.

/// Where a setting comes from.
public enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
  /// A place in a file; lines and columns count from 1.
  case file(path: String, line: Int, column: Int)
  /// An override on the command line, as it was typed.
  case flag(String)
  /// Nobody set it.
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
package struct ConfigurationNode: Sendable {
  /// The forms of a value.
  package enum Content: Sendable {
    /// Nothing: the key has no value.
    case nothing
    /// A text, a number or a truth value, as it was written.
    case text(String)
    case list([ConfigurationNode])
    case section([Member])
  }

  /// A key with its value.
  package struct Member: Sendable {
    package var key: String
    package var keyOrigin: SettingOrigin
    package var value: ConfigurationNode

    package init(key: String, keyOrigin: SettingOrigin, value: ConfigurationNode) {
      (self.key, self.keyOrigin, self.value) = (key, keyOrigin, value)
    }
  }

  package var content: Content
  package var origin: SettingOrigin

  package init(content: Content, origin: SettingOrigin) {
    (self.content, self.origin) = (content, origin)
  }

  /// A description of the value, for errors.
  package var summary: String {
    switch content {
    case .nothing: "nothing"
    case .text(let text): "'\(text)'"
    case .list(let items): "a list of \(items.count)"
    case .section: "a section with keys of its own"
    }
  }
}

extension ConfigurationNode {
  /// Puts `value` at the end of a path of keys, and makes the sections that lead there.
  package mutating func replace(_ keys: ArraySlice<String>, with value: ConfigurationNode) {
    guard let key = keys.first else {
      self = value
      return
    }
    // A value that is not a section becomes one: the override has the last word.
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
