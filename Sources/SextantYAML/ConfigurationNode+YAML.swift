// Configurations from YAML by the library Yams. The one place that knows the syntax.

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
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      let isNothing = isPlain && ["", "~", "null"].contains(scalar.string)
      self.init(content: isNothing ? .nothing : .text(scalar.string), origin: origin)
    case .sequence(let sequence):
      self.init(content: .list(try sequence.map { try ConfigurationNode($0, origin: place) }), origin: origin)
    case .mapping(let mapping):
      let members = try mapping.map { key, value in
        let keyOrigin = place(key.mark?.line ?? 1, key.mark?.column ?? 1)
        guard case .scalar(let name) = key else {
          throw ConfigurationError.syntax(origin: keyOrigin, problem: "a key must be a text")
        }
        return Member(key: name.string, keyOrigin: keyOrigin, value: try ConfigurationNode(value, origin: place))
      }
      self.init(content: .section(members), origin: origin)
    case .alias:
      throw ConfigurationError.syntax(origin: origin, problem: "aliases (*name) are not used here")
    }
  }
}
