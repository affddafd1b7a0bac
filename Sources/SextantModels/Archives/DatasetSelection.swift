// A selection of fields from one or several files: the archive that a model learns from, and the fields that it is tested on.

import SextantArrays
import SextantGeometry
import SextantPriors
import SextantSignals

/// Fields of a data set, and which of them.
public struct DatasetSelection: Sendable, Equatable, Codable {
  /// The files, in any format; patterns with the shell's wildcards are allowed.
  public var files: [String]
  /// The mesh that the values of the files belong to, for formats that do not hold it.
  public var mesh: String?
  /// Settings of the format of the files, by name, such as "drop_last" of image stacks.
  public var settings: [String: String]
  /// The variables; nil for the format's default.
  public var variables: [String]?
  /// Keeps fields whose coordinate has one of these values.
  public var select: [String: [String]]
  /// Leaves out fields whose coordinate has one of these values.
  public var exclude: [String: [String]]
  /// The variable that holds months, where no time coordinate does.
  public var monthVariable: String?
  /// Which of the remaining fields.
  public var part: Split
  /// Values count as missing where one of these holds; nil for none.
  public var missing: [MissingCondition]?
  /// Whether values that look like undeclared fill values are taken for measurements; nil for no.
  public var acceptsValues: Bool?
  /// That the values are measurements with gaps and noise; nil where they are the signals themselves.
  public var measured: MeasuredFields?
  /// What is done to the values while they are read; nil for nothing.
  public var corrupted: CorruptedFields?
  /// The symmetries by which each field stands for its moved copies, too; nil for none.
  public var symmetries: [DomainSymmetry]?

  public init(
    files: [String], mesh: String? = nil, settings: [String: String] = [:], variables: [String]? = nil,
    select: [String: [String]] = [:], exclude: [String: [String]] = [:], monthVariable: String? = nil,
    part: Split = .all, missing: [MissingCondition]? = nil, acceptsValues: Bool? = nil, measured: MeasuredFields? = nil
  ) {
    self.measured = measured
    self.files = files
    self.mesh = mesh
    self.settings = settings
    self.variables = variables
    self.select = select
    self.exclude = exclude
    self.monthVariable = monthVariable
    self.part = part
    self.missing = missing
    self.acceptsValues = acceptsValues
  }

  /// Fields of the synthetic climate.
  public static func synthetic(
    years: Int, variables: [String]? = nil, part: Split = .all
  ) -> DatasetSelection {
    DatasetSelection(files: [SyntheticClimateFormat.path(years: years)], variables: variables, part: part)
  }

  /// Opens the files and selects the fields.
  ///
  /// - Parameters:
  ///   - seed: Chooses the fields of a part that is random.
  ///   - formats: The formats that are known.
  /// - Throws: What reading throws, and ``RunError/invalid(_:)`` where no field is left.
  public func open(
    seed: UInt64, formats: [any SignalFormat] = .standard
  ) throws -> (source: any SignalSource, indices: [Int]) {
    let (clean, indices) = try openClean(seed: seed, formats: formats)
    let source = try corrupted?.applied(
      to: clean, seed: seed, formats: formats, mayLieElsewhere: measured?.operation != nil) ?? clean
    guard let symmetries else { return (source, indices) }
    let moved: SymmetricSource
    do { moved = try SymmetricSource(source, symmetries: symmetries) } catch let error as GeometryError {
      throw RunError.invalid("archive.symmetries: \(error)")
    }
    return (moved, indices.expanded(toCopies: moved.copyCount))
  }

  /// The same fields before anything is done to them.
  package func openClean(
    seed: UInt64, formats: [any SignalFormat] = .standard
  ) throws -> (source: any SignalSource, indices: [Int]) {
    let source = try open(files, formats: formats)
    // Formats choose by coordinates in ways of their own; here the labels of all files together are what counts.
    let kept = source.labels.indices.filter { index in
      let label = source.labels[index]
      return select.allSatisfy { label.matches($0.key, anyOf: $0.value) }
        && !exclude.contains { label.matches($0.key, anyOf: $0.value) }
    }
    let indices = part.members(of: kept, seed: seed)
    guard !indices.isEmpty else {
      let names = Set(source.labels.flatMap { $0.coordinates.keys }).sorted()
      throw RunError.invalid(
        "No field is left of \(source.count): check select, exclude and part. The fields are told apart by \(names.isEmpty ? "their times alone" : names.joined(separator: ", "))."
          + select.keys.sorted().map { Self.values(of: $0, in: source.labels) }.joined())
    }
    return (source, indices)
  }

  /// The values of a coordinate by which fields were selected, in words.
  private static func values(of key: String, in labels: [FieldLabel]) -> String {
    var found: [String] = []
    for text in labels.lazy.compactMap({ $0.text(of: key) }) where !found.contains(text) {
      guard found.count < 12 else { return " '\(key)' is one of \(found.joined(separator: ", ")), …" }
      found.append(text)
    }
    return found.isEmpty ? " No field has '\(key)'." : " '\(key)' is one of \(found.joined(separator: ", "))."
  }

  /// Throws ``RunError/invalid(_:)`` where the selected fields lie at several levels and no choice of them was made: they
  /// would be learned as one climate.
  package func checkLevels(_ source: any SignalSource, indices: [Int]) throws {
    let support = ArchiveSupport(of: indices.map { source.labels[$0] })
    guard let name = support.levelName, support.hasSeveralLevels,
      let label = indices.lazy.map({ source.labels[$0] }).first(where: { $0.level != nil }),
      !(Array(select.keys) + Array(exclude.keys)).contains(where: {
        $0 == name || label.aliases[$0] == name || label.aliases[$0.lowercased()] == name
      })
    else { return }
    let known = support.levels.joined(separator: ", ")
    throw RunError.invalid(
      "archive: the fields are at \(support.levels.count) levels (\(name): \(known)), which would be learned as one climate. Choose one, such as select: {\(name): [\"\(support.levels[0])\"]}, or name several there to pool them on purpose."
    )
  }

  private func open(_ files: [String], formats: [any SignalFormat]) throws -> any SignalSource {
    let request = SignalRequest(
      path: "", geometry: mesh, variables: variables, monthVariable: monthVariable, settings: settings,
      missing: missing ?? [], acceptsValues: acceptsValues ?? false)
    return try ArchiveOrder.open(files) { try formats.open($0, as: request) }
  }

  /// Whether the fields are those of the synthetic climate, a planet with a land of its own.
  package var isSynthetic: Bool { files.allSatisfy(SyntheticClimateFormat().recognises) }

  /// The files that the fields come from; none for the synthetic climate.
  package var sources: [String] {
    [mesh].compactMap(\.self) + files.filter { !SyntheticClimateFormat().recognises($0) }
      + [settings["labels"]].compactMap(\.self)
  }

  /// The source, for its domain and variables; of the synthetic climate one year, and not as many as are selected.
  package func preview(seed: UInt64, formats: [any SignalFormat] = .standard) throws -> any SignalSource {
    isSynthetic
      ? try open([SyntheticClimateFormat.path(years: 1)], formats: formats) : try open(seed: seed, formats: formats).source
  }
}
