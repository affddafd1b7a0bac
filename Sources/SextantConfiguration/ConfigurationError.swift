// Errors in a configuration. The texts name the place, the key and a valid value.

/// A configuration that cannot be used.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The text is not YAML.
  case syntax(origin: SettingOrigin, problem: String)
  /// An unknown key, with the most similar known key, if there is one, and all known keys.
  case unknownKey(origin: SettingOrigin, key: String, nearest: String?, known: [String])
  /// A required key is missing; the place of the section and a description of the value.
  case missingKey(origin: SettingOrigin, key: String, expected: String)
  /// A value of the wrong form or out of range.
  case wrongValue(origin: SettingOrigin, key: String, expected: String, found: String)
  /// A text that whoever reads it refuses, for a reason that is a sentence.
  case invalidText(origin: SettingOrigin, key: String, text: String, reason: String)
  /// An override on the command line that is not KEY=VALUE.
  case invalidOverride(text: String, reason: String)

  public var description: String {
    switch self {
    case .syntax(let origin, let problem):
      return "\(origin): not valid YAML: \(problem)."
    case .unknownKey(let origin, let key, let nearest, let known):
      let hint = nearest.map { "Did you mean '\($0)'?" } ?? "Known here: \(known.joined(separator: ", "))."
      return "\(origin): unknown key '\(key)'. \(hint)"
    case .missingKey(let origin, let key, let expected):
      return "\(origin): '\(key)' is missing: expected \(expected)."
    case .wrongValue(let origin, let key, let expected, let found):
      return "\(origin): '\(key)': expected \(expected), found \(found)."
    case .invalidText(let origin, let key, let text, let reason):
      let place = "\(origin): '\(key)': "
      return reason.contains(text) ? place + reason : "\(place)'\(text)': \(reason)"
    case .invalidOverride(let text, let reason):
      return "--set \(text): \(reason). Write it as KEY.PATH=VALUE, such as prior.modes=80."
    }
  }
}
