// Where fields come from and which of them: the archive that a model learns from, and the fields that it is
// tested on, are each one of these.

import SextantArrays
import SextantGeometry
import SextantSignals

/// A choice of fields.
public struct FieldChoice: Sendable, Equatable, Codable {
  /// NetCDF files on one grid, or files of numbers at a mesh's vertices; empty for images on a mesh and for the synthetic
  /// climate.
  public var files: [String]
  /// The mesh whose vertices the files have numbers for; nil for NetCDF files.
  public var mesh: String?
  /// Images on a mesh; nil for files and for the synthetic climate.
  public var surface: SurfaceImages?
  /// The number of years of the synthetic climate; 0 where there are files.
  public var syntheticYears: Int
  /// The variables; nil for all that share a grid.
  public var variables: [String]?
  /// Keeps fields whose coordinate has one of these values.
  public var select: [String: [String]]
  /// Leaves out fields whose coordinate has one of these values.
  public var exclude: [String: [String]]
  /// The variable that holds months, where no time tells.
  public var monthVariable: String?
  /// Which of the fields that are left.
  public var part: FieldPart

  public init(
    files: [String] = [], mesh: String? = nil, surface: SurfaceImages? = nil, syntheticYears: Int = 0,
    variables: [String]? = nil,
    select: [String: [String]] = [:],
    exclude: [String: [String]] = [:], monthVariable: String? = nil, part: FieldPart = .all
  ) {
    self.files = files
    self.mesh = mesh
    self.surface = surface
    self.syntheticYears = syntheticYears
    self.variables = variables
    self.select = select
    self.exclude = exclude
    self.monthVariable = monthVariable
    self.part = part
  }

  /// Opens the source and picks the fields.
  ///
  /// - Parameter seed: chooses where the part is random.
  /// - Throws: what reading throws, and ``RunError/invalid(_:)`` where no field is left.
  public func open(seed: UInt64) throws -> (source: any SignalSource, indices: [Int]) {
    let source = try openAll()
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
      )
    }
    return (source, indices)
  }

  private func openAll() throws -> any SignalSource {
    if let surface { return try surface.open() }
    if let mesh {
      return try SurfaceFiles.open(mesh: mesh, files: FilePatterns.files(matching: files), variables: variables)
    }
    if files.isEmpty { return try Self.synthetic(years: syntheticYears, variables: variables) }
    return try GriddedArchive(
      paths: FilePatterns.files(matching: files), variables: variables, monthVariable: monthVariable)
  }

  /// Whether the fields are those of the synthetic climate, a planet with a land of its own.
  var isSynthetic: Bool { files.isEmpty && surface == nil }

  /// The files that the fields come from.
  var sources: [String] { surface.map { [$0.mesh, $0.images] } ?? ([mesh].compactMap(\.self) + files) }

  /// The source, for its grid and variables: of the synthetic climate one year, and not as many as are chosen.
  func preview(seed: UInt64) throws -> any SignalSource {
    isSynthetic ? try Self.synthetic(years: 1, variables: variables) : try open(seed: seed).source
  }

  /// The synthetic climate on the paper's grid: 46 rows from pole to pole, 90 columns.
  public static func synthetic(years: Int, variables: [String]?) throws -> SignalSet {
    let grid = try LatitudeLongitudeGrid(
      latitudes: (0..<46).map { 90 - 4 * Double($0) }, longitudes: (0..<90).map { 4 * Double($0) })
    let fields = SyntheticClimate().fields(count: years * SyntheticClimate.fieldsPerYear, on: grid)
    guard let variables else { return fields }
    return try fields.selecting(variables)
  }
}

extension SignalSet {
  /// The same fields with the named variables alone, in that order.
  func selecting(_ names: [String]) throws -> SignalSet {
    let channels = try names.map { name -> Int in
      guard let channel = variables.firstIndex(where: { $0.name == name }) else {
        throw RunError.invalid(
          "There is no variable '\(name)'. Those that exist: \(variables.map(\.name).joined(separator: ", ")).")
      }
      return channel
    }
    let rows = values.reshaped(to: [count * vertexCount, channelCount]).gatheringColumns(channels)
    let flags = (0..<count * vertexCount).flatMap { row in channels.map { isValid[row * channelCount + $0] } }
    return SignalSet(
      domain: domain, variables: channels.map { variables[$0] },
      values: rows.reshaped(to: [count, vertexCount, channels.count]), isValid: flags, labels: labels)
  }
}
