// Errors in the construction of flows.

/// A flow that cannot be built.
public enum FlowError: Error, Equatable, CustomStringConvertible {
  /// A setting is invalid.
  case invalidSetting(name: String, found: String, expected: String)

  public var description: String {
    switch self {
    case .invalidSetting(let name, let found, let expected):
      "The flow's setting '\(name)' is \(found); expected \(expected). Change it in the model's configuration."
    }
  }
}
