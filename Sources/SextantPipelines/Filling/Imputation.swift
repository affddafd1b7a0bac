// Filling the gaps of a file: what `sextant impute` runs, for every format. Fields are filled one at a time, so that memory does not
// grow with the file; an interrupted run keeps its finished fields (see AnswerCache).

import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

/// What is filled, and how.
public struct Imputation: Sendable, Encodable {
  /// The method.
  public var method: Method
  /// N, the number of samples; 0 for mean and spread alone.
  public var samples: Int
  /// The noise; nil for the file's own `<name>_noise`. Methods that use no noise need none.
  public var noise: NoiseSpecification?
  /// The levels above which the instrument cut off values; nil for none.
  public var saturation: SaturationLevels?
  /// The measurement design that was applied to the fields before their gaps were made; nil for none. It has to be the same in every
  /// draw, and to give as many values as it takes.
  public var operation: AnyMeasurementDesign?
  /// A mask that holds out values, to report how near the answer comes to them; nil for none.
  public var heldOut: AnyMeasurementDesign?
  /// The share of each field's observations by which the answer is checked; 0 for no check.
  public var checkShare: Double
  /// The grid of the answer, where those of file and model differ.
  public var regrid: AnswerGrid?
  /// Where the answer is wanted, if neither on the input's grid nor on the model's.
  public var target: AnswerTarget?
  /// Levels of the quantiles to write.
  public var quantileLevels: [Double]
  /// Whether the ensemble itself is written.
  public var writesEnsemble: Bool
  /// Whether all members are written to a file in which many get in the way of a reader, such as a mesh.
  public var writesAllMembers: Bool
  /// Whether each member of the ensemble goes to a file of its own.
  public var splitsMembers: Bool
  /// The transforms of variables by name, fitted to each field's own observations; for methods without a model.
  public var transforms: [String: MarginalTransformKind]
  /// The ranges of variables by name; for methods without a model.
  public var bounds: [String: ValueBounds]
  /// What the values of variables are, by name, where they are no numbers; for methods without a model. Under the empty name,
  /// that of the only variable.
  public var encodings: [String: ValueEncoding]
  /// Whether fields of a season or a level that the archive lacks are answered, with a warning. Their spread is wider.
  public var extrapolates: Bool
  /// The places that are filled.
  public var fill: FillRegion
  /// What becomes of a field without any observed value.
  public var onEmpty: EmptyFields
  /// The options that were given although they have defaults; a method that would ignore one is refused.
  public var requested: Set<MethodOption>
  /// Where land is, for methods without a model and masks that need it; a model has its own.
  public var landMask: LandMask?
  /// The settings of the methods.
  public var solvers: SolverSettings
  /// What each answer may use of the other times of the file; nil for `joint` where the method knows time and the file
  /// has several times, and otherwise `separate`.
  public var time: TimeUse?
  /// The file from which a causal run goes on, if it is there, and that it leaves for the next; nil for none.
  public var stateFile: String?
  /// Times of the fields, for files that have none; nil for those of the file.
  public var times: FieldTimes?
  /// The memory for the steps of a series that are held together, in bytes.
  public var seriesMemory = 3 << 30
  /// Whether an image that is larger than the model's is filled in overlapping windows of the model's size.
  public var usesWindows = true
  /// Whether the mean is clipped to the numbers that the pixels of the input can be, where they are whole. Without this, an output of
  /// the same type is refused if it cannot hold the mean.
  public var clips = false
  /// The seed of samples and held-out values.
  public var seed: UInt64

  public init(
    method: Method, samples: Int = 128, noise: NoiseSpecification? = nil, operation: AnyMeasurementDesign? = nil,
    heldOut: AnyMeasurementDesign? = nil, checkShare: Double = 0.02, regrid: AnswerGrid? = nil, target: AnswerTarget? = nil, quantileLevels: [Double] = [],
    writesEnsemble: Bool = true, writesAllMembers: Bool = true, splitsMembers: Bool = false,
    transforms: [String: MarginalTransformKind] = [:], bounds: [String: ValueBounds] = [:],
    encodings: [String: ValueEncoding] = [:], extrapolates: Bool = false, fill: FillRegion = .all, onEmpty: EmptyFields = .prior, requested: Set<MethodOption> = [], landMask: LandMask? = nil,
    solvers: SolverSettings = SolverSettings(), seed: UInt64 = 0
  ) {
    self.method = method
    self.samples = samples
    self.noise = noise
    self.operation = operation
    self.heldOut = heldOut
    self.checkShare = checkShare
    self.regrid = regrid
    self.target = target
    self.quantileLevels = quantileLevels
    self.writesEnsemble = writesEnsemble
    self.writesAllMembers = writesAllMembers
    self.splitsMembers = splitsMembers
    self.transforms = transforms
    self.bounds = bounds
    self.encodings = encodings
    self.extrapolates = extrapolates
    self.fill = fill
    self.onEmpty = onEmpty
    self.requested = requested
    self.landMask = landMask
    self.solvers = solvers
    self.seed = seed
  }
}

/// What an imputation did, for people and programs.
public struct ImputationSummary: Sendable, Codable {
  /// The method's name.
  public var method: String
  /// The number of fields that were filled.
  public var fieldCount: Int
  /// The share of values that was missing.
  public var missingShare: Double
  /// The standard deviation of the noise in each variable, in its units, and standardised by the model's scale.
  public var noise: [String: NoiseSummary]
  /// Seconds a field, everything counted after loading.
  public var secondsPerField: Double
  /// What the method chose, averaged over the fields.
  public var diagnostics: [String: Double]
  /// How near the answer came to the held-out values of each variable; nil where none were held out.
  public var hidden: [String: HiddenSummary]?
  /// How well observations of each variable are predicted from the others; empty where nothing was checked.
  public var check: [String: CheckSummary]
  /// What the answer assumes, and what gives reason for doubt.
  public var remarks: [Remark]

  /// Observations that were predicted from others, in the variable's units.
  public struct CheckSummary: Sendable, Codable {
    /// How many there were.
    public var count: Int
    /// The mean of predicted − observed.
    public var bias: Double
    public var rootMeanSquareError: Double
    /// The mean continuous ranked probability score, with the noise of the observation; nil where the method gives no spread.
    public var rankedProbability: Double?
    /// The share of the observations in the central 90 % interval; nil where the method gives no spread.
    public var coverage90: Double?
    /// The share of labels that were predicted wrongly; nil for numbers and angles.
    public var wrongShare: Double?
  }

  /// The answer at values that were held out.
  public struct HiddenSummary: Sendable, Codable {
    /// How many there were.
    public var count: Int
    /// The root of the mean squared difference of the mean from them, in the variable's units.
    public var error: Double
    /// The root of the mean squared spread there; nil where the method gives none.
    public var spread: Double?
  }

  /// The noise of a variable.
  public struct NoiseSummary: Sendable, Codable {
    /// The mean standard deviation, in the variable's units.
    public var deviation: Double
    /// The units.
    public var units: String
    /// The same over the variable's own standard deviation: the model's or, without a model, that of the observed values; nil
    /// where all of them are equal.
    public var standardised: Double?
  }
}
