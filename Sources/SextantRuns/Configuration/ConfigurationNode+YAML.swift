// Parses YAML into configuration nodes, and puts overrides from the command line in.

import SextantConfiguration
import Yams

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
    let origin = place(node.mark?.line ?? 1, node.mark?.column ?? 1)
    self.init(content: try Self.content(of: node, at: origin, place: place), origin: origin)
  }

  private static func content(
    of node: Node, at origin: SettingOrigin, place: (_ line: Int, _ column: Int) -> SettingOrigin
  ) throws -> Content {
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      return isPlain && ["", "~", "null"].contains(scalar.string) ? .nothing : .text(scalar.string)
    case .sequence(let sequence):
      return .list(try sequence.map { try ConfigurationNode($0, origin: place) })
    case .mapping(let mapping):
      return .section(
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
}
