// What the model of a run is made of: mean, prior, limits and transforms of variables.

/// The section `climatology`.
public struct ClimatologySettings: Sendable, Equatable, Codable {
  /// How the mean depends on the season.
  public enum Kind: String, ConfigurationChoice {
    case constant, monthly, harmonic
  }

  public var kind: Kind
  /// The number of harmonics of the year, for `harmonic`.
  public var order: Int

  init(_ reader: ConfigurationReader) throws {
    kind = try reader.value("kind", default: .monthly)
    order = try reader.value("order", default: 2, in: 1...6)
  }
}

/// The section `prior`.
public struct PriorSettings: Sendable, Equatable, Codable {
  /// Which prior.
  public enum Kind: String, ConfigurationChoice {
    /// The archive's empirical orthogonal functions and what they leave out as noise.
    case eof
    /// A Matérn field alone: needs no archive.
    case matern
    /// Both, with their shares fitted to each field's own observations.
    case twoScale = "two-scale"
    /// The Matérn field by a sparse precision, for many vertices.
    case sparseMatern = "sparse-matern"
  }

  public var kind: Kind
  /// The number of modes to keep at most.
  public var modes: Int

  init(_ reader: ConfigurationReader) throws {
    kind = try reader.value("kind", default: .twoScale)
    modes = try reader.value("modes", default: 100, in: 0...5000)
  }
}

/// A section under `bounds`, named after a variable.
public struct BoundsSettings: Sendable, Equatable, Codable {
  /// The least value, in the variable's units; none if nil.
  public var minimum: Double?
  /// The greatest value, in the variable's units; none if nil.
  public var maximum: Double?

  init(_ reader: ConfigurationReader) throws {
    minimum = try reader.optional("min")
    maximum = try reader.optional("max")
    if let minimum, let maximum, minimum >= maximum {
      throw reader.wrong("max", expected: "more than min (\(minimum))", found: "\(maximum)")
    }
  }
}

/// A section under `transform`, named after a variable.
public struct TransformSettings: Sendable, Equatable, Codable {
  /// What is done to the variable before it is modelled.
  public enum Kind: String, ConfigurationChoice {
    case none, log, sqrt, logit
  }

  public var kind: Kind

  init(_ reader: ConfigurationReader) throws {
    kind = try reader.value("kind", default: .none)
  }
}

/// The section `land_mask`.
public struct LandMaskSettings: Sendable, Equatable, Codable {
  /// The file with the mask.
  public var file: String
  /// The variable in it: the share of land, 0 to 1.
  public var variable: String?

  init(_ reader: ConfigurationReader) throws {
    file = try reader.required("file")
    variable = try reader.optional("variable")
  }
}
