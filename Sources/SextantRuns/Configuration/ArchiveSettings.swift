// Which fields a run learns from, and which it keeps back to be tested on.

/// The section `archive`.
public struct ArchiveSettings: Sendable, Equatable, Codable {
  /// The files, in order; empty for the synthetic climate.
  public var files: [String]
  /// The synthetic climate, instead of files.
  public var synthetic: SyntheticSettings?
  /// The variables to read; all that fit if empty. "name=alias" reads a variable that goes by another name.
  public var variables: [String]
  /// The values that coordinates or dimensions must have, by name.
  public var select: [String: [String]]
  /// The variable that says which month a field is of, where there is no time axis.
  public var monthVariable: String?
  /// Labels of fields to leave out, such as `source: [CCSM]`.
  public var exclude: [String: [String]]
  /// The first time to use, ISO 8601; all from the start if nil.
  public var from: String?
  /// The last time to use; all to the end if nil.
  public var to: String?
  /// How the archive is divided into fields to learn from and fields to be tested on.
  public var split: SplitSettings

  init(_ reader: ConfigurationReader) throws {
    files = try reader.list("files")
    synthetic = try reader.optionalSection("synthetic", SyntheticSettings.init)
    variables = try reader.list("variables")
    select = try reader.namedLists("select")
    monthVariable = try reader.optional("month_variable")
    exclude = try reader.namedLists("exclude")
    from = try reader.optional("from")
    to = try reader.optional("to")
    split = try reader.requiredSection("split", SplitSettings.init)
    // A misspelt key is the likelier reason for a missing one.
    try reader.finish()
    if files.isEmpty == (synthetic == nil) {
      throw reader.wrong(
        files.isEmpty ? "files" : "synthetic", expected: "either 'files' or 'synthetic'",
        found: files.isEmpty ? "neither" : "both")
    }
  }
}

/// The section `archive.synthetic`.
public struct SyntheticSettings: Sendable, Equatable, Codable {
  /// How many fields.
  public var fields: Int
  /// The grid's spacing in degrees.
  public var degrees: Double
  /// Which climate.
  public var seed: UInt64

  init(_ reader: ConfigurationReader) throws {
    fields = try reader.value("fields", default: 730, in: 2...100_000)
    degrees = try reader.value("degrees", default: 5, in: 0.25...30)
    seed = try reader.value("seed", default: 1)
  }
}

/// The section `archive.split`: a leading share in time, or a number of fields drawn at random to be held out.
public struct SplitSettings: Sendable, Equatable, Codable {
  /// The share of the fields, from the first on, to learn from; the rest is for tests.
  public var first: Double?
  /// How many fields to hold out for tests, drawn at random; all others are learned from.
  public var holdout: Int?
  /// The seed of that draw: fixed apart from the run's, so that runs with other seeds are tested on the same fields.
  public var seed: UInt64

  init(_ reader: ConfigurationReader) throws {
    first = try reader.optional("first")
    holdout = try reader.optional("holdout")
    seed = try reader.value("seed", default: 1)
    if let first, !(first > 0 && first < 1) {
      throw reader.wrong("first", expected: "a share above 0 and below 1", found: "\(first)")
    }
    if let holdout, holdout < 1 {
      throw reader.wrong("holdout", expected: "at least 1 field", found: "\(holdout)")
    }
    if first != nil, holdout != nil {
      throw reader.wrong("holdout", expected: "either 'first' or 'holdout'", found: "both")
    }
  }
}
