// The names and shapes of a coupling flow's parameters, in the order of their creation. They can be counted without
// creating any parameter.

/// The description of one parameter.
public struct ParameterShape: Sendable, Equatable {
  /// The initial value.
  public enum Start: Sendable, Equatable {
    /// One value everywhere.
    case constant(Double)
    /// Independent normal values with mean 0.
    case normal(standardDeviation: Double)
  }

  /// Its name, such as "step.3.coupling.1.hidden.weight".
  public let name: String
  /// Its shape; weights are out×in.
  public let shape: [Int]
  /// The initial value.
  public let start: Start
  /// Whether an optimiser changes it; running statistics are not.
  public let isTrained: Bool

  init(_ name: String, _ shape: [Int], _ start: Start, isTrained: Bool = true) {
    (self.name, self.shape, self.start, self.isTrained) = (name, shape, start, isTrained)
  }

  /// The number of scalars.
  public var count: Int { shape.reduce(1, *) }
}

/// The names and shapes of all parameters of a ``ConditionalRealNVP``.
public struct FlowLayout: Sendable {
  /// The weights of the condition in the first layers of all couplings, stacked so that a single product serves all.
  /// Nil if there is no condition.
  let condition: ParameterShape?
  let couplings: [CouplingParameters<ParameterShape>]

  /// The layout of a flow on `dimension` entries under a condition of `conditionWidth` entries
  /// (``CouplingFlowConfiguration/conditionWidth(measurements:)``).
  public init(dimension: Int, conditionWidth: Int, configuration: CouplingFlowConfiguration) {
    let width = configuration.hiddenWidth(dimension: dimension)
    condition =
      conditionWidth == 0
      ? nil
      : ParameterShape(
        "condition.weight", [2 * configuration.steps * width, conditionWidth],
        .normal(standardDeviation: configuration.initialDeviation))
    couplings = (0..<2 * configuration.steps).map { index in
      CouplingParameters(
        path: "step.\(index / 2 + 1).coupling.\(index % 2 + 1)", dimension: dimension, width: width,
        configuration: configuration)
    }
  }

  /// All parameters, in the order in which the flow creates them.
  public var parameters: [ParameterShape] {
    var all = condition.map { [$0] } ?? []
    for coupling in couplings { _ = coupling.map { all.append($0) } }
    return all
  }

  /// The number of scalars that an optimiser changes.
  public var trainedCount: Int { parameters.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) } }
}
