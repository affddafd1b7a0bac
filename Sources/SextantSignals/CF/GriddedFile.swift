// A NetCDF file as a source of fields: its structure is recognised on opening, and fields are read a few at a time. The
// file is closed between reads, so an archive may have more files than a process can open at once.

import SextantArrays
import SextantGeometry

/// The gridded fields of one NetCDF file.
///
/// Each combination of indices along the non-horizontal dimensions (time, level, member, sample, …) is one field, and
/// each variable is one channel. Vertex = row·columns + column, where rows are latitudes in the order of the file, for
/// any order of the variable's dimensions; cells without a place are left out.
public struct GriddedFile: SignalSource {
  /// The path of the file.
  public var path: String { dataset.path }
  public let domain: any Domain
  public let variables: [Variable]
  public let labels: [FieldLabel]

  private(set) var group: FieldGroupPlan
  /// What is subtracted from the values of each variable (C), in its units; 0 unless the file was opened by
  /// ``removingOffsets()``.
  private(set) var offsets: [Double]

  /// How the file is opened.
  let dataset: DatasetFile
  let dimensions: [FieldDimension]
  let coordinates: FieldCoordinates
  let grid: GridCoordinates
  /// The vertex of each cell of the file, −1 for a cell outside the domain; empty if all cells are vertices.
  let vertexOfCell: [Int32]
  /// How many consecutive fields lie in the same chunks.
  let blockLength: Int
  /// The names of further variables with fields, which are no channels because they have another grid or other dimensions; none if the
  /// channels were named.
  let leftOut: [String]

  /// Recognises the fields of the file at `path`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - variables: the channels, in this order; nil for all data variables that share a grid and field dimensions (of
  ///     several such groups, the one with the most fields).
  ///   - selecting: keeps the fields whose coordinate has one of the values, for example ["level": ["500"]].
  ///   - monthVariable: the variable along the fields that holds months (0 for annual means), if there is no time.
  ///
  /// Throws ``NetCDFError`` with the reason, and `GeometryError` if the coordinates do not form a grid.
  public init(
    path: String, variables: [String]? = nil, selecting: [String: [String]] = [:], monthVariable: String? = nil
  ) throws {
    try self.init(
      DatasetFile(path: path), variables: variables, selecting: selecting, monthVariable: monthVariable,
      acceptsPoints: false, sharing: nil)
  }

  /// The same, but the domain of `sharing` is used if its coordinates are equal.
  init(
    _ source: DatasetFile, variables names: [String]?, selecting: [String: [String]], monthVariable: String?,
    acceptsPoints: Bool, sharing other: GriddedFile?
  ) throws {
    self.dataset = source
    let path = source.path
    let file = try source.open()
    let dataset = CFDataset(file)
    let group = try FieldGroup.choose(names, in: dataset, points: acceptsPoints)
    grid = try GridCoordinates(group.grid, in: file)
    if let other, other.grid == grid {
      domain = other.domain
    } else {
      do {
        domain = try grid.makeDomain()
      } catch let error as GeometryError {
        throw NetCDFError.noGrid(
          path: path, reason: "\(group.grid.coordinateNames.joined(separator: " and ")): \(error)")
      }
    }
    vertexOfCell = grid.vertexOfCell
    leftOut = group.leftOut.map(\.name)
    var dimensions = group.dimensions.map(FieldDimension.init)
    coordinates = try FieldCoordinates(
      of: group.variables, along: dimensions, grid: group.grid, monthVariable: monthVariable, in: dataset)
    try coordinates.select(selecting, from: &dimensions, path: path)
    self.dimensions = dimensions
    let plan = try FieldGroupPlan(group, dimensions: dimensions, in: file)
    self.group = plan
    blockLength = try Self.blockLength(of: plan, dimensions: dimensions, in: file)
    variables = group.variables.map {
      Variable(
        name: $0.name, units: $0.text("units") ?? "", standardName: $0.text("standard_name"),
        longName: $0.text("long_name"), cellMethods: $0.text("cell_methods"))
    }
    offsets = variables.map { _ in 0 }
    let coordinates = coordinates
    labels = (0..<dimensions.fieldCount).map {
      coordinates.label(at: dimensions.places(ofField: $0), along: dimensions)
    }
    if labels.isEmpty {
      let empty = dimensions.first { $0.dimension.length == 0 }?.dimension.name ?? "?"
      throw NetCDFError.noGrid(path: path, reason: "there are no fields: dimension \(empty) has length 0.")
    }
  }

  /// That variables were left out; nil where there are none but the noise of others.
  var remarkOnLeftOut: Remark? {
    let names = leftOut.filter { !NoiseNaming.isNoise($0, among: variables.map(\.name) + leftOut) }
    guard !names.isEmpty else { return nil }
    let list = NetCDFError.abridged(names)
    return Remark(
      .note, "variables-left-out",
      "Not read: \(list), on another grid or along other dimensions than \(variables[0].name). Name them one at a time to read them, as in --variables \(names[0]).")
  }

  /// The values of a field (V·C) with all bits of whole numbers, which single precision would round; NaN is missing.
  func exactValues(ofField index: Int) throws -> [Double] {
    let parts = try ValueDecoder.BitPart.allCases.map { part in
      var file = self
      file.group = group.reading(bits: part)
      return try file.read([index])
    }
    let (low, high) = (parts[0].values.scalars, parts[1].values.scalars)
    return low.indices.map {
      parts[0].isValid[$0] ? Double(high[$0]) * ValueDecoder.BitPart.span + Double(low[$0]) : .nan
    }
  }

  /// The same fields, of which variables that single precision would round too much are held relative to an offset; see
  /// ``StoredForm``. The offset comes from the first, the middle and the last field.
  func removingOffsets() throws -> GriddedFile {
    var result = self
    let file = try dataset.open()
    let fields = Set([0, labels.count / 2, labels.count - 1]).sorted()
    for (channel, plan) in group.channels.enumerated() {
      let wide: [NetCDFType] = [.double, .int, .unsignedInt, .int64, .unsignedInt64]
      guard let variable = file.variable(plan.name), wide.contains(variable.type) else { continue }
      let reader = try FieldReader(self, channel: channel, file: file)
      let numbers = try fields.flatMap { try reader.numbers(ofField: $0) }
      result.offsets[channel] = StoredForm(of: numbers, isDouble: true, removesOffset: true).offset
    }
    return result
  }

  public func read(_ indices: [Int]) throws -> SignalSet {
    precondition(
      indices.allSatisfy(labels.indices.contains), "Fields \(indices) of \(path), which has \(labels.count)")
    let file = try dataset.open()
    let size = domain.vertexCount * variables.count
    var isValid = [Bool](repeating: false, count: indices.count * size)
    let values = try Tensor<Float>(shape: [indices.count, domain.vertexCount, variables.count]) { out in
      out.initialize(repeating: 0)
      try isValid.withUnsafeMutableBufferPointer { flags in
        for channel in variables.indices {
          try FieldReader(self, channel: channel, file: file).read(indices, into: out, isValid: flags)
        }
      }
    }
    return SignalSet(
      domain: domain, variables: variables, values: values, isValid: isValid,
      labels: indices.map { labels[$0] })
  }
}
