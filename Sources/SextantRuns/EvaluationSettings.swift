// The section `evaluate`: which fields, methods and measurements are compared, and on which scale.

import SextantConfiguration
import SextantMeasurement
import SextantModels
import SextantPipelines
import SextantSolvers

/// What is compared, and how it is shown.
public struct EvaluationSettings: Sendable, Equatable, Encodable {
  /// The test fields.
  public var fields: DatasetSelection
  /// The methods, in the order of the table.
  public var methods: [Method]
  /// What is measured: masks, after the operator if there is one. Scores are grouped by them.
  public var masks: [AnyMeasurementDesign]
  /// The noise.
  public var noise: NoiseSpecification
  /// Whether the noise was stated, and is not the usual one.
  public var statesNoise: Bool
  /// The levels above which the instrument cuts off values; nil for none.
  public var saturation: SaturationLevels?
  /// Posterior samples a field.
  public var samples: Int
  /// Draws of mask and noise a field.
  public var draws: Int
  /// The scale of PSNR and SSIM for each variable, by name.
  public var scales: [String: Scale]
  /// What each answer may use of the other test fields, for the methods that know time; nil where the test fields are not
  /// judged as a series.
  public var time: TimeUse?
  /// Whether solvers must find the mask themselves: missing entries hold the origin of the scale, and noise.
  public var hidesMask: Bool
  /// How many measurements are drawn as maps.
  public var pictures: Int
  /// What publications say of methods, to stand beside what is measured.
  public var published: [Method: PublishedFigures]

  /// - Parameter archive: the fields that are learned from, of which the test fields are others by default.
  init(_ reader: ConfigurationReader, archive: DatasetSelection, catalogue: Catalogue) throws {
    let table = catalogue.methods
    fields = try reader.requiredSection("fields") { try DatasetSelection($0, testing: archive, designs: catalogue.designs) }
    methods = try reader.methods(
      "methods", default: [.climatology, .nearest, .inverseDistance, .harmonic, .eof, .twoScale], of: table)
    if methods.isEmpty {
      let words = table.map(\.name).joined(separator: ", ")
      throw reader.wrong("methods", expected: "at least one of \(words)", found: "none")
    }
    masks = try reader.designs("masks", default: ["random:0.6"], after: "operator", kinds: catalogue.designs)
    noise = try reader.parsed("noise", default: "5%") { try NoiseSpecification(text: $0) }
    statesNoise = reader.contains("noise")
    saturation =
      reader.contains("saturation") ? try reader.parsed("saturation", default: "0") { try SaturationLevels(text: $0) } : nil
    samples = try reader.value("samples", default: 128, in: 0...10_000)
    draws = try reader.value("draws", default: 1, in: 1...1000)
    scales = try reader.namedSections("scale", Scale.init)
    time = try reader.optional("time")
    hidesMask = try reader.value("hide_mask", default: false)
    pictures = try reader.value("pictures", default: 1, in: 0...1000)
    published = try Self.published(reader, methods: table, designs: catalogue.designs)
    try checkGaps(for: methods, at: "methods", of: reader)
    if saturation != nil, let method = methods.first(where: { !$0.takesSaturation }) {
      throw reader.wrong(
        "methods", expected: "methods that can use values of which only a lower bound is known, beside saturation: \(table.filter(\.takesSaturation).map(\.name).joined(separator: ", "))",
        found: method.name)
    }
    if hidesMask, saturation != nil || noise.firstLaw != nil {
      throw reader.wrong("hide_mask", expected: "noise of one size and no saturation beside a hidden mask", found: "true")
    }
  }

  /// Throws ``ConfigurationError`` at a key where one of `methods` fills no gaps and the measurements may have some.
  func checkGaps(for methods: [Method], at key: String, of reader: ConfigurationReader) throws {
    guard let method = methods.first(where: { !$0.traits.fillsGaps }) else { return }
    let advice = "which takes noise away and fills no gaps; dps, pigdm and ddnm do"
    if let mask = masks.first(where: \.mayHide) {
      throw reader.wrong(key, expected: "evaluate.masks: [none] beside \(method), \(advice)", found: "\(mask)")
    }
    if hidesMask {
      throw reader.wrong(key, expected: "no evaluate.hide_mask beside \(method), \(advice)", found: "it")
    }
  }

  private static func published(
    _ reader: ConfigurationReader, methods: [Method], designs: [MeasurementDesignKind]
  ) throws -> [Method: PublishedFigures] {
    var result: [Method: PublishedFigures] = [:]
    for (name, figures) in try reader.namedSections("published", { try PublishedFigures($0, designs: designs) }) {
      guard let method = methods.named(name) else {
        throw reader.wrong("published", expected: "names of methods, such as flow or dps", found: name)
      }
      result[method] = figures
    }
    return result
  }

  /// A section under `scale`, named after a variable.
  public struct Scale: Sendable, Equatable, Codable {
    /// The size of the scale, in the variable's units.
    public var peak: Double
    /// Where it starts, in the variable's units.
    public var origin: Double

    init(_ reader: ConfigurationReader) throws {
      peak = try reader.required("peak")
      origin = try reader.value("origin", default: 0)
      if peak <= 0 { throw reader.wrong("peak", expected: "a number above 0", found: "\(peak)") }
    }
  }
}

extension ConfigurationReader {
  /// The methods named at a key, each once; `fallback` if the key is absent. Throws ``ConfigurationError``.
  func methods(_ key: String, default fallback: [Method] = [], of table: [Method]) throws -> [Method] {
    try list(key, default: fallback, among: table.map { ($0.name, $0) }).withoutRepetitions
  }
}
