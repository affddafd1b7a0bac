// Every choice that makes a conditional coupling flow what it is, so that the published one is a preset and not the code.
// The values of `paper` are those of the vector RealNVP in the programs of DPI and score_prior, with the 24 steps of the APS
// paper and the measurement joined to the input of each coupling's network.

/// How the raw log-scales of a coupling are kept within bounds; both have slope 1 at 0.
public enum LogScaleClamp: String, Codable, Sendable, CaseIterable {
  /// bound · tanh(raw / bound).
  case tanh
  /// raw / (1 + |raw| / bound): approaches the bound more slowly, so its slope fades later.
  case softsign
}

/// What stands before each coupling.
public enum ActivationNormalisation: String, Codable, Sendable, CaseIterable {
  /// One learned shift and one learned log-scale for all entries, 0 at the start.
  case scalar
  /// Nothing.
  case none
}

/// How the entries are reordered between the steps. Each step also reverses their order twice, so that both halves move.
public enum StepOrder: String, Codable, Sendable, CaseIterable {
  /// After step k, the permutation that NumPy's legacy generator gives for seed k: ``PinnedPermutation``.
  case pinned
  /// No permutation: the same halves in every step.
  case halves
}

/// The shape and the settings of a ``ConditionalRealNVP``.
public struct CouplingFlowConfiguration: Codable, Sendable, Equatable {
  /// Flow steps, of two couplings each.
  public var steps = 24
  /// The two hidden layers of a coupling's network have dimension / divisor units, rounded down…
  public var widthDivisor = 8
  /// …and at least this many.
  public var minimumWidth = 1
  /// Whether the hidden layers are normalised over the batch.
  public var normalisesBatches = true
  /// Added to the variances of the batch normalisation.
  public var batchEpsilon = 1e-2
  /// The part of the running statistics that a training step keeps.
  public var batchMomentum = 0.9
  /// The slope of the hidden layers' leaky ReLU below 0.
  public var negativeSlope = 0.01
  /// How log-scales are bounded…
  public var clamp = LogScaleClamp.tanh
  /// …and by what, for one coupling.
  public var logScaleBound = 1.0
  /// What stands before each coupling.
  public var activationNormalisation = ActivationNormalisation.scalar
  /// The bound of that scalar log-scale; absent as in the paper's program: none.
  public var activationLogScaleBound: Double?
  /// The factor c in exp(c·s), by which each network's outputs are multiplied, s learned and 0 at first.
  public var outputScaleFactor = 3.0
  /// How the entries are reordered between steps.
  public var order = StepOrder.pinned
  /// Whether z has the order of x, so that the untrained flow is the identity and not a permutation.
  public var restoresOrder = false
  /// Whether the condition is the measurement joined by its mask (2M numbers) and not the measurement alone (M).
  public var conditionsOnMask = false
  /// The standard deviation of the initial hidden weights. The last layers start at 0.
  public var initialDeviation = 0.05

  /// The paper's flow. ``paper`` says the same.
  public init() {}

  /// The flow of the APS paper: 24 steps, hidden layers of an eighth of the dimension.
  public static var paper: CouplingFlowConfiguration { CouplingFlowConfiguration() }

  /// A flow for two processors, **not** the paper's: 8 steps, hidden layers of a sixteenth of the dimension but at least 16,
  /// and a bound on the scalar log-scales.
  public static var small: CouplingFlowConfiguration {
    var result = CouplingFlowConfiguration()
    result.steps = 8
    result.widthDivisor = 16
    result.minimumWidth = 16
    result.activationLogScaleBound = 1
    return result
  }

  /// The flow on the coefficients of a Gaussian posterior: the identity before training, the same in training and in
  /// evaluation (no batch statistics), and with room for features that are few.
  public static var gaussianBase: CouplingFlowConfiguration {
    var result = CouplingFlowConfiguration()
    result.steps = 4
    result.widthDivisor = 2
    result.minimumWidth = 32
    result.normalisesBatches = false
    result.activationNormalisation = .none
    result.restoresOrder = true
    return result
  }

  /// The width of the hidden layers for vectors of `dimension` entries.
  public func hiddenWidth(dimension: Int) -> Int { max(minimumWidth, dimension / widthDivisor) }

  /// The width of the condition for `measurements` numbers.
  public func conditionWidth(measurements: Int) -> Int { conditionsOnMask ? 2 * measurements : measurements }

  /// Throws ``FlowError/invalidSetting(name:found:expected:)`` for the first setting that makes no flow.
  public func validate() throws(FlowError) {
    func require(_ holds: Bool, _ name: String, _ found: Any, _ expected: String) throws(FlowError) {
      guard holds else { throw .invalidSetting(name: name, found: "\(found)", expected: expected) }
    }
    try require(steps >= 1, "steps", steps, "1 or more")
    try require(widthDivisor >= 1, "widthDivisor", widthDivisor, "1 or more")
    try require(minimumWidth >= 1, "minimumWidth", minimumWidth, "1 or more")
    try require(batchEpsilon > 0, "batchEpsilon", batchEpsilon, "a positive number")
    try require((0..<1).contains(batchMomentum), "batchMomentum", batchMomentum, "0 or more, below 1")
    try require((0...1).contains(negativeSlope), "negativeSlope", negativeSlope, "0 to 1")
    try require(logScaleBound > 0 && logScaleBound.isFinite, "logScaleBound", logScaleBound, "a positive number")
    let bound = activationLogScaleBound ?? 1
    try require(bound > 0 && bound.isFinite, "activationLogScaleBound", bound, "a positive number, or absent")
    try require(outputScaleFactor.isFinite, "outputScaleFactor", outputScaleFactor, "a finite number")
    try require(
      initialDeviation >= 0 && initialDeviation.isFinite, "initialDeviation", initialDeviation, "0 or more")
  }
}
