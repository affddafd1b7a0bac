// The sections `archive` and `evaluate.fields`: which fields, from where.

import SextantSignals

extension FieldChoice {
  /// Reads a choice of fields; with neither files nor a mesh it is the synthetic climate.
  init(_ reader: ConfigurationReader, defaultYears: Int) throws {
    let files: [String] = try reader.parsedList("files") { try FilePatterns.expandVariables(in: $0) }
    let surface = try SurfaceImages(reader)
    if surface != nil, !files.isEmpty {
      throw reader.wrong("files", expected: "either files or a mesh with images", found: "both")
    }
    let isSynthetic = files.isEmpty && surface == nil
    let years: Int = isSynthetic ? try reader.value("synthetic_years", default: defaultYears, in: 1...1000) : 0
    let variables: [String] = try surface == nil ? reader.list("variables") : []
    self.init(
      files: files, surface: surface, syntheticYears: years, variables: variables.isEmpty ? nil : variables,
      select: try reader.namedLists("select"), exclude: try reader.namedLists("exclude"),
      monthVariable: surface == nil ? try reader.optional("month_variable") : nil,
      part: try reader.parsed("part", default: "all") { try FieldPart($0) })
  }
}

extension SurfaceImages {
  /// Reads the keys of images on a mesh; nil where there is no mesh.
  fileprivate init?(_ reader: ConfigurationReader) throws {
    guard reader.contains("mesh") else { return nil }
    func path(_ key: String) throws -> String {
      try FilePatterns.expandVariables(in: try reader.required(key))
    }
    self.init(
      mesh: try path("mesh"), images: try path("images"), labels: reader.contains("labels") ? try path("labels") : nil,
      projection: try reader.optionalSection("projection") { projection in
        ImageProjection(
          horizontal: try projection.value("horizontal", default: .x),
          vertical: try projection.value("vertical", default: .y))
      } ?? ImageProjection(),
      droppedVertices: try reader.value("drop_last", default: 0, in: 0...1_000_000_000))
  }
}

extension ImageProjection.Axis: ConfigurationChoice {}
