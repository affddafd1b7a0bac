// The conditional RealNVP on vectors (Dinh et al. 2017, as implemented in DPI and score_prior; conditional as in
// Mammadov, Chung and Ye 2024): steps of two couplings with reversals between them and a fixed permutation after each
// step. All choices are in `CouplingFlowConfiguration`. The first hidden layer reads [entries, condition]. The two
// parts of that product are computed separately, because the part of the condition is the same for all samples of a
// measurement.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// A conditional flow of affine couplings. For an odd dimension D, couplings read D/2 entries, rounded down, and change
/// the others.
public struct ConditionalRealNVP<Scalar: TensorScalar>: ConditionalFlow {
  public let dimension: Int
  public let conditionWidth: Int
  /// All settings of the flow.
  public let configuration: CouplingFlowConfiguration
  private let order: CouplingOrder
  private let couplings: [CouplingNetwork<Scalar>]
  private let conditionWeight: ParameterSet<Scalar>.Reference?

  /// Creates the flow's parameters in `builder`.
  ///
  /// - Parameters:
  ///   - builder: the builder of the parameter set.
  ///   - dimension: the number D of entries of x and z, at least 1.
  ///   - conditionWidth: the number of entries of the condition, 0 for none
  ///     (``CouplingFlowConfiguration/conditionWidth(measurements:)``).
  ///   - configuration: all settings of the flow.
  /// - Throws: ``FlowError`` for invalid settings.
  public init(
    _ builder: inout ParameterBuilder<Scalar>, dimension: Int, conditionWidth: Int,
    configuration: CouplingFlowConfiguration
  ) throws(FlowError) {
    try configuration.validate()
    guard dimension >= 1, conditionWidth >= 0 else {
      throw .invalidSetting(
        name: "dimension", found: "\(dimension) under a condition of \(conditionWidth)",
        expected: "1 or more entries under a condition of 0 or more")
    }
    (self.dimension, self.conditionWidth, self.configuration) = (dimension, conditionWidth, configuration)
    order = CouplingOrder(dimension: dimension, configuration: configuration)
    let layout = FlowLayout(dimension: dimension, conditionWidth: conditionWidth, configuration: configuration)
    conditionWeight = layout.condition.map { builder.make($0) }
    couplings = layout.couplings.map { shapes in
      CouplingNetwork(parameters: shapes.map { builder.make($0) }, configuration: configuration)
    }
  }

  /// The same flow and parameters, but each training pass replaces the running batch statistics by its own instead of
  /// averaging them.
  public func forgettingStatistics() -> ConditionalRealNVP {
    var forgetful = configuration
    forgetful.batchMomentum = 0
    return ConditionalRealNVP(
      dimension: dimension, conditionWidth: conditionWidth, configuration: forgetful, order: order,
      couplings: couplings.map { CouplingNetwork(parameters: $0.parameters, configuration: forgetful) },
      conditionWeight: conditionWeight)
  }

  private init(
    dimension: Int, conditionWidth: Int, configuration: CouplingFlowConfiguration, order: CouplingOrder,
    couplings: [CouplingNetwork<Scalar>], conditionWeight: ParameterSet<Scalar>.Reference?
  ) {
    (self.dimension, self.conditionWidth, self.configuration) = (dimension, conditionWidth, configuration)
    (self.order, self.couplings, self.conditionWeight) = (order, couplings, conditionWeight)
  }

  public var recalibrating: (any ConditionalFlow<Scalar>)? {
    configuration.normalisesBatches ? forgettingStatistics() : nil
  }

  public var start: FlowStart { configuration.restoresOrder ? .identity : .permutation }

  /// The condition for measurements and their masks (B×M each; the mask is 1 where there is a measurement): both, if
  /// the configuration conditions on the mask, otherwise the measurements alone.
  public func condition(measurements: Tensor<Scalar>, mask: Tensor<Scalar>, on tape: Tape<Scalar>)
    -> DifferentiableTensor<Scalar>
  {
    guard configuration.conditionsOnMask else { return tape.constant(measurements) }
    return concatenateColumns([tape.constant(measurements), tape.constant(mask)])
  }

  @specialized(where Scalar == Float)
  public func prepare(
    _ condition: DifferentiableTensor<Scalar>, in pass: NetworkPass<Scalar>
  ) -> PreparedCondition<Scalar> {
    checkCondition(condition)
    return pass.tape.scope("condition") {
      PreparedCondition(projection: conditionWeight.map { dense(condition, weight: pass[$0]) })
    }
  }

