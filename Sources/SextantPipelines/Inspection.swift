// What a file is and what is in it: a file of signals in any format, or a model. What `sextant inspect` runs.

import Foundation
import SextantGeometry
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage
import SextantTraining

/// What was found in a file.
public enum Inspection: Sendable, Encodable, CustomStringConvertible {
  case file(any SignalInspection)
  case model(ModelDescription, ModelFacts)

  /// What a model's description does not say of its numbers.
  public struct ModelFacts: Sendable, Codable {
    /// Where the model is.
    public var path: String
    /// Its grid.
    public var domain: String
    /// The number of states d.
    public var stateCount: Int
    /// The number of modes k.
    public var modeCount: Int
    /// The share of the archive's variance that the modes hold.
    public var explainedShare: Double
    /// The standard deviation of each variable's anomalies, by name, in its units.
    public var scales: [String: Double]
    /// What else was learned beside the Gaussian prior, in words, such as "diffusion prior".
    public var parts: [String]
    /// How the networks among them were learned and what that assumes, a line each.
    public var learning: [String]
    /// What is to be said of the trainings of these parts.
    public var remarks: [Remark]
  }

  /// Looks into a file, or into the folder of a run.
  ///
  /// A `.safetensors` file, a folder with a model, and a folder that no format recognises are taken for a model, everything else for
  /// signals, such as a folder of images.
  ///
  /// - Parameters:
  ///   - path: The file or folder.
  ///   - part: The mesh of a scene to look at alone; nil for all of them together.
  ///   - settings: Settings of the format, such as the columns of a table; see `SignalRequest.settings`.
  ///   - catalogue: The formats that are known, and the domains that a model may have.
  public init(path: String, part: String? = nil, settings: [String: String] = [:], catalogue: Catalogue = .standard) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    let kind = URL(fileURLWithPath: path).pathExtension.lowercased()
    let isModel =
      isFolder.boolValue
      ? FileManager.default.fileExists(atPath: path + "/" + Model.fileName) || !catalogue.formats.contains { $0.recognises(path) }
      : kind == "safetensors"
    if isModel {
      let model = try Model(contentsOf: path, domains: catalogue.domains)
      let prior = try model.requireGaussian().prior
      let scales = zip(model.space.variables, prior.space.scales).map { ($0.name, Double($1)) }
      self = .model(
        try ModelDescription(model),
        ModelFacts(
          path: path, domain: model.space.domain.summary, stateCount: prior.space.count,
          modeCount: prior.functions.modeCount, explainedShare: prior.functions.explainedShare,
          scales: Dictionary(uniqueKeysWithValues: scales), parts: Self.parts(beside: path), learning: Self.learning(of: model, beside: path),
          remarks: model.flow?.remarks ?? []))
    } else {
      self = .file(try catalogue.formats.inspect(InspectionRequest(path: path, part: part, settings: settings)))
    }
  }

  public var description: String {
    switch self {
    case .file(let inspection): inspection.description
    case .model(let description, let facts): Self.text(description, facts)
    }
  }

  private static func text(_ model: ModelDescription, _ facts: ModelFacts) -> String {
    let variables = zip(model.variables, model.bounds).map { variable, bounds in
      let range =
        bounds.map { "  range \($0.minimum.map { "\($0)" } ?? "…") to \($0.maximum.map { "\($0)" } ?? "…")" } ?? ""
      let scale = facts.scales[variable.name].map { String(format: "%.4g", $0) } ?? "?"
      return "  \(variable.name)  \(variable.units)  anomalies' standard deviation \(scale)\(range)"
    }
    let remarks = ((model.remarks ?? []) + facts.remarks).lines.map { "\n\($0)" }.joined()
    return """
      \(facts.path): the model '\(model.name)', made by Sextant \(model.program)
        prior       \(model.prior.kind.rawValue), \(facts.modeCount) modes holding \(String(format: "%.2f", 100 * facts.explainedShare)) % of the variance
        learned from \(model.fieldCount) fields\(model.archiveFiles.isEmpty ? "" : " of \(model.archiveFiles.joined(separator: ", "))")
        grid        \(facts.domain), \(facts.stateCount) states
        parameters  \(model.parameters == .perField ? "chosen for each field" : "fixed")
        parts       \((["Gaussian prior"] + facts.parts).joined(separator: ", "))\(facts.learning.map { "\n  \($0)" }.joined())\(support(model))
      variables
      \(variables.joined(separator: "\n"))\(remarks)
      """
  }

  /// The seasons, hours and levels of the archive, a line each.
  private static func support(_ model: ModelDescription) -> String {
    guard let support = model.support else { return "" }
    var lines = ["  climatology \(model.prior.climatology)"]
    let unsure = support.months.isEmpty ? "not known" : "\(support.season), and fields without a month"
    lines.append("  seasons     \(support.knowsSeasons ? support.season : unsure)")
    if !support.hours.isEmpty {
      lines.append("  hours       \(support.hours.map(String.init).joined(separator: ", "))")
    }
    if let name = support.levelName {
      lines.append("  levels      \(name): \(support.levels.joined(separator: ", "))")
    }
    if support.gapShare > 0 {
      lines.append("  gaps        \(String(format: "%.3g", 100 * support.gapShare)) % of the values")
    }
    return lines.map { "\n\($0)" }.joined()
  }

  /// How the networks in a model's folder were learned, a line each.
  private static func learning(of model: Model, beside path: String) -> [String] {
    let folder = Model.folder(of: path)
    let isMeasured = model.provenance.remarks.contains { ["archive-measured", "archive-complete"].contains($0.topic) }
    let diffusion = StoredDiffusion.learning(in: folder)
    var lines: [String] = []
    if FileManager.default.fileExists(atPath: folder + "/" + LearnedDiffusion.fileName) {
      lines.append("diffusion   learned \(MeasuredLearning.summary(ofDiffusion: diffusion))")
    }
    if let flow = model.flow {
      lines.append(
        "flow        learned \(MeasuredLearning.summary(ofFlow: flow.identity, isMeasured: isMeasured, besides: diffusion))")
    }
    return lines
  }

  /// The mixture of patches and the networks in a model's folder, and those whose training is not finished.
  private static func parts(beside path: String) -> [String] {
    let folder = Model.folder(of: path)
    func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }
    let networks = [("diffusion prior", LearnedDiffusion.fileName, "diffusion"), ("flow", LearnedFlow.fileName, "flow")]
    let found = networks.compactMap { title, file, name -> String? in
      if isThere(file) { return title }
      guard isThere("\(name).last.safetensors") else { return nil }
      return "\(title) (its training is not finished: run the same command again)"
    }
    return (isThere(PatchMixture.fileName) ? ["mixture of patches"] : []) + found
  }

  private enum CodingKeys: String, CodingKey { case kind, content, facts }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .file(let inspection):
      try container.encode(type(of: inspection).kind, forKey: .kind)
      try container.encode(inspection, forKey: .content)
    case .model(let description, let facts):
      try container.encode("model", forKey: .kind)
      try container.encode(description, forKey: .content)
      try container.encode(facts, forKey: .facts)
    }
  }
}
