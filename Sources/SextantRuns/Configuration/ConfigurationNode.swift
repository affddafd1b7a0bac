// A parsed configuration: YAML's texts, lists and mappings, each with the place that it came from, whether a file or a flag.
// Typed reading is `ConfigurationReader`'s business.

import Foundation
import Yams

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

/// A value in a configuration, with its place.
struct ConfigurationNode: Sendable {
  /// What the value is.
  enum Content: Sendable {
    /// Nothing: the key stands there without a value.
    case nothing
    /// A text, a number or a truth value, as it was written.
    case text(String)
    case list([ConfigurationNode])
    case section([Member])
  }

  /// A key with its value.
  struct Member: Sendable {
    var key: String
    var keyOrigin: SettingOrigin
    var value: ConfigurationNode
  }

  var content: Content
  var origin: SettingOrigin

  /// What this is, for errors.
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
  /// Parses YAML. `origin` gives the place of a line and column. Throws ``ConfigurationError/syntax(origin:problem:)``.
  init(yaml: String, origin: (_ line: Int, _ column: Int) -> SettingOrigin) throws {
    do {
      guard let node = try Yams.compose(yaml: yaml) else {
        self.init(content: .nothing, origin: origin(1, 1))
        return
      }
      try self.init(node, origin: origin)
    } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw ConfigurationError.syntax(origin: origin(mark.line, mark.column), problem: problem)
      case .duplicatedKeysInMapping(let duplicates, let context):
        throw ConfigurationError.syntax(
          origin: origin(context.mark.line, context.mark.column),
          problem: "the section that starts here has the key '\(duplicates.first ?? "?")' twice")
      default:
        throw ConfigurationError.syntax(origin: origin(1, 1), problem: "\(error)")
      }
    }
  }

  private init(_ node: Node, origin place: (_ line: Int, _ column: Int) -> SettingOrigin) throws {
    origin = place(node.mark?.line ?? 1, node.mark?.column ?? 1)
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      content = isPlain && ["", "~", "null"].contains(scalar.string) ? .nothing : .text(scalar.string)
    case .sequence(let sequence):
      content = .list(try sequence.map { try ConfigurationNode($0, origin: place) })
    case .mapping(let mapping):
      content = .section(
        try mapping.map { key, value in
          let keyOrigin = place(key.mark?.line ?? 1, key.mark?.column ?? 1)
          guard case .scalar(let name) = key else {
            throw ConfigurationError.syntax(origin: keyOrigin, problem: "a key must be a text")
          }
          return Member(
            key: name.string, keyOrigin: keyOrigin, value: try ConfigurationNode(value, origin: place))
        })
    case .alias:
      throw ConfigurationError.syntax(origin: origin, problem: "aliases (*name) are not used here")
    }
  }
}

extension ConfigurationNode {
  /// Puts an override such as "prior.modes=80" in. Throws ``ConfigurationError/invalidOverride(text:reason:)``.
  ///
  /// The value is read as YAML, so that lists and sections can be given: `archive.files=[a.nc, b.nc]`.
  mutating func override(with text: String) throws {
    guard let equals = text.firstIndex(of: "=") else {
      throw ConfigurationError.invalidOverride(text: text, reason: "there is no '=' in it")
    }
    let keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard keys.allSatisfy({ !$0.isEmpty }) else {
      throw ConfigurationError.invalidOverride(text: text, reason: "a key on the way to the value is empty")
    }
    let origin = SettingOrigin.flag(text)
    let value = try ConfigurationNode(yaml: String(text[text.index(after: equals)...])) { _, _ in origin }
    replace(keys[...], with: value)
  }

  private mutating func replace(_ keys: ArraySlice<String>, with value: ConfigurationNode) {
    guard let key = keys.first else {
      self = value
      return
    }
    // What is not a section becomes one: the last word is the flag's.
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
