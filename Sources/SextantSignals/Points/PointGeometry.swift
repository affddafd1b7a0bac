// The discrete sampling geometries of CF 1.8, chapter 9 and appendix H: which variables are observations, and where the
// place, the time and the level of each observation stand. Orthogonal and incomplete arrays, and contiguous, indexed
// and nested ragged arrays, are one thing here: each coordinate lies along some dimensions, and every element of a
// variable has an index along each of them, directly or through the arrays of counts and indices.

import SextantGeometry

/// The observations of a NetCDF file.
struct PointGeometry {
  /// The observed variables (C).
  let variables: [NetCDFVariable]
  private let dataset: CFDataset
  private let latitude: NetCDFVariable
  private let longitude: NetCDFVariable
  private let time: NetCDFVariable?
  private let level: NetCDFVariable?
  private let map: InstanceMap

  private var file: NetCDFFile { dataset.file }

  /// Whether a file says that it holds observations at places: by its feature type, by an identity of stations or
  /// profiles, by ragged arrays, or by names along the dimension of its places.
  static func isDeclared(inFileAt path: String) -> Bool {
    guard FileKind.isNetCDF(at: path), let file = try? NetCDFFile(path: path) else { return false }
    let dataset = CFDataset(file)
    if let type = file.text("featureType") ?? file.text("CF:featureType") {
      // Fields on a grid that were made of observations may have kept the word.
      let roles = file.variables.map { dataset.role(of: $0) }
      return featureTypes.contains(type.lowercased()) && (!roles.contains(.data) || roles.contains(.points))
    }
    if file.variables.contains(where: {
      $0.text("cf_role").map { $0.hasSuffix("_id") && !$0.hasPrefix("mesh") } ?? false || $0.text("sample_dimension") != nil
        || $0.text("instance_dimension") != nil
    }) {
      return true
    }
    return file.variables.contains { variable in
      guard dataset.role(of: variable) == .points, let grid = dataset.horizontalGrid(of: variable) else { return false }
      let names = file.variables.filter { [.string, .character].contains($0.type) && $0.dimensions.first == grid.rows }
      return !names.isEmpty || dimensionNames.contains(grid.rows.name.lowercased())
    }
  }

  private static let featureTypes: Set = [
    "point", "timeseries", "trajectory", "profile", "timeseriesprofile", "trajectoryprofile",
  ]
  private static let dimensionNames: Set = [
    "station", "stations", "obs", "observation", "observations", "site", "sites", "profile", "profiles", "n_prof", "trajectory",
    "platform", "buoy", "buoys",
  ]

  /// Throws ``SignalFormatError/unusablePlaces(path:reason:)`` for a file without latitudes and longitudes, and for those
  /// that do not exist.
  static func checkPlaces(in dataset: CFDataset) throws {
    let (file, path) = (dataset.file, dataset.file.path)
    func find(_ role: CoordinateRole) throws -> NetCDFVariable {
      if let found = file.variables.first(where: { dataset.coordinateRole(of: $0) == role }) { return found }
      throw SignalFormatError.unusablePlaces(
        path: path,
        reason: "the file is one of observations\(file.text("featureType").map { " (featureType \($0))" } ?? ""), but no variable is a \(role.rawValue): expected units degrees_\(role == .latitude ? "north" : "east") or the standard_name \(role.rawValue). Found \(NetCDFError.abridged(file.variables.map(\.name))).")
    }
    let (latitude, longitude) = (try find(.latitude), try find(.longitude))
    guard latitude.dimensions == longitude.dimensions else { return }
    let places = zip(try degrees(latitude, in: file), try degrees(longitude, in: file)).map {
      GeographicPoint(latitude: $0, longitude: $1)
    }
    try PointPlaces.check(places, path: path) { "place number \($0 + 1)" }
  }

  /// Finds the observations of a file.
  ///
  /// - Parameter names: the variables, in this order; nil for all that are observations.
  /// - Throws: ``NetCDFError`` for a variable that does not exist or has no places, and
  ///   ``SignalFormatError/unusablePlaces(path:reason:)``.
  init(in dataset: CFDataset, variables names: [String]?) throws {
    self.dataset = dataset
    let file = dataset.file
    map = InstanceMap(file)
    let map = map
    func along(_ variable: NetCDFVariable, _ role: CoordinateRole) -> NetCDFVariable? {
      let named = variable.words("coordinates").compactMap { dataset.resolve($0, from: variable) }
      return (named + file.variables).first {
        dataset.coordinateRole(of: $0) == role && map.reaches($0.dimensions, from: variable.dimensions)
      }
    }
    let candidates = Self.candidates(in: dataset).filter {
      along($0, .latitude) != nil && along($0, .longitude) != nil
    }
    var chosen: [NetCDFVariable] = []
    for name in names ?? [] {
      guard let variable = file.variable(name) else {
        throw NetCDFError.absentVariable(path: file.path, name: name, available: candidates.map(\.name), nearest: nil)
      }
      guard variable.type.isNumeric, along(variable, .latitude) != nil, along(variable, .longitude) != nil else {
        throw NetCDFError.unusableVariable(
          path: file.path, variable: name,
          reason: "it has no places: expected a latitude and a longitude along its dimensions (\(variable.dimensions.map(\.name).joined(separator: ", "))).")
      }
      chosen.append(variable)
    }
    if names == nil {
      // The variables with the dimensions that most have.
      let counts = candidates.map { own in candidates.count { $0.dimensions == own.dimensions } }
      let best = counts.max()
      if let first = zip(candidates, counts).first(where: { $0.1 == best })?.0 {
        chosen = candidates.filter { $0.dimensions == first.dimensions }
      }
      let all = chosen.map(\.name)
      chosen = chosen.filter { !NoiseNaming.isNoise($0.name, among: all) }
    }
    guard let first = chosen.first, let latitude = along(first, .latitude), let longitude = along(first, .longitude) else {
      throw SignalFormatError.unusablePlaces(
        path: file.path, reason: "no variable holds observations with a latitude and a longitude. Found \(NetCDFError.abridged(file.variables.map(\.name))).")
    }
    for other in chosen where other.dimensions != first.dimensions {
      throw NetCDFError.unlikeVariables(
        path: file.path, first: first.name, second: other.name,
        reason: "they lie along different dimensions, (\(first.dimensions.map(\.name).joined(separator: ", "))) and (\(other.dimensions.map(\.name).joined(separator: ", "))).")
    }
    (variables, self.latitude, self.longitude) = (chosen, latitude, longitude)
    time = along(first, .time)
    level = file.variables.first { variable in
      !chosen.contains { $0.name == variable.name } && Self.isLevel(variable) && !variable.dimensions.isEmpty
        && map.reaches(variable.dimensions, from: first.dimensions)
    }
  }

