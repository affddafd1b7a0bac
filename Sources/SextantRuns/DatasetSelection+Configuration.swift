// The sections `archive` and `evaluate.fields`: which fields, from which files.

import SextantConfiguration
import SextantMeasurement
import SextantModels
import SextantSignals

extension DatasetSelection {
  /// Reads the section `evaluate.fields`: without files of its own, it selects from those of the archive.
  ///
  /// Variables and selections are the archive's, too, unless the section has its own. The part is what the archive's part
  /// leaves, and `evenly` spreads the fields over that; where it is nothing,
  /// ``RunConfiguration/checkTestFields(catalogue:)`` refuses the comparison.
  init(_ reader: ConfigurationReader, testing archive: DatasetSelection, designs: [MeasurementDesignKind]) throws {
    let own = ["files", "images", "mesh", "synthetic_years"].contains(where: reader.contains)
    guard !own, !archive.isSynthetic else {
      try self.init(reader, defaultYears: 10, designs: designs)
      return
    }
    let files: [String] = try reader.list("files", default: archive.files)
    let variables: [String] = try reader.list("variables", default: archive.variables ?? [])
    let select: [String: [String]] = try reader.namedLists("select")
    let exclude: [String: [String]] = try reader.namedLists("exclude")
    self.init(
      files: files, mesh: archive.mesh, settings: archive.settings, variables: variables.isEmpty ? nil : variables,
      select: reader.contains("select") ? select : archive.select,
      exclude: reader.contains("exclude") ? exclude : archive.exclude,
      monthVariable: try reader.optional("month_variable") ?? archive.monthVariable,
      part: try reader.parsed("part", default: archive.part.complement.description) { try Split($0).testing(archive.part) },
      // An archive that is corrupted for a trial is clean for the test.
      measured: try reader.optionalSection("measured") { try MeasuredFields($0, designs: designs) }
        ?? (archive.corrupted == nil ? archive.measured : nil))
  }

  /// Reads a selection of fields; without files and images it is of the synthetic climate.
  init(_ reader: ConfigurationReader, defaultYears: Int, designs: [MeasurementDesignKind]) throws {
    func path(_ key: String) throws -> String { try FilePatterns.expandVariables(in: try reader.required(key)) }
    let files: [String] = try reader.parsedList("files") { try FilePatterns.expandVariables(in: $0) }
    let mesh = try reader.contains("mesh") ? path("mesh") : nil
    let hasImages = reader.contains("images") || (mesh != nil && files.isEmpty)
    if hasImages, !files.isEmpty {
      throw reader.wrong("files", expected: "either files or images on a mesh", found: "both")
    }
    let paths: [String]
    if hasImages {
      paths = [try path("images")]
    } else if files.isEmpty {
      let years: Int = try reader.value("synthetic_years", default: defaultYears, in: 1...1000)
      paths = [SyntheticClimateFormat.path(years: years)]
    } else {
      paths = files
    }
    let missing: [MissingCondition] = try reader.parsedList("missing") { try MissingCondition($0) }
    let acceptsValues: Bool = try reader.value("accept_values", default: false)
    let variables: [String] = try hasImages ? [] : reader.list("variables")
    self.init(
      files: paths, mesh: mesh, settings: try hasImages ? Self.imageSettings(reader) : Self.labels(reader, of: files),
      variables: variables.isEmpty ? nil : variables, select: try reader.namedLists("select"),
      exclude: try reader.namedLists("exclude"),
      monthVariable: mesh == nil ? try reader.optional("month_variable") : nil,
      part: try reader.parsed("part", default: "all") { try Split($0) }, missing: missing.isEmpty ? nil : missing,
      acceptsValues: acceptsValues ? true : nil,
      measured: try reader.optionalSection("measured") { try MeasuredFields($0, designs: designs) })
  }

  /// Reads the key `labels`, the file of the classes of images, as a setting of their format.
  private static func labels(_ reader: ConfigurationReader, of files: [String]) throws -> [String: String] {
    guard reader.contains("labels") else { return [:] }
    guard files.count < 2 else {
      throw reader.wrong("labels", expected: "one file of images beside it", found: "\(files.count) files")
    }
    return ["labels": try FilePatterns.expandVariables(in: try reader.required("labels"))]
  }

  /// Reads the keys of images on a mesh as the settings of their format.
  private static func imageSettings(_ reader: ConfigurationReader) throws -> [String: String] {
    var settings = try labels(reader, of: [])
    let axes = try reader.optionalSection("projection") { projection in
      ImageProjection(
        horizontal: try projection.value("horizontal", default: .x),
        vertical: try projection.value("vertical", default: .y))
    }
    if let axes { (settings["horizontal"], settings["vertical"]) = (axes.horizontal.rawValue, axes.vertical.rawValue) }
    let dropped: Int = try reader.value("drop_last", default: 0, in: 0...1_000_000_000)
    if dropped > 0 { settings["drop_last"] = "\(dropped)" }
    return settings
  }
}

extension MeasuredFields {
  /// Reads the section `measured` of a selection of fields.
  init(_ reader: ConfigurationReader, designs: [MeasurementDesignKind]) throws {
    guard reader.contains("noise") else {
      throw reader.wrong(
        "noise", expected: "the noise of the measured values, such as 0.3K, variable:NAME, 0 where they are exact, or auto",
        found: "nothing")
    }
    let operation =
      reader.contains("operator")
      ? try reader.parsed("operator", default: "none") {
        try AnyMeasurementDesign(FilePatterns.expandVariables(in: $0), kinds: designs)
      } : nil
    if let operation, operation.isMask {
      throw reader.wrong(
        "operator",
        expected: "an operator, such as a blur (the gaps of measurements are in the files and need no statement; archive.corrupted.mask hides values for a trial)",
        found: "the mask '\(operation)'")
    }
    let signals: String? = try reader.optional("signals")
    if let signals, operation == nil {
      throw reader.wrong(
        "signals", expected: "an operator beside it, because values without one lie where the signals do", found: signals)
    }
    let fill = try reader.value("fill", default: Fill.archive)
    self.init(
      noise: try reader.parsed("noise", default: "auto") { try NoiseSpecification(text: $0) }, operation: operation,
      signals: try signals.map { try FilePatterns.expandVariables(in: $0) }, fill: fill == .archive ? nil : fill)
  }
}

extension CorruptedFields {
  /// Reads the section `corrupted` of an archive.
  init(_ reader: ConfigurationReader, kinds: [MeasurementDesignKind]) throws {
    guard ["mask", "noise", "operator"].contains(where: reader.contains) else {
      throw reader.wrong("mask", expected: "what is done to the fields: mask, noise, operator or several of them", found: "nothing")
    }
    let designs = try reader.designs("mask", default: ["none"], after: "operator", kinds: kinds)
    guard designs.count == 1 else {
      throw reader.wrong("mask", expected: "one mask", found: "\(designs.count)")
    }
    let noise = try reader.contains("noise") ? reader.parsed("noise", default: "0") { try NoiseSpecification(text: $0) } : nil
    self.init(designs[0], noise: noise?.description == "0" ? nil : noise)
  }
}

extension ImageProjection.Axis: ConfigurationChoice {}

extension MeasuredFields.Fill: ConfigurationChoice {}
