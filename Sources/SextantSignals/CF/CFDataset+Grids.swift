// Grids that latitudes and longitudes alone do not tell: meshes, HEALPix cells, and map projections; and the difference
// between the cells of a grid and stations, which have the same coordinates.

extension CFDataset {
  /// The grid mapping that a variable names.
  func gridMapping(of variable: NetCDFVariable) -> NetCDFVariable? {
    // The long form is "mapping: x y".
    guard let word = variable.words("grid_mapping").first else { return nil }
    return resolve(word.hasSuffix(":") ? String(word.dropLast()) : word, from: variable)
  }

  /// The nodes or faces of the UGRID mesh of a variable.
  func meshGrid(of variable: NetCDFVariable) -> HorizontalGrid? {
    guard let topology = MeshTopologyVariables(of: variable, in: self) else { return nil }
    return HorizontalGrid(
      .cells, places: .topology(topology), coordinates: topology.coordinates, rows: topology.dimension,
      columns: topology.dimension)
  }

  /// The HEALPix cells of a variable: those of its grid mapping, or of the only one of the file if the numbers of cells
  /// agree.
  func healpixGrid(of variable: NetCDFVariable) -> HorizontalGrid? {
    let own = gridMapping(of: variable)
    let mappings = own.map { [$0] } ?? file.variables
    guard let mapping = mappings.first(where: HEALPixCells.isHEALPix), let last = variable.dimensions.last else {
      return nil
    }
    func numbers(_ dimension: NetCDFDimension) -> NetCDFVariable? {
      guard let index = coordinateVariable(of: dimension, for: variable), index.type.isNumeric,
        coordinateRole(of: index) == nil
      else { return nil }
      return index
    }
    let whole = variable.dimensions.last { $0.length == HEALPixCells.cellCount(mapping) }
    let indexed = variable.dimensions.last { dimension in
      let index = numbers(dimension)
      return index?.text("standard_name") == "healpix_index"
        || (index != nil && ["cell", "cells", "healpix", "healpix_index", "pix", "pixel"].contains(dimension.name.lowercased()))
    }
    guard own != nil || whole != nil, variable.name != mapping.name else { return nil }
    let dimension = indexed ?? whole ?? last
    return HorizontalGrid(
      .cells, places: .mapping(mapping), coordinates: numbers(dimension).map { [$0] } ?? [], rows: dimension,
      columns: dimension)
  }

  /// The grid of a variable whose coordinate variables lie in the plane of a map.
  func projectedGrid(of variable: NetCDFVariable, coordinates: [NetCDFVariable]) -> HorizontalGrid? {
    guard let mapping = gridMapping(of: variable) else { return nil }
    func coordinate(_ name: String) -> NetCDFVariable? {
      coordinates.first { $0.text("standard_name")?.hasPrefix("projection_\(name)_") == true }
        ?? coordinates.first {
          $0.text("standard_name") == nil && ($0.text("axis")?.lowercased() == name || $0.baseName.lowercased() == name)
        }
    }
    guard let y = coordinate("y"), let x = coordinate("x"), y.type.isNumeric, x.type.isNumeric else { return nil }
    return HorizontalGrid(
      .projected, places: .mapping(mapping), coordinates: [y, x], rows: y.dimensions[0], columns: x.dimensions[0])
  }

  /// Whether places along one dimension are the cells of a grid. CF demands that files of stations and tracks say so
  /// (`featureType`, `cf_role`); names and times along the places tell them, too. Without any of this, a grid says so by
  /// the bounds of its cells, the attributes of its program, or the name that its model gives to the dimension.
  func areCells(of variable: NetCDFVariable, _ grid: HorizontalGrid) -> Bool {
    let stations = ["timeseries_id", "profile_id", "trajectory_id"]
    let areStations =
      file.text("featureType") != nil || file.text("cdm_data_type") != nil
      || file.variables.contains { other in
        if stations.contains(other.text("cf_role") ?? "") { return true }
        guard other.dimensions.first == grid.rows, !grid.coordinateNames.contains(other.name) else { return false }
        return [.character, .string].contains(other.type) || coordinateRole(of: other) == .time
      }
    if areStations { return false }
    let latitude = grid.coordinates[0]
    let bounds = latitude.text("bounds").flatMap { resolve($0, from: latitude) }
    return (bounds?.shape.last ?? 0) >= 3
      || ["CDI_grid_type", "GRIB_gridType", "cell_measures"].contains { variable.text($0) != nil }
      || variable.text("cell_methods")?.contains("area:") == true
      || ["uuidOfHGrid", "grid_file_uri", "number_of_grid_used"].contains { name in
        file.attributes.contains { $0.name == name }
      }
      || Self.cellDimensions.contains(grid.rows.name.lowercased())
  }

  /// What models call the dimension of their cells.
  private static let cellDimensions: Set = [
    "cell", "cells", "ncells", "ncell", "ncells_2", "ncol", "ncols", "nod2", "nod2d", "nodes_2d", "nodes", "node", "elem",
    "nelem", "ncells_ocean", "rgrid", "reduced_points", "values", "grid_size", "gridpoints", "nmesh2d_face",
  ]
}
