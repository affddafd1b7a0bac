// The protocol of methods that know time: they take the steps of a series together, and answer each from what its
// neighbours know. A method without it takes one field at a time (Solver).

import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// What the answer at one step of a series may use.
public enum TimeUse: String, Sendable, Codable, CaseIterable {
  /// All steps of the series.
  case joint
  /// The step itself and all earlier steps.
  case causal
  /// The step alone.
  case separate
}

/// The steps of a series, in ascending order of time, of which some may be observed nowhere and some at the same time.
public protocol MeasuredSeries {
  /// The label of each step.
  var labels: [FieldLabel] { get }
  /// The time of each step, ascending, in days.
  var times: [Double] { get }
  /// What was measured at a step; nil where nothing was. It gives the same answer each time.
  func measurement(at step: Int) throws -> FieldMeasurement?
}

/// A method that fills the steps of a series together.
public protocol SeriesSolver: Sendable {
  /// A short name for tables.
  var name: String { get }
  /// Whether the method can answer each step from the past alone.
  var answersCausally: Bool { get }
  /// Does the work that all steps share.
  ///
  /// - Parameters:
  ///   - series: the steps.
  ///   - request: what is asked for.
  ///   - carried: what an earlier run of the same method left, from which a causal run goes on; nil to start.
  func prepare(
    _ series: any MeasuredSeries, _ request: SeriesRequest, from carried: CarriedSeries?
  ) throws -> any PreparedSeries
}

/// What is asked of a series.
public struct SeriesRequest: Sendable {
  /// What the answers may use; `joint` or `causal`.
  public var use: TimeUse
  /// N, the number of samples, each of which is one series over all steps.
  public var samples: Int
  /// The stream of the samples and of the choice of observations for the fit.
  public var random: RandomStream
  /// The memory for steps that are held together, in bytes. A longer series is answered in overlapping windows.
  public var memoryLimit: Int
  /// Is called now and then, and may throw to interrupt.
  public var checkInterruption: @Sendable () throws -> Void

  public init(
    use: TimeUse, samples: Int, random: RandomStream, memoryLimit: Int = 3 << 30,
    checkInterruption: @escaping @Sendable () throws -> Void = {}
  ) {
    (self.use, self.samples, self.random) = (use, samples, random)
    (self.memoryLimit, self.checkInterruption) = (memoryLimit, checkInterruption)
  }
}

/// A series with its shared work done. It is used from one thread.
public protocol PreparedSeries: AnyObject {
  /// The answer at a step. Asking in ascending order of the steps costs least.
  func posterior(at step: Int) throws -> Posterior
  /// What a later run goes on from, after the last step of a causal run; nil for a method without a state.
  func carried() throws -> CarriedSeries?
  /// The correlation of what the archive does not know from one step to the next; nil where the method has no such number.
  var correlationOfSteps: Double? { get }
}

extension PreparedSeries {
  public var correlationOfSteps: Double? { nil }
  public func carried() throws -> CarriedSeries? { nil }
}

/// What a causal run leaves for the next: named numbers and arrays.
public struct CarriedSeries: Sendable {
  /// The time of the last step, in days of its calendar.
  public var time: Double
  /// The label of the last step as text.
  public var label: String
  /// Numbers of the method.
  public var numbers: [String: [Double]]
  /// Arrays of the method.
  public var arrays: [String: Tensor<Float>]

  public init(time: Double, label: String, numbers: [String: [Double]], arrays: [String: Tensor<Float>]) {
    (self.time, self.label, self.numbers, self.arrays) = (time, label, numbers, arrays)
  }
}

/// A series that cannot be filled in the requested way.
public enum SeriesError: Error, Equatable, CustomStringConvertible {
  /// The method does not know time.
  case knowsNoTime(method: String, use: TimeUse)
  /// The method needs the future.
  case needsTheFuture(method: String)
  /// The first step of a series is not later than what an earlier run left.
  case goesBack(found: String, last: String)
  /// What an earlier run left does not fit.
  case otherState(reason: String)
  /// The flow of a model has no base that knows time.
  case baseKnowsNoTime(model: String)
  /// The variables of a model are transformed, and the series is not Gaussian in time.
  case transformed(method: String)
  /// Variables are angles or labels, and the method takes numbers.
  case encoded(method: String)

  public var description: String {
    switch self {
    case .knowsNoTime(let method, let use):
      "--time \(use.rawValue): the method '\(method)' takes one field at a time. Leave the option out, give --time separate, or use a method that knows time, such as two-scale."
    case .needsTheFuture(let method):
      "--time causal: the method '\(method)' answers each step from earlier and later ones. Give --time joint, or use two-scale."
    case .baseKnowsNoTime(let model):
      "--time: the flow of the model '\(model)' corrects no two-scale posterior, and no other base knows time. Give --time separate, or train the flow on a prior of kind two-scale."
    case .goesBack(let found, let last):
      "The file starts at \(found), but the state already knows everything up to \(last). A causal run goes on with later steps only; give a file that starts after \(last), or another state file."
    case .encoded(let method):
      "--circular and --categories: the method '\(method)' interpolates numbers in time, and these are angles or labels. Use a method that takes one field at a time, such as kriging or nearest."
    case .otherState(let reason): "The state file cannot be used: \(reason)."
    case .transformed(let method):
      "--time: the model transforms a variable, and '\(method)' takes transformed variables one field at a time. Leave --time out, or give --time separate."
    }
  }
}
