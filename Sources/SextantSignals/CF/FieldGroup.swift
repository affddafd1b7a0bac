// The choice of a file's variables as channels of its fields: the requested variables, or all that share a grid and
// field dimensions with the group that has the most fields.

import SextantConfiguration

/// Variables that share a grid and field dimensions.
struct FieldGroup {
  let variables: [NetCDFVariable]
  let grid: HorizontalGrid
  /// The non-horizontal dimensions, in the order of the first variable.
  let dimensions: [NetCDFDimension]
  /// ECMWF's dimension of final and preliminary versions, which are merged into one field.
  let versions: NetCDFDimension?
  /// The other variables that vary from field to field, where the group was chosen by default.
  private(set) var leftOut: [NetCDFVariable] = []

  /// The named variables, or a default choice if none are named.
  ///
  /// The default is, of all groups of data variables that share a grid and field dimensions, the one with the most
  /// fields, and the first in the file if several have equally many.
  static func choose(_ names: [String]?, in dataset: CFDataset, points: Bool) throws -> FieldGroup {
    guard let names, !names.isEmpty else {
      let wanted: VariableRole = points ? .points : .data
      let groups = dataset.file.variables.filter { dataset.role(of: $0) == wanted }
        .compactMap { FieldGroup($0, in: dataset) }
      var best: FieldGroup?
      for group in groups where group.fieldCount > (best?.fieldCount ?? -1) { best = group }
      guard let best else { throw dataset.noGridError(points: points) }
      var chosen = best.adding(groups.flatMap(\.variables), in: dataset)
      let names = Set(chosen.variables.map(\.name))
      chosen.leftOut = groups.filter { $0.fieldCount > 1 }.flatMap(\.variables).filter { !names.contains($0.name) }
      return chosen
    }
    var group: FieldGroup?
    for name in names {
      let candidates = dataset.griddedVariables.map(\.name)
      guard let variable = dataset.file.variable(name) else {
        throw NetCDFError.absentVariable(
          path: dataset.file.path, name: name, available: candidates,
          nearest: NameSuggestion.nearest(to: name, among: candidates))
      }
      guard variable.type.isNumeric, let single = FieldGroup(variable, in: dataset),
        points || single.grid.kind != .points
      else {
        throw NetCDFError.unusableVariable(
          path: dataset.file.path, variable: name, reason: dataset.reasonAgainst(variable))
      }
      if let present = group {
        if let reason = present.reasonAgainst(single) {
          throw NetCDFError.unlikeVariables(
            path: dataset.file.path, first: present.variables[0].name, second: name, reason: reason)
        }
        group = present.with(present.variables + [variable])
      } else {
        group = single
      }
    }
    guard let group else { throw dataset.noGridError(points: points) }
    return group
  }

  private init(
    variables: [NetCDFVariable], grid: HorizontalGrid, dimensions: [NetCDFDimension], versions: NetCDFDimension?
  ) {
    self.variables = variables
    self.grid = grid
    self.dimensions = dimensions
    self.versions = versions
  }

  private init?(_ variable: NetCDFVariable, in dataset: CFDataset) {
    guard let grid = dataset.horizontalGrid(of: variable) else { return nil }
    let others = variable.dimensions.filter { !grid.contains($0) }
    let versions = others.first { $0.name == "expver" }
    self.init(
      variables: [variable], grid: grid, dimensions: others.filter { $0 != versions }, versions: versions)
  }

  private var fieldCount: Int { dimensions.reduce(1) { $0 * $1.length } }

  private func with(_ variables: [NetCDFVariable]) -> FieldGroup {
    FieldGroup(variables: variables, grid: grid, dimensions: dimensions, versions: versions)
  }

  private func adding(_ others: [NetCDFVariable], in dataset: CFDataset) -> FieldGroup {
    let alike = others.filter { other in
      FieldGroup(other, in: dataset).map { reasonAgainst($0) == nil } ?? false
    }
    let names = Set((variables + alike).map(\.name))
    return with(dataset.file.variables.filter { names.contains($0.name) })
  }

  /// The reason why another group cannot be merged into this one; nil if it can.
  private func reasonAgainst(_ other: FieldGroup) -> String? {
    if !grid.isSame(as: other.grid) {
      return "they lie on different grids (\(grid.coordinateNames.joined(separator: " × ")) and "
        + "\(other.grid.coordinateNames.joined(separator: " × ")))."
    }
    if Set(dimensions) != Set(other.dimensions) {
      func list(_ dimensions: [NetCDFDimension]) -> String {
        "(\(dimensions.map { "\($0.name): \($0.length)" }.joined(separator: ", ")))"
      }
      return "they vary along different dimensions, \(list(dimensions)) and \(list(other.dimensions))."
    }
    return versions == other.versions ? nil : "only one of them has the dimension expver."
  }
}

extension CFDataset {
  /// The reason why a variable cannot be read as fields.
  func reasonAgainst(_ variable: NetCDFVariable) -> String {
    if !variable.type.isNumeric { return "it contains \(variable.type), not numbers." }
    let dimensions = variable.dimensions.map(\.name).joined(separator: ", ")
    if let grid = horizontalGrid(of: variable), grid.kind == .points {
      return "the coordinates \(grid.coordinateNames.joined(separator: " and ")) share the dimension "
        + "\(grid.rows.name): they are points, not a grid. Read them as a set of points."
    }
    return "the dimensions (\(dimensions)) do not include latitude and longitude. Expected coordinates with units "
      + "degrees_north and degrees_east, or standard_name latitude and longitude, along two of them."
  }

  /// The reason why the file has no fields.
  func noGridError(points: Bool) -> NetCDFError {
    let places = file.variables.filter { role(of: $0) == .points }
    if !points, let first = places.first {
      return .noGrid(path: file.path, reason: "variable \(first.name): \(reasonAgainst(first))")
    }
    let numeric = file.variables.filter { $0.type.isNumeric && $0.dimensions.count >= (points ? 1 : 2) }
    let coordinates = file.variables.compactMap { variable in
      coordinateRole(of: variable).flatMap {
        [.latitude, .longitude].contains($0) ? "\(variable.name) (\($0.rawValue))" : nil
      }
    }
    let found = coordinates.isEmpty ? "no latitude or longitude" : coordinates.joined(separator: ", ")
    let candidates = numeric.isEmpty ? "none" : NetCDFError.abridged(numeric.map(\.name))
    return .noGrid(
      path: file.path,
      reason: "expected a variable with latitude and longitude among its coordinates (units degrees_north and "
        + "degrees_east, or standard_name); found coordinates: \(found); variables with dimensions: \(candidates).")
  }
}
