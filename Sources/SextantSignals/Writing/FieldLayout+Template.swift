// The layout of a file that corresponds to a template: the same dimensions in the same order, and exactly the same
// coordinates with their bounds and attributes, restricted to the selected fields. On another grid, this applies to
// everything but the horizontal axes.

import SextantGeometry

extension FieldLayout {
  /// The layout of the fields of `source`, whose file is opened for copying, on its own grid or on `other`.
  init(template source: GriddedFile, on other: HorizontalLayout? = nil) throws {
    let file = try source.dataset.open()
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
      for (dimension, use) in pairs where !kept.contains(dimension) && (other == nil || !use.isHorizontal) {
        kept.append(dimension)
      }
      let placed = pairs.map { (Self.layout($0.0, of: source), $0.1) }
      let own = other.map { Self.replacingGrid(of: placed, by: $0) } ?? placed
      channels.append(ChannelLayout(source: variable, dimensions: own.map(\.0), uses: own.map(\.1)))
    }
    var dimensions = kept.map { Self.layout($0, of: source) } + (other?.dimensions ?? [])
    let versions = source.group.channels.first.flatMap { plan in
      plan.uses.firstIndex(of: .version).flatMap { file.variable(plan.name)?.dimensions[$0] }
    }
    var coordinates: [LayoutCoordinate] = []
    let hasTopology = if case .topology = grid.places { other == nil } else { false }
    for variable in file.variables
    where Self.isCompany(variable, of: kept, versions: versions, in: dataset)
      || (hasTopology && dataset.topologyNames.contains(variable.name))
    {
      if other != nil, Self.isHorizontal(variable, on: grid, in: dataset) { continue }
      for dimension in variable.dimensions where !dimensions.contains(where: { $0.name == dimension.name }) {
        dimensions.append(LayoutDimension(name: dimension.name, length: dimension.length))
      }
      coordinates.append(
        .copied(variable, places: variable.dimensions.map { Self.places(along: $0, of: source) }))
    }
    self.init(
      dimensions: dimensions, coordinates: coordinates + (other?.coordinates ?? []), channels: channels,
      fieldLengths: source.dimensions.map(\.selected.count), rows: other?.rows ?? source.grid.rows,
      columns: other?.columns ?? source.grid.columns,
      vertexOfCell: other == nil ? source.vertexOfCell : [], template: file,
      droppedAttributes: other == nil ? [] : Self.attributesOfGrids)
  }

  /// Attributes of a variable that speak of its own grid.
  private static let attributesOfGrids: Set<String> = [
    "grid_mapping", "mesh", "location", "CDI_grid_type", "featureType", "CF:featureType",
  ]

  /// The dimensions of a variable with those of another grid in place of its horizontal dimensions: each in the place of
  /// its own kind where both grids have rows and columns, and otherwise all where the first was.
  private static func replacingGrid(
    of dimensions: [(LayoutDimension, DimensionUse)], by horizontal: HorizontalLayout
  ) -> [(LayoutDimension, DimensionUse)] {
    let all = Array(zip(horizontal.dimensions, horizontal.uses))
    // Cells and points have one dimension; fields come before a grid in their place, as most programs want it.
    guard all.count == 2, dimensions.contains(where: { $0.1 == .column }) else {
      return dimensions.filter { !$0.1.isHorizontal } + all
    }
    return dimensions.flatMap { dimension, use in
      use.isHorizontal ? all.filter { $0.1 == use } : [(dimension, use)]
    }
  }

  /// Whether a variable describes or contains the horizontal axes.
  private static func isHorizontal(_ variable: NetCDFVariable, on grid: HorizontalGrid, in dataset: CFDataset) -> Bool {
    dataset.role(of: variable) == .gridMapping
      || [.latitude, .longitude].contains(dataset.coordinateRole(of: variable))
      || variable.dimensions.contains { $0 == grid.rows || $0 == grid.columns }
      || dataset.topologyNames.contains(variable.name)
  }

  private static func places(along dimension: NetCDFDimension, of source: GriddedFile) -> [Int] {
    source.dimensions.first { $0.dimension == dimension }?.selected ?? Array(0..<dimension.length)
  }

  private static func layout(_ dimension: NetCDFDimension, of source: GriddedFile) -> LayoutDimension {
    LayoutDimension(
      name: dimension.name, length: places(along: dimension, of: source).count, isUnlimited: dimension.isUnlimited)
  }

  /// Whether a variable accompanies the fields: a coordinate, its bounds, a grid mapping, or a label along a dimension.
  private static func isCompany(
    _ variable: NetCDFVariable, of kept: [NetCDFDimension], versions: NetCDFDimension?, in dataset: CFDataset
  ) -> Bool {
    guard variable.type != .other, !variable.dimensions.contains(where: { $0 == versions || $0.length == 0 }),
      ![.data, .ancillary, .points].contains(dataset.role(of: variable))
    else { return false }
    // Bounds and texts have an additional dimension, which no field has.
    return variable.dimensions.first.map(kept.contains) ?? true
  }
}
