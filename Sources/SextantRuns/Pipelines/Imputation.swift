// Filling the gaps of a file: what `sextant impute` runs. One field at a time, so that memory does not grow
// with the file; finished fields survive an interruption (see FinishedFields).

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantSolvers

/// What is to be filled, with what.
public struct Imputation: Sendable, Encodable {
  /// The method.
  public var method: Method
  /// N, the number of samples; 0 for mean and spread alone.
  public var samples: Int
  /// The noise; nil for the file's own variables `<name>_noise`.
  public var noise: NoiseSpecification?
  /// The variables of the file, in the order of the model's; nil for the model's own names.
  public var variables: [String]?
  /// Which grid the answer is wanted on, where the grids differ.
  public var regrid: AnswerGrid?
  /// Levels of the quantiles to write.
  public var quantileLevels: [Double]
  /// Whether the ensemble itself is written.
  public var writesEnsemble: Bool
  /// Whether the ensemble goes to one file a member.
  public var splitsMembers: Bool
  /// Keeps fields whose coordinate has one of these values.
  public var selecting: [String: [String]]
  /// What the methods that ask a diffusion prior are set to.
  public var solvers: SolverSettings
  /// Where samples come from.
  public var seed: UInt64

  public init(
    method: Method, samples: Int = 128, noise: NoiseSpecification? = nil, variables: [String]? = nil,
    regrid: AnswerGrid? = nil, quantileLevels: [Double] = [], writesEnsemble: Bool = true,
    splitsMembers: Bool = false, selecting: [String: [String]] = [:],
    solvers: SolverSettings = SolverSettings(), seed: UInt64 = 0
  ) {
    self.solvers = solvers
    self.method = method
    self.samples = samples
    self.noise = noise
    self.variables = variables
    self.regrid = regrid
    self.quantileLevels = quantileLevels
    self.writesEnsemble = writesEnsemble
    self.splitsMembers = splitsMembers
    self.selecting = selecting
    self.seed = seed
  }
}

/// A request that cannot be carried out as it stands.
public enum RunError: Error, Equatable, CustomStringConvertible {
  /// No noise level was given and the file has none.
  case noiseUnknown(path: String, variable: String)
  /// Nothing is observed in a field.
  case nothingObserved(path: String, field: String)
  /// Numbers at the vertices of a mesh that nobody named.
  case meshUnknown(path: String)
  /// A model of another mesh than the signal's.
  case anotherMesh(path: String, mesh: String, name: String, model: String)
  /// The points of another sweep where this one's should go.
  case anotherSweep(path: String)
  /// Everything else: what was expected, what was found, what to do.
  case invalid(String)

  public var description: String {
    switch self {
    case .noiseUnknown(let path, let variable):
      "\(path): the noise of '\(variable)' is not known: the file has no variable '\(variable)_noise'. Give --noise, such as --noise 0.5K or --noise variable:NAME."
    case .nothingObserved(let path, let field):
      "\(path): nothing is observed in \(field): every value is missing. Check the mask and the fill value (`sextant inspect` shows both)."
    case .meshUnknown(let path):
      "\(path): numbers without a mesh. Give --mesh FILE, the mesh whose vertices they belong to."
    case .anotherMesh(let path, let mesh, let name, let model):
      "\(path): \(mesh), but the model '\(name)' was trained on \(model). Give the mesh that it was trained on, or train a model on this one."
    case .anotherSweep(let path):
      "\(path): what is there was found with other settings or data. Give --overwrite to start again, or another output."
    case .invalid(let text): text
    }
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
  /// How near the answer came to the values of each variable that a mask hid; nil where none was hidden.
  public var hidden: [String: HiddenSummary]?

  /// The answer at values that were hidden from it.
  public struct HiddenSummary: Sendable, Codable {
    /// How many there were.
    public var count: Int
    /// The root of the mean squared difference of the mean from them, in the variable's units.
    public var error: Double
    /// The root of the mean squared spread there; nil where the method tells none.
    public var spread: Double?
  }

  /// The noise of a variable.
  public struct NoiseSummary: Sendable, Codable {
    /// The mean standard deviation, in the variable's units.
    public var deviation: Double
    /// The units.
    public var units: String
    /// The same in units of the model's standard deviation of the variable.
    public var standardised: Double
  }
}
