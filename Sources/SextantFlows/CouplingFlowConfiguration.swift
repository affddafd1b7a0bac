// All choices that define a conditional coupling flow, so that the published flow is a preset rather than fixed in the
// code. The values of `paper` are those of the vector RealNVP in the programs of DPI and score_prior, with the 24 steps
// of Mammadov, Chung and Ye (2024) and the measurement appended to the input of each coupling's network.

/// The bound on the raw log-scales of a coupling; both forms have slope 1 at 0.
public enum LogScaleClamp: String, Codable, Sendable, CaseIterable {
  /// bound · tanh(raw / bound).
  case tanh
  /// raw / (1 + |raw| / bound), which approaches the bound more slowly, so that its gradient vanishes later.
  case softsign
}

/// The transformation before each coupling.
public enum ActivationNormalisation: String, Codable, Sendable, CaseIterable {
  /// One learned shift and one learned log-scale for all entries, initially 0.
  case scalar
  /// None.
  case none
}

/// The reordering of the entries between steps. Each step also reverses the order twice, so that both halves are
/// changed.
public enum StepOrder: String, Codable, Sendable, CaseIterable {
  /// After step k, the permutation of NumPy's legacy generator with seed k: ``PinnedPermutation``.
  case pinned
  /// No permutation: the same halves in every step.
  case halves
}

/// The shape and the settings of a ``ConditionalRealNVP``.
public struct CouplingFlowConfiguration: Codable, Sendable, Equatable {
  /// The number of flow steps, each with two couplings.
  public var steps = 24
  /// The two hidden layers of a coupling's network have dimension / divisor units, rounded down …
  public var widthDivisor = 8
  /// … and at least this number.
  public var minimumWidth = 1
  /// Whether the hidden layers use batch normalisation.
  public var normalisesBatches = true
  /// Added to the variances of the batch normalisation.
  public var batchEpsilon = 1e-2
  /// The weight of the old running statistics in each training step.
  public var batchMomentum = 0.9
  /// The slope of the hidden layers' leaky ReLU below 0.
  public var negativeSlope = 0.01
  /// The form of the bound on log-scales …
  public var clamp = LogScaleClamp.tanh
  /// … and its value, for one coupling.
  public var logScaleBound = 1.0
  /// The transformation before each coupling.
  public var activationNormalisation = ActivationNormalisation.scalar
  /// The bound on that scalar log-scale; nil for none, as in the published program.
  public var activationLogScaleBound: Double?
  /// The factor c in exp(c·s), which multiplies each network's outputs; s is learned and initially 0.
  public var outputScaleFactor = 3.0
  /// The reordering of the entries between steps.
  public var order = StepOrder.pinned
  /// Whether z has the order of x, so that the untrained flow is the identity rather than a permutation.
  public var restoresOrder = false
  /// Whether the condition consists of the measurement and its mask (2M values) rather than the measurement alone (M).
  public var conditionsOnMask = false
  /// The standard deviation of the initial hidden weights. The last layers are initialised to 0.
  public var initialDeviation = 0.05

  /// The published flow, the same as ``paper``.
  public init() {}

  /// The flow of Mammadov, Chung and Ye (2024): 24 steps, with hidden layers of an eighth of the dimension.
  public static var paper: CouplingFlowConfiguration { CouplingFlowConfiguration() }

  /// A flow for a machine with two processors, **not** the published flow: 8 steps, hidden layers of a sixteenth of the
  /// dimension but at least 16 units, and a bound on the scalar log-scales.
  public static var small: CouplingFlowConfiguration {
    var result = CouplingFlowConfiguration()
    result.steps = 8
    result.widthDivisor = 16
    result.minimumWidth = 16
    result.activationLogScaleBound = 1
    return result
  }

  /// The flow on the coefficients of a Gaussian posterior. It is the identity before training and behaves the same in
  /// training and evaluation (no batch statistics); its hidden layers are wide enough even for few features.
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

  /// The width of the condition for `measurements` values.
  public func conditionWidth(measurements: Int) -> Int { conditionsOnMask ? 2 * measurements : measurements }

  /// Throws ``FlowError/invalidSetting(name:found:expected:)`` for the first invalid setting.
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