  /// Whether observations have places, times or levels that differ from one observation to the next, instead of stations
  /// times common times.
  var hasOwnTimes: Bool {
    guard let first = variables.first else { return false }
    guard latitude.dimensions == longitude.dimensions, latitude.dimensions.count == 1,
      first.dimensions.contains(latitude.dimensions[0])
    else { return true }
    return [time, level].contains { coordinate in
      guard let coordinate, !coordinate.dimensions.isEmpty else { return false }
      return coordinate.dimensions.contains(latitude.dimensions[0])
        || !coordinate.dimensions.allSatisfy(first.dimensions.contains)
    }
  }

  /// All observations of the variables.
  func observations() throws -> PointObservations {
    let dimensions = variables[0].dimensions
    let places = zip(
      try map.expand(Self.degrees(latitude, in: file), along: latitude.dimensions, to: dimensions),
      try map.expand(Self.degrees(longitude, in: file), along: longitude.dimensions, to: dimensions)
    ).map { GeographicPoint(latitude: $0, longitude: $1) }
    func coordinate(_ variable: NetCDFVariable?) throws -> FieldCoordinate? {
      try variable.map { try FieldCoordinate($0, role: dataset.coordinateRole(of: $0), in: file) }
    }
    let (times, levels) = (try coordinate(time), try coordinate(level))
    var observations = PointObservations(
      path: file.path, places: places,
      times: try times?.times.map { try map.expand($0, along: time?.dimensions ?? [], to: dimensions) },
      level: try levels.map { ($0.name, try map.expand($0.texts, along: level?.dimensions ?? [], to: dimensions)) },
      variables: variables.map {
        Variable(
          name: $0.name, units: $0.text("units") ?? "", standardName: $0.text("standard_name"), longName: $0.text("long_name"),
          cellMethods: $0.text("cell_methods"))
      }, values: try variables.map(numbers))
    for other in file.variables
    where other.type.isNumeric && other.dimensions == dimensions && !variables.contains(where: { $0.name == other.name }) {
      observations.companions[other.name] = try numbers(other)
    }
    return observations
  }

  private func numbers(_ variable: NetCDFVariable) throws -> [Float] {
    let decoder = try ValueDecoder(variable, in: file)
    return try file.rawValues(of: variable, start: variable.shape.map { _ in 0 }, count: variable.shape)
      .map { Float(decoder.decode($0)) }
  }

  /// Numeric variables that may be observations: no coordinates, counts, indices, flags or bounds.
  private static func candidates(in dataset: CFDataset) -> [NetCDFVariable] {
    let file = dataset.file
    let named = Set(file.variables.flatMap { $0.words("coordinates") })
    return file.variables.filter { variable in
      variable.type.isNumeric && !variable.dimensions.isEmpty && !variable.isCoordinateVariable
        && dataset.coordinateRole(of: variable) == nil && !isLevel(variable) && !named.contains(variable.baseName)
        && ![.bounds, .gridMapping, .ancillary].contains(dataset.role(of: variable))
        && ["cf_role", "sample_dimension", "instance_dimension"].allSatisfy { variable.text($0) == nil }
        && !CFDataset.servesOthers(variable)
    }
  }

  /// Whether a variable gives the level of observations.
  private static func isLevel(_ variable: NetCDFVariable) -> Bool {
    variable.type.isNumeric
      && (variable.text("axis")?.uppercased() == "Z" || ["up", "down"].contains(variable.text("positive")?.lowercased()))
  }

  private static func degrees(_ variable: NetCDFVariable, in file: NetCDFFile) throws -> [Double] {
    let values = try file.values(of: variable)
    let isRadian = ["radian", "radians", "rad"].contains((variable.text("units") ?? "").lowercased())
    return isRadian ? values.map { $0 * 180 / .pi } : values
  }
}