  public func sample(
    _ z: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    run(z, given: condition, in: pass, direction: .sampling)
  }

  public func invert(
    _ x: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, in pass: NetworkPass<Scalar>
  ) -> FlowPoints<Scalar> {
    run(x, given: condition, in: pass, direction: .normalising)
  }

  @specialized(where Scalar == Float)
  private func run(
    _ points: DifferentiableTensor<Scalar>, given condition: PreparedCondition<Scalar>, in pass: NetworkPass<Scalar>,
    direction: FlowDirection
  ) -> FlowPoints<Scalar> {
    precondition(points.value.columnCount == dimension, "Points of shape \(points.shape) for \(dimension) entries")
    let indices = Array(couplings.indices)
    var state = CouplingState(points: points, logDeterminant: nil)
    for index in direction == .normalising ? indices : indices.reversed() {
      state = pass.tape.scope("step \(index / 2 + 1)") {
        pass.tape.scope("coupling \(index % 2 + 1)") {
          couple(state, index, given: condition, in: pass, direction: direction)
        }
      }
    }
    // Each coupling adds its log-determinant; there is at least one coupling.
    let zeros = pass.tape.constant(.zeros([points.value.rowCount]))
    return FlowPoints(values: state.points, logDeterminant: state.logDeterminant ?? zeros)
  }

  private func couple(
    _ state: CouplingState<Scalar>, _ index: Int, given condition: PreparedCondition<Scalar>,
    in pass: NetworkPass<Scalar>, direction: FlowDirection
  ) -> CouplingState<Scalar> {
    let network = couplings[index]
    var state = state
    switch direction {
    case .normalising:
      normalise(&state, network, in: pass, direction: direction)
    case .sampling:
      state.points = state.points.gatheringColumns(order.beforeCoupling[index])
    }
    let width = configuration.hiddenWidth(dimension: dimension)
    let coupled = network(
      state.points, keeping: order.readCount,
      condition: condition.projection?.columns(index * width..<(index + 1) * width), direction: direction, in: pass)
    state.points = coupled.points
    state.add(direction == .normalising ? coupled.logScaleSums : coupled.logScaleSums * -1)
    switch direction {
    case .normalising:
      state.points = state.points.gatheringColumns(order.afterCoupling[index])
    case .sampling:
      normalise(&state, network, in: pass, direction: direction)
    }
    return state
  }

  private func normalise(
    _ state: inout CouplingState<Scalar>, _ network: CouplingNetwork<Scalar>, in pass: NetworkPass<Scalar>,
    direction: FlowDirection
  ) {
    guard let activation = network.parameters.activation else { return }
    var logScale = pass[activation.logScale]
    if let bound = configuration.activationLogScaleBound { logScale = bounded(logScale, by: bound) }
    state.points = scalarAffine(
      state.points, shift: pass[activation.shift], logScale: logScale, direction: direction)
    let perRow = logScale * Scalar(direction == .normalising ? -dimension : dimension)
    let rows = state.points.value.rowCount
    state.add(
      pass.tape.constant(Tensor(repeating: 0, shape: [rows, 1])).addingToRows(perRow).reshaped(to: [rows]))
  }
}

/// bound·tanh(x/bound).
private func bounded<Scalar: TensorScalar>(
  _ x: DifferentiableTensor<Scalar>, by bound: Double
) -> DifferentiableTensor<Scalar> {
  (x * Scalar(1 / bound)).tanh() * Scalar(bound)
}

/// The state of points between couplings.
private struct CouplingState<Scalar: TensorScalar> {
  var points: DifferentiableTensor<Scalar>
  var logDeterminant: DifferentiableTensor<Scalar>?

  mutating func add(_ change: DifferentiableTensor<Scalar>) {
    logDeterminant = logDeterminant.map { $0 + change } ?? change
  }
}

extension ParameterBuilder {
  /// Creates the parameter described by `shape`.
  fileprivate mutating func make(_ shape: ParameterShape) -> ParameterSet<Scalar>.Reference {
    switch shape.start {
    case .constant(let value): constant(shape.name, shape.shape, Scalar(value), isTrained: shape.isTrained)
    case .normal(let sigma): normal(shape.name, shape.shape, standardDeviation: sigma)
    }
  }
}
