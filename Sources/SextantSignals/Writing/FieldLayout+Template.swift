// The layout of a file that takes another's place: the same dimensions in the same order, the same coordinates
// with their bounds and attributes bit for bit, cut to the fields that were selected.

extension FieldLayout {
  /// The layout of `template`'s fields; its file is opened to copy from.
  init(template source: GriddedFile) throws {
    let file = try NetCDFFile(path: source.path)
    let dataset = CFDataset(file)
    let grid = source.group.grid
    var channels: [ChannelLayout] = []
    var kept: [NetCDFDimension] = []
    for plan in source.group.channels {
      guard let variable = file.variable(plan.name), variable.dimensions.count == plan.uses.count else {
        throw NetCDFError.absentVariable(
          path: source.path, name: plan.name, available: file.variables.map(\.name), nearest: nil)
      }
      let pairs = zip(variable.dimensions, plan.uses).filter { $0.1 != .version }
      for (dimension, _) in pairs where !kept.contains(dimension) { kept.append(dimension) }
      channels.append(
        ChannelLayout(
          source: variable, dimensions: pairs.map { Self.layout($0.0, of: source) }, uses: pairs.map(\.1)))
    }
    var dimensions = kept.map { Self.layout($0, of: source) }
    let versions = source.group.channels.first.flatMap { plan in
      plan.uses.firstIndex(of: .version).flatMap { file.variable(plan.name)?.dimensions[$0] }
    }
    var coordinates: [LayoutCoordinate] = []
    for variable in file.variables where Self.isCompany(variable, of: kept, versions: versions, grid: grid, in: dataset)
    {
      for dimension in variable.dimensions where !dimensions.contains(where: { $0.name == dimension.name }) {
        dimensions.append(LayoutDimension(name: dimension.name, length: dimension.length))
      }
      coordinates.append(
        .copied(variable, places: variable.dimensions.map { Self.places(along: $0, of: source) }))
    }
    self.init(
      dimensions: dimensions, coordinates: coordinates, channels: channels,
      fieldLengths: source.dimensions.map(\.selected.count), rows: source.grid.rows, columns: source.grid.columns,
      template: file)
  }

  private static func places(along dimension: NetCDFDimension, of source: GriddedFile) -> [Int] {
    source.dimensions.first { $0.dimension == dimension }?.selected ?? Array(0..<dimension.length)
  }

  private static func layout(_ dimension: NetCDFDimension, of source: GriddedFile) -> LayoutDimension {
    LayoutDimension(
      name: dimension.name, length: places(along: dimension, of: source).count, isUnlimited: dimension.isUnlimited)
  }

  /// Whether a variable goes with the fields: a coordinate, its bounds, a grid mapping, or a label along a dimension.
  private static func isCompany(
    _ variable: NetCDFVariable, of kept: [NetCDFDimension], versions: NetCDFDimension?, grid: HorizontalGrid,
    in dataset: CFDataset
  ) -> Bool {
    guard variable.type != .other, !variable.dimensions.contains(where: { $0 == versions || $0.length == 0 }),
      ![.data, .ancillary, .points].contains(dataset.role(of: variable))
    else { return false }
    // Bounds and texts have one dimension more, which no field has.
    return variable.dimensions.first.map(kept.contains) ?? true
  }
}
