// What can be wrong with a flow that a user asked for.

/// A flow that cannot be built, or that has left the numbers.
public enum FlowError: Error, Equatable, CustomStringConvertible {
  /// A setting makes no flow.
  case invalidSetting(name: String, found: String, expected: String)
  /// A loss, a value or a gradient is infinite or not a number.
  case notFinite(place: String, trainingStep: Int)

  public var description: String {
    switch self {
    case .invalidSetting(let name, let found, let expected):
      "The flow's setting '\(name)' is \(found); expected \(expected). Change it in the model's configuration."
    case .notFinite(let place, let trainingStep):
      "At training step \(trainingStep) the flow left the finite numbers: \(place). Go back to the last good checkpoint; if it comes again, lower the learning rate, clip the gradient, or tighten the log-scale bound."
    }
  }
}
