// How measurements are simulated, and what is made of them when a run is evaluated.

import SextantMeasurement

/// The section `measurement`.
public struct MeasurementSettings: Sendable, Equatable, Codable {
  /// What is missing, such as "random:60%"; several are drawn from in turn.
  public var masks: [String]
  /// The noise's standard deviation, such as "0.5K" or "5%".
  public var noise: String

  init(_ reader: ConfigurationReader) throws {
    // Kept as texts, which is what models and reports show; parsed here so that an error has its line.
    masks = try reader.parsedList("mask", default: ["random:60%"]) { try MaskSampler($0).description }
    noise = try reader.parsed("noise", default: "5%") { try NoiseLevel($0).description }
    if masks.isEmpty { throw reader.wrong("mask", expected: "at least one mask", found: "none") }
  }
}

/// The section `evaluate`.
public struct EvaluationSettings: Sendable, Equatable, Codable {
  /// The methods to compare; the model's own alone if empty.
  public var methods: [String]
  /// Posterior samples a field.
  public var samples: Int
  /// How many test fields to use; all if nil.
  public var fields: Int?
  /// Draws of mask and noise a field.
  public var draws: Int
  /// The size of the variables' scale that signal-to-noise ratios refer to, in the variables' units; the archive's range if nil.
  public var peak: Double?
  /// The scores to print; all if empty.
  public var metrics: [String]
  /// Whether maps and plots are drawn.
  public var pictures: Bool

  init(_ reader: ConfigurationReader) throws {
    methods = try reader.list("methods")
    samples = try reader.value("samples", default: 128, in: 0...10_000)
    fields = try reader.optional("fields")
    draws = try reader.value("draws", default: 1, in: 1...1000)
    peak = try reader.optional("peak")
    metrics = try reader.list("metrics")
    pictures = try reader.value("pictures", default: true)
    if let fields, fields < 1 { throw reader.wrong("fields", expected: "at least 1", found: "\(fields)") }
    if let peak, peak <= 0 { throw reader.wrong("peak", expected: "a number above 0", found: "\(peak)") }
  }
}
