// The variables of a file sorted by their role under CF: data, coordinates, bounds, grid mappings and other auxiliary
// variables. It determines which variables are on a grid, without reading values.

/// The role of a variable, as shown by `sextant inspect`.
public enum VariableRole: String, Sendable, Codable {
  case data, latitude, longitude, time, vertical, realization, coordinate, bounds
  case gridMapping = "grid mapping"
  case ancillary
  case points = "data at points"
  case other
}

/// A file interpreted under the CF conventions.
struct CFDataset: Sendable {
  let file: NetCDFFile
  private let roles: [String: CoordinateRole]
  private let boundsNames: Set<String>
  private let gridMappingNames: Set<String>
  private let ancillaryNames: Set<String>
  private let coordinateNames: Set<String>
  /// The variables that make up meshes: their topology, their nodes, the corners of their faces.
  let topologyNames: Set<String>
  /// Variables that serve others by their attributes or their names, in files that have others.
  private var supportingNames: Set<String> = []

  init(_ file: NetCDFFile) {
    self.file = file
    func named(by attributes: [String], skippingKeys: Bool = false) -> Set<String> {
      var names: Set<String> = []
      for variable in file.variables {
        for word in attributes.flatMap({ variable.words($0) }) where !(skippingKeys && word.hasSuffix(":")) {
          if let target = Self.resolve(word.hasSuffix(":") ? String(word.dropLast()) : word, from: variable, in: file) {
            names.insert(target.name)
          }
        }
      }
      return names
    }
    var bounds = named(by: ["bounds", "climatology"])
    // Bounds that are not declared: the usual name, and one more dimension than their coordinate.
    for variable in file.variables {
      for suffix in ["_bnds", "_bounds", "_bnd"] where variable.baseName.hasSuffix(suffix) {
        let name = String(variable.name.dropLast(suffix.count))
        if let owner = file.variable(name), owner.dimensions.count + 1 == variable.dimensions.count {
          bounds.insert(variable.name)
        }
      }
    }
    boundsNames = bounds
    gridMappingNames = named(by: ["grid_mapping"]).union(
      file.variables.filter { $0.attribute("grid_mapping_name") != nil }.map(\.name))
    ancillaryNames = named(by: ["ancillary_variables", "cell_measures"], skippingKeys: true)
    coordinateNames = named(by: ["coordinates"])
    let meshes = file.variables.filter { $0.text("cf_role") == "mesh_topology" }
    topologyNames = Set(
      meshes.flatMap { mesh in
        [mesh.name] + MeshTopologyVariables.companions(of: mesh).compactMap { Self.resolve($0, from: mesh, in: file)?.name }
      })
    roles = Dictionary(
      file.variables.compactMap { variable in
        bounds.contains(variable.name) ? nil : CoordinateRole(of: variable).map { (variable.name, $0) }
      }, uniquingKeysWith: { first, _ in first })
    let supporting = file.variables.filter(Self.servesOthers)
    if !supporting.isEmpty, file.variables.contains(where: { !Self.servesOthers($0) && role(of: $0) == .data }) {
      supportingNames = Set(supporting.map(\.name))
    }
  }

  /// Whether a variable says something of other variables: a flag, an error, a time difference.
  static func servesOthers(_ variable: NetCDFVariable) -> Bool {
    if FlagMeanings(of: variable) != nil { return true }
    let standardName = (variable.text("standard_name") ?? "").lowercased()
    let modifiers = [" standard_error", " number_of_observations", " detection_minimum"]
    let isModified = modifiers.contains(where: standardName.hasSuffix)
    if isModified || standardName.hasSuffix("status_flag") || standardName.hasSuffix("quality_flag") { return true }
    let name = variable.baseName.lowercased()
    return name.hasPrefix("sses_") || name.hasPrefix("flag_")
      || [
        "_dtime", "_error", "_uncertainty", "_stderr", "_stdev", "_stddev", "_quality", "_quality_level", "_qc", "_flag",
        "_flags",
      ].contains(where: name.hasSuffix)
  }

  func coordinateRole(of variable: NetCDFVariable) -> CoordinateRole? { roles[variable.name] }

  /// The variable to which `name` refers in an attribute of `variable`: in the same group, or the nearest one above.
  func resolve(_ name: String, from variable: NetCDFVariable) -> NetCDFVariable? {
    Self.resolve(name, from: variable, in: file)
  }

