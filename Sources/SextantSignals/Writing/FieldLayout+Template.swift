// The layout of a file that corresponds to a template: the same dimensions in the same order, and exactly the same
// coordinates with their bounds and attributes, restricted to the selected fields. On another grid, this applies to
// everything but the horizontal axes.

import SextantGeometry

extension FieldLayout {
  /// The layout of the fields of `source`, whose file is opened for copying, on its own grid or on `other`.
  init(template source: GriddedFile, on other: GridAxes? = nil) throws {
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
      for (dimension, use) in pairs where !kept.contains(dimension) && (other == nil || !use.isHorizontal) {
        kept.append(dimension)
      }
      let placed = pairs.map { (Self.layout($0.0, of: source), $0.1) }
      let own = other.map { Self.replacingGrid(of: placed, by: $0) } ?? placed
      channels.append(ChannelLayout(source: variable, dimensions: own.map(\.0), uses: own.map(\.1)))
    }
    var dimensions = kept.map { Self.layout($0, of: source) } + (other.map(Self.dimensions) ?? [])
    let versions = source.group.channels.first.flatMap { plan in
      plan.uses.firstIndex(of: .version).flatMap { file.variable(plan.name)?.dimensions[$0] }
    }
    var coordinates: [LayoutCoordinate] = []
    for variable in file.variables where Self.isCompany(variable, of: kept, versions: versions, in: dataset) {
      if other != nil, Self.isHorizontal(variable, on: grid, in: dataset) { continue }
      for dimension in variable.dimensions where !dimensions.contains(where: { $0.name == dimension.name }) {
        dimensions.append(LayoutDimension(name: dimension.name, length: dimension.length))
      }
      coordinates.append(
        .copied(variable, places: variable.dimensions.map { Self.places(along: $0, of: source) }))
    }
    self.init(
      dimensions: dimensions, coordinates: coordinates + (other.map(Self.coordinates) ?? []), channels: channels,
      fieldLengths: source.dimensions.map(\.selected.count), rows: other?.rows ?? source.grid.rows,
      columns: other?.columns ?? source.grid.columns, template: file,
      droppedAttributes: other == nil ? [] : ["grid_mapping", "featureType", "CF:featureType"])
  }

  /// The dimensions of a variable with latitude and longitude in place of its horizontal dimensions.
  private static func replacingGrid(
    of dimensions: [(LayoutDimension, DimensionUse)], by grid: GridAxes
  ) -> [(LayoutDimension, DimensionUse)] {
    let horizontal = Self.dimensions(of: grid)
    // Points have one dimension, grids have two. On a grid, fields come first, as most programs want it.
    guard dimensions.contains(where: { $0.1 == .column }) else {
      return dimensions.filter { !$0.1.isHorizontal } + [(horizontal[0], .row), (horizontal[1], .column)]
    }
    return dimensions.flatMap { dimension, use -> [(LayoutDimension, DimensionUse)] in
      switch use {
      case .row: [(horizontal[0], .row)]
      case .column: [(horizontal[1], .column)]
      case .field, .version: [(dimension, use)]
      }
    }
  }

  /// Whether a variable describes or contains the horizontal axes.
  private static func isHorizontal(_ variable: NetCDFVariable, on grid: HorizontalGrid, in dataset: CFDataset) -> Bool {
    dataset.role(of: variable) == .gridMapping
      || [.latitude, .longitude].contains(dataset.coordinateRole(of: variable))
      || variable.dimensions.contains { $0 == grid.rows || $0 == grid.columns }
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
