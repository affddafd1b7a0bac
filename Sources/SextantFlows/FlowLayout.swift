// The parameters of a coupling flow as names and shapes: counted without making a single one, and made in this order.

/// One parameter to be made.
public struct ParameterShape: Sendable, Equatable {
  /// What it starts as.
  public enum Start: Sendable, Equatable {
    /// One number everywhere.
    case constant(Double)
    /// Independent normal numbers of mean 0.
    case normal(deviation: Double)
  }

  /// Its name, such as "step.3.coupling.1.hidden.weight".
  public let name: String
  /// Its shape; weights are out×in.
  public let shape: [Int]
  /// What it starts as.
  public let start: Start
  /// Whether an optimiser changes it; running statistics are not.
  public let isTrained: Bool

  init(_ name: String, _ shape: [Int], _ start: Start, isTrained: Bool = true) {
    (self.name, self.shape, self.start, self.isTrained) = (name, shape, start, isTrained)
  }

  /// How many scalars it has.
  public var count: Int { shape.reduce(1, *) }
}

/// Names and shapes of all parameters of a ``ConditionalRealNVP``.
public struct FlowLayout: Sendable {
  /// The first layers' weights for the condition, the rows of all couplings below each other: one product serves them
  /// all. Absent where there is no condition.
  let condition: ParameterShape?
  let couplings: [CouplingParameters<ParameterShape>]

  /// - Parameters:
  ///   - dimension: the entries D of x and z.
  ///   - conditionWidth: the entries of the condition (``CouplingFlowConfiguration/conditionWidth(measurements:)``).
  public init(dimension: Int, conditionWidth: Int, configuration: CouplingFlowConfiguration) {
    let width = configuration.hiddenWidth(dimension: dimension)
    condition =
      conditionWidth == 0
      ? nil
      : ParameterShape(
        "condition.weight", [2 * configuration.steps * width, conditionWidth],
        .normal(deviation: configuration.initialDeviation))
    couplings = (0..<2 * configuration.steps).map { index in
      CouplingParameters(
        path: "step.\(index / 2 + 1).coupling.\(index % 2 + 1)", dimension: dimension, width: width,
        configuration: configuration)
    }
  }

  /// All parameters in the order in which the flow makes them.
  public var parameters: [ParameterShape] {
    var all = condition.map { [$0] } ?? []
    for coupling in couplings { _ = coupling.map { all.append($0) } }
    return all
  }

  /// How many scalars an optimiser changes.
  public var trainedCount: Int { parameters.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) } }
}