  private static func resolve(
    _ name: String, from variable: NetCDFVariable, in file: NetCDFFile
  ) -> NetCDFVariable? {
    if name.hasPrefix("/") { return file.variable(String(name.dropFirst())) }
    var groups = variable.name.split(separator: "/").dropLast().map(String.init)
    while true {
      if let found = file.variable((groups + [name]).joined(separator: "/")) { return found }
      if groups.popLast() == nil { return nil }
    }
  }

  /// The coordinate variable of a dimension, as seen from `variable`.
  func coordinateVariable(of dimension: NetCDFDimension, for variable: NetCDFVariable) -> NetCDFVariable? {
    let found = resolve(dimension.name, from: variable)
    return found?.dimensions == [dimension] ? found : nil
  }

  /// The horizontal grid of a variable: that of its mesh or its HEALPix cells; else its coordinate variables, else those
  /// in its `coordinates` attribute, else any variables of the file that share its dimensions; else the coordinates of
  /// its grid mapping.
  func horizontalGrid(of variable: NetCDFVariable) -> HorizontalGrid? {
    if let grid = meshGrid(of: variable) ?? healpixGrid(of: variable) { return grid }
    let own = variable.dimensions.compactMap { coordinateVariable(of: $0, for: variable) }
    let named = variable.words("coordinates").compactMap { resolve($0, from: variable) }
    for candidates in [own, own + named, file.variables] {
      let latitudes = candidates.filter { roles[$0.name] == .latitude }
      let longitudes = candidates.filter { roles[$0.name] == .longitude }
      let grids = latitudes.flatMap { latitude in
        longitudes.compactMap {
          HorizontalGrid(latitude: latitude, longitude: $0, dimensions: variable.dimensions)
        }
      }
      if let grid = grids.first(where: { $0.kind != .points }) ?? grids.first {
        return grid.kind == .points && areCells(of: variable, grid) ? grid.asCells : grid
      }
    }
    return rotatedGrid(of: variable, coordinates: own) ?? projectedGrid(of: variable, coordinates: own)
  }

  /// The grid of a variable whose coordinate variables refer to the rotated pole of its grid mapping.
  private func rotatedGrid(of variable: NetCDFVariable, coordinates: [NetCDFVariable]) -> HorizontalGrid? {
    func named(_ name: String) -> NetCDFVariable? { coordinates.first { $0.text("standard_name") == name } }
    guard let pole = gridMapping(of: variable).flatMap(RotatedPole.init), let latitude = named("grid_latitude"),
      let longitude = named("grid_longitude")
    else { return nil }
    return HorizontalGrid(latitude: latitude, longitude: longitude, pole: pole, dimensions: variable.dimensions)
  }

  /// The role of a variable.
  func role(of variable: NetCDFVariable) -> VariableRole {
    if boundsNames.contains(variable.name) { return .bounds }
    if gridMappingNames.contains(variable.name) { return .gridMapping }
    if topologyNames.contains(variable.name), ![.latitude, .longitude].contains(roles[variable.name]) {
      return .coordinate
    }
    switch roles[variable.name] {
    case .latitude: return .latitude
    case .longitude: return .longitude
    case .time where !isField(variable): return .time
    case .vertical where !isField(variable): return .vertical
    case .realization where !isField(variable): return .realization
    default: break
    }
    if variable.isCoordinateVariable || coordinateNames.contains(variable.name) { return .coordinate }
    guard variable.type.isNumeric, let grid = horizontalGrid(of: variable) else {
      return variable.dimensions.count <= 1 ? .coordinate : .other
    }
    if grid.kind == .points, variable.text("cf_role") != nil { return .coordinate }
    if grid.kind == .points { return ancillaryNames.contains(variable.name) ? .ancillary : .points }
    return ancillaryNames.contains(variable.name) || supportingNames.contains(variable.name) ? .ancillary : .data
  }

  private func isField(_ variable: NetCDFVariable) -> Bool {
    variable.dimensions.count >= 2 && horizontalGrid(of: variable).map { $0.kind != .points } ?? false
  }

  /// All variables on a grid, including auxiliary ones.
  var griddedVariables: [NetCDFVariable] {
    file.variables.filter { [.data, .ancillary].contains(role(of: $0)) }
  }
}

extension CFDataset {
  /// The variables on a grid whose flags tell good values from bad ones.
  var qualityVariables: [QualityVariable] {
    griddedVariables.compactMap { variable in
      guard let meanings = FlagMeanings(of: variable), let proposal = meanings.proposal(for: variable.name) else {
        return nil
      }
      return QualityVariable(name: variable.name, meanings: meanings, proposal: proposal)
    }
  }
}
