// Errors in the construction and training of flows.

/// A flow that cannot be built, or whose values are no longer finite.
public enum FlowError: Error, Equatable, CustomStringConvertible {
  /// A setting is invalid.
  case invalidSetting(name: String, found: String, expected: String)
  /// A loss, a value or a gradient is infinite or not a number.
  case notFinite(place: String, trainingStep: Int)

  public var description: String {
    switch self {
    case .invalidSetting(let name, let found, let expected):
      "The flow's setting '\(name)' is \(found); expected \(expected). Change it in the model's configuration."
    case .notFinite(let place, let trainingStep):
      "At training step \(trainingStep) the flow's numbers are no longer finite: \(place). Resume from the last good checkpoint. If the error recurs, lower the learning rate, clip the gradient, or tighten the log-scale bound."
    }
  }
}
