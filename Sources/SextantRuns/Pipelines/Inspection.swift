// What a file is and what is in it: a NetCDF file, a mesh, an array, a table or a model. What `sextant inspect` runs.

import Foundation
import SextantGeometry
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// What was found in a file.
public enum Inspection: Sendable, Encodable, CustomStringConvertible {
  case fields(FileInspection)
  case mesh(MeshInspection)
  case numbers(NumbersInspection)
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
  }

  /// Looks into a file, or into the folder of a run.
  ///
  /// Models are told by their folder or `.safetensors`, everything else by ``SignalFileKind``; what nothing tells is taken for
  /// NetCDF, whose reader says what else it may be.
  ///
  /// - Parameters:
  ///   - mesh: which of the meshes of a scene to look at.
  ///   - domains: the kinds of domain that a model may have.
  public init(path: String, mesh: MeshSelection = .merged, domains: [StoredDomainKind] = .standard) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    let kind = URL(fileURLWithPath: path).pathExtension.lowercased()
    if isFolder.boolValue || kind == "safetensors" {
      let model = try Model(contentsOf: path, domains: domains)
      let prior = try model.requireGaussian().prior
      let scales = zip(model.space.variables, prior.space.scales).map { ($0.name, Double($1)) }
      self = .model(
        try ModelDescription(model),
        ModelFacts(
          path: path, domain: model.space.domain.summary, stateCount: prior.space.count,
          modeCount: prior.functions.modeCount, explainedShare: prior.functions.explainedShare,
          scales: Dictionary(uniqueKeysWithValues: scales)))
    } else {
      switch try mesh == .merged ? SignalFileKind(of: path) : .mesh {
      case .mesh: self = .mesh(try MeshInspection(path: path, selecting: mesh))
      case .array, .table: self = .numbers(try NumbersInspection(path: path))
      case .fields: self = .fields(try FileInspection(path: path))
      }
    }
  }

  public var description: String {
    switch self {
    case .fields(let inspection): "\(inspection)"
    case .mesh(let inspection): "\(inspection)"
    case .numbers(let inspection): "\(inspection)"
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
    return """
      \(facts.path): the model '\(model.name)', made by Sextant \(model.program)
        prior       \(model.prior.kind.rawValue), \(facts.modeCount) modes holding \(String(format: "%.2f", 100 * facts.explainedShare)) % of the variance
        learned from \(model.fieldCount) fields\(model.archiveFiles.isEmpty ? "" : " of \(model.archiveFiles.joined(separator: ", "))")
        grid        \(facts.domain), \(facts.stateCount) states
        parameters  \(model.parameters == .perField ? "chosen for each field" : "fixed")
      variables
      \(variables.joined(separator: "\n"))
      """
  }

  private enum CodingKeys: String, CodingKey { case kind, content, facts }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .fields(let inspection):
      try container.encode("netcdf", forKey: .kind)
      try container.encode(inspection, forKey: .content)
    case .mesh(let inspection):
      try container.encode("mesh", forKey: .kind)
      try container.encode(inspection, forKey: .content)
    case .numbers(let inspection):
      try container.encode("numbers", forKey: .kind)
      try container.encode(inspection, forKey: .content)
    case .model(let description, let facts):
      try container.encode("model", forKey: .kind)
      try container.encode(description, forKey: .content)
      try container.encode(facts, forKey: .facts)
    }
  }
}
