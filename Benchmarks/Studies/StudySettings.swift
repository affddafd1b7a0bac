// The settings of `SextantBenchmarks study`, which compares learned posteriors with posteriors in closed form. Each
// section is a struct, as for runs. Nothing here is read from data, because a study generates its own.

import SextantArrays
import SextantConfiguration
import SextantYAML

/// The settings of a study.
public struct StudySettings: Sendable, Equatable, Codable {
  /// The kind of prior from which the fields are drawn.
  public enum Kind: String, ConfigurationChoice {
    /// One Gaussian on the sphere.
    case gaussianSphere = "gaussian-sphere"
    /// Several Gaussians with weights.
    case mixture
  }

  /// The name of the study.
  public var name: String
  /// The seed of all random numbers.
  public var seed: UInt64
  /// The folder of the results.
  public var output: String
  /// The kind of prior.
  public var kind: Kind
  /// The icosahedron's subdivisions n: 10·4ⁿ + 2 vertices.
  public var subdivisions: Int
  /// The prior's components.
  public var prior: StudyPriorSettings
  /// The measurement.
  public var measurement: StudyMeasurementSettings
  /// The flow.
  public var flow: StudyFlowSettings
  /// The training.
  public var training: StudyTrainingSettings
  /// The evaluation.
  public var evaluation: StudyEvaluationSettings

  /// Reads all sections. Throws `ConfigurationError`.
  public init(_ reader: ConfigurationReader) throws {
    name = try reader.value("name", default: "study")
    seed = try reader.value("seed", default: 1)
    output = try reader.value("output", default: "RUN")
    let kind: Kind = try reader.required("kind")
    self.kind = kind
    subdivisions = try reader.value("subdivisions", default: 2, in: 0...3)
    prior = try reader.requiredSection("prior") { try StudyPriorSettings($0, kind: kind) }
    measurement = try reader.requiredSection("measurement", StudyMeasurementSettings.init)
    flow = try reader.requiredSection("flow") { try StudyFlowSettings($0, kind: kind) }
    training = try reader.requiredSection("training", StudyTrainingSettings.init)
    evaluation = try reader.requiredSection("evaluation", StudyEvaluationSettings.init)
    try reader.finish()
  }

  /// The settings of a study, with their list and their origins.
  public typealias Resolved = (study: StudySettings, settings: ResolvedSettings)

  /// Reads a YAML file and applies overrides such as "training.steps=80".
  ///
  /// Throws `FileError` and `ConfigurationError`, which name file, line and column.
  public static func load(path: String, overrides: [String] = []) throws -> Resolved {
    let (reader, settings) = try ConfigurationReader.open(path: path, overrides: overrides)
    return (try StudySettings(reader), settings)
  }

  /// Reads YAML text; errors call it `path`.
  public static func parse(_ text: String, path: String, overrides: [String] = []) throws -> Resolved {
    let (reader, settings) = try ConfigurationReader.parse(text, path: path, overrides: overrides)
    return (try StudySettings(reader), settings)
  }
}

/// The section `prior`: Matérn fields about smooth means, one for each entry of the lists.
public struct StudyPriorSettings: Sendable, Equatable, Codable {
  /// The smoothness ν of a Matérn field.
  public enum Smoothness: String, ConfigurationChoice {
    case half = "1/2"
    case threeHalves = "3/2"
    case fiveHalves = "5/2"

    var correlation: MaternCorrelation {
      switch self {
      case .half: .half
      case .threeHalves: .threeHalves
      case .fiveHalves: .fiveHalves
      }
    }
  }

  /// The standard deviation of each component, in the field's units.
  public var deviations: [Double]
  /// The range of each component as a chord of the unit sphere.
  public var ranges: [Double]
  /// The smoothness of all components.
  public var smoothness: Smoothness
  /// The standard deviation of the components' means, which are smooth random fields themselves.
  public var meanDeviation: Double
  /// The weight of each component.
  public var weights: [Double]

  init(_ reader: ConfigurationReader, kind: StudySettings.Kind) throws {
    let isMixture = kind == .mixture
    let ranges: [Double] = try reader.list("ranges", default: isMixture ? [0.4, 0.8, 1.2] : [0.8])
    let count = ranges.count
    func list(_ key: String, default fallback: Double) throws -> [Double] {
      let values: [Double] = try reader.list(key, default: Array(repeating: fallback, count: count))
      guard values.count == count, values.allSatisfy({ $0 > 0 }) else {
        throw reader.wrong(key, expected: "\(count) numbers above 0, one for each of ranges", found: "\(values)")
      }
      return values
    }
    guard isMixture ? count >= 2 : count == 1, ranges.allSatisfy({ $0 > 0 }) else {
      throw reader.wrong(
        "ranges", expected: isMixture ? "two or more numbers above 0" : "one number above 0, or kind: mixture",
        found: "\(ranges)")
    }
    self.ranges = ranges
    deviations = try list("deviations", default: 1)
    smoothness = try reader.value("smoothness", default: .threeHalves)
    meanDeviation = try reader.value("mean_deviation", default: 1, in: 0...1e6)
    weights = try list("weights", default: 1)
  }
}

/// The section `measurement`.
public struct StudyMeasurementSettings: Sendable, Equatable, Codable {
  /// Whether all measurements are of the same vertices.
  public enum MaskPolicy: String, ConfigurationChoice {
    /// One mask for all: a known operator.
    case fixed
    /// A mask for each measurement, which the flow reads beside the values.
    case varying
  }

  /// The share of the vertices that are not measured.
  public var missing: Double
  /// The standard deviation of the noise, in the field's units.
  public var noise: Double
  /// The choice of vertices.
  public var mask: MaskPolicy

  init(_ reader: ConfigurationReader) throws {
    missing = try reader.value("missing", default: 0.5, in: 0...0.99)
    noise = try reader.value("noise", default: 0.3, in: 1e-3...1e3)
    mask = try reader.value("mask", default: .fixed)
  }
}

/// The section `evaluation`.
public struct StudyEvaluationSettings: Sendable, Equatable, Codable {
  /// The number of measurements of each set (seen, unseen) in the final table.
  public var fields: Int
  /// The number of samples for each of them.
  public var samples: Int
  /// The number of measurements of each set for validation during training.
  public var logFields: Int
  /// The number of samples for each of those.
  public var logSamples: Int

  init(_ reader: ConfigurationReader) throws {
    fields = try reader.value("fields", default: 32, in: 1...10_000)
    samples = try reader.value("samples", default: 512, in: 2...1_000_000)
    logFields = try reader.value("log_fields", default: 8, in: 1...10_000)
    logSamples = try reader.value("log_samples", default: 128, in: 2...1_000_000)
  }
}
