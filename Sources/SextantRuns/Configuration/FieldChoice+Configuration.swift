// The sections `archive` and `evaluate.fields`: which fields, from where.

import SextantConfiguration
import SextantSignals

extension FieldChoice {
  /// Reads a choice of fields; with neither files nor a mesh it is the synthetic climate.
  init(_ reader: ConfigurationReader, defaultYears: Int) throws {
    let files: [String] = try reader.parsedList("files") { try FilePatterns.expandVariables(in: $0) }
    let isOnMesh = reader.contains("mesh")
    let surface = try isOnMesh && (files.isEmpty || reader.contains("images")) ? SurfaceImages(reader) : nil
    if surface != nil, !files.isEmpty {
      throw reader.wrong("files", expected: "a mesh with either files or images", found: "both")
    }
    let mesh: String? =
      try isOnMesh && surface == nil ? FilePatterns.expandVariables(in: reader.required("mesh")) : nil
    let isSynthetic = files.isEmpty && surface == nil
    let years: Int = isSynthetic ? try reader.value("synthetic_years", default: defaultYears, in: 1...1000) : 0
    let variables: [String] = try surface == nil ? reader.list("variables") : []
    self.init(
      files: files, mesh: mesh, surface: surface, syntheticYears: years, variables: variables.isEmpty ? nil : variables,
      select: try reader.namedLists("select"), exclude: try reader.namedLists("exclude"),
      monthVariable: isOnMesh ? nil : try reader.optional("month_variable"),
      part: try reader.parsed("part", default: "all") { try FieldPart($0) })
  }
}

extension SurfaceImages {
  /// Reads the keys of images on a mesh.
  fileprivate init(_ reader: ConfigurationReader) throws {
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
