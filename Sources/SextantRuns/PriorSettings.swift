// What the model of a run is made of: the section `prior`, with climatology, ranges of variables and land mask beside it.

import SextantConfiguration
import SextantModels
import SextantPriors
import SextantSolvers

/// The section `prior`.
public struct PriorSettings: Sendable, Equatable, Codable {
  /// When the parameters of the covariance are chosen.
  public enum Parameters: String, ConfigurationChoice {
    /// By each field's own observations.
    case perField = "per-field"
    /// Once, from simulated observations of archive fields.
    case perArchive = "per-archive"
  }

  /// What the prior is made of.
  public var kind: GaussianPriorKind
  /// The number of modes to keep at most.
  public var modes: Int
  /// When parameters are chosen.
  public var parameters: Parameters
  /// How the archive is split; nil where the prior is no mixture.
  public var components: MixtureGrouping?
  /// How long series remember, if it is given; nil where it is fitted to each series.
  public var memory: SeriesMemory?

  init(_ reader: ConfigurationReader) throws {
    kind = try reader.value("kind", default: .twoScale)
    modes = try reader.value("modes", default: 150, in: 1...5000)
    parameters = try reader.value("parameters", default: .perField)
    memory = try reader.optionalSection("time") { section in
      func days(_ key: String) throws -> Double {
        let hours: Double = try section.required(key)
        guard hours > 0, hours.isFinite else { throw section.wrong(key, expected: "a number of hours above 0", found: "\(hours)") }
        return hours / 24
      }
      return SeriesMemory(modes: try days("modes"), local: try days("local"))
    }
    components = kind == .mixture ? try reader.value("components", default: .sourceMonth) : nil
    if kind != .mixture, reader.contains("components") {
      throw reader.wrong("components", expected: "kind: mixture beside it", found: "kind: \(kind.rawValue)")
    }
  }
}

extension GaussianPriorKind: ConfigurationChoice {}

extension TimeUse: ConfigurationChoice {}

extension MixtureGrouping: ConfigurationValue {
  public init?(configurationText text: String) { self.init(text) }
  public var configurationText: String { description }
}

extension MarginalTransformKind: ConfigurationChoice {
  /// Reads a section under `variables`, named after a variable.
  ///
  /// - Parameter bounds: the section `bounds`, which a logit needs.
  init(_ reader: ConfigurationReader, bounds: [String: ValueBounds]) throws {
    self = try reader.value("transform", default: .none)
    let name = String(reader.path.dropFirst("variables.".count))
    if self == .logit, bounds[name]?.minimum == nil || bounds[name]?.maximum == nil {
      throw reader.wrong(
        "transform", expected: "bounds.\(name) with min and max beside a logit", found: "none or one of them")
    }
  }
}

extension ClimatologyKind {
  /// The words for climatologies.
  enum Word: String, ConfigurationChoice {
    case constant, monthly, harmonic
  }

  /// Reads the section `climatology`.
  init(_ reader: ConfigurationReader) throws {
    let word: Word = try reader.value("kind", default: .constant)
    let order: Int = try reader.value("order", default: 2, in: 1...6)
    let daily: Int = try reader.value("daily", default: 2, in: 0...6)
    let season: ClimatologyKind =
      switch word {
      case .constant: .constant
      case .monthly: .monthly
      case .harmonic: .harmonic(order: order)
      }
    self = daily > 0 ? .daily(order: daily, season: season) : season
  }
}

extension ValueBounds {
  /// Reads a section under `bounds`, named after a variable.
  init(_ reader: ConfigurationReader) throws {
    let minimum: Double? = try reader.optional("min")
    let maximum: Double? = try reader.optional("max")
    if let minimum, let maximum, minimum >= maximum {
      throw reader.wrong("max", expected: "more than min (\(minimum))", found: "\(maximum)")
    }
    self.init(
      minimum: minimum.map { Float($0) }, maximum: maximum.map { Float($0) }, units: try reader.optional("units"))
  }
}

extension LandMask {
  /// Reads the section `land_mask`.
  init(_ reader: ConfigurationReader) throws {
    let file: String = try reader.required("file")
    let values: [Double] = try reader.list("land_values")
    self.init(
      file: try FilePatterns.expandVariables(in: file), variable: try reader.optional("variable"),
      landValues: values.isEmpty ? nil : values.map { Float($0) })
  }
}
