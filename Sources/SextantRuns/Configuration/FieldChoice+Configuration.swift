// The sections `archive` and `evaluate.fields`: which fields, from where.

extension FieldChoice {
  /// Reads a choice of fields; without files it is the synthetic climate.
  init(_ reader: ConfigurationReader, defaultYears: Int) throws {
    let files: [String] = try reader.parsedList("files") { try FilePatterns.expandVariables(in: $0) }
    let years: Int =
      files.isEmpty ? try reader.value("synthetic_years", default: defaultYears, in: 1...1000) : 0
    let variables: [String] = try reader.list("variables")
    self.init(
      files: files, syntheticYears: years, variables: variables.isEmpty ? nil : variables,
      select: try reader.namedLists("select"), exclude: try reader.namedLists("exclude"),
      monthVariable: try reader.optional("month_variable"),
      part: try reader.parsed("part", default: "all") { try FieldPart($0) })
  }
}
