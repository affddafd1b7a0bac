// The axes along which the messages of each variable lie: members, times, levels. Each valid time that occurs once is a
// place on one time axis, whatever its forecast started from; forecasts that overlap have two axes, the start and the
// step. Variables with equal axes share them, so that they can be channels of one field.

/// The axes of the variables of a GRIB file.
struct GRIBAxes {
  /// What an axis distinguishes.
  enum Role: Sendable, Hashable { case member, time, reference, step, level }

  /// An axis, with its coordinate.
  struct Axis: Sendable {
    var name: String
    let role: Role
    let values: [Double]
    let attributes: [(String, String)]
    private let places: [Double: Int]

    init(_ role: Role, _ name: String, _ values: [Double], _ attributes: [(String, String)]) {
      (self.role, self.name, self.values, self.attributes) = (role, name, values, attributes)
      places = Dictionary(zip(values, values.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The index of a message along the axis.
    func place(of entry: GRIBIndex.Entry) -> Int {
      let value =
        switch role {
        case .member: Double(entry.member)
        case .time: entry.valid
        case .reference: entry.reference
        case .step: entry.valid - entry.reference
        case .level: entry.level
        }
      return places[value] ?? 0
    }
  }

  /// A variable and its axes, outermost first.
  struct PlacedVariable: Sendable {
    let key: GRIBIndex.VariableKey
    let name: String
    let axes: [Axis]
  }

  /// A coordinate that is no axis of its own.
  struct Auxiliary {
    let name: String
    let axes: [String]
    let values: [Double]
    let attributes: [(String, String)]
  }

  private(set) var all: [Axis] = []
  private(set) var variables: [PlacedVariable] = []
  private(set) var auxiliary: [Auxiliary] = []
  /// Coordinates that all fields share.
  private(set) var scalars: [Auxiliary] = []

  init(_ index: GRIBIndex) {
    for key in index.variables {
      let entries = index.entries.filter { $0.variable == key }
      let axes = Self.axes(of: entries, levelType: key.levelType).map { share($0) }
      variables.append(PlacedVariable(key: key, name: Self.name(of: key, among: index.variables), axes: axes))
      addTimes(along: axes, entries)
    }
    let levels = Set(index.entries.map { [$0.variable.levelType, "\($0.level)"] })
    if levels.count == 1, let entry = index.entries.first, Self.isPressure(entry.variable.levelType) {
      scalars = [
        Auxiliary(
          name: entry.variable.levelType, axes: [], values: [entry.level],
          attributes: Self.levelAttributes(entry.variable.levelType))
      ]
    }
  }

  /// The indices of a message along axes.
  func place(of entry: GRIBIndex.Entry, along axes: [Axis]) -> [Int] { axes.map { $0.place(of: entry) } }

  private static func axes(of entries: [GRIBIndex.Entry], levelType: String) -> [Axis] {
    func distinct(_ values: [Double]) -> [Double] { Set(values).sorted() }
    var axes: [Axis] = []
    let members = distinct(entries.map { Double($0.member) })
    if members.count > 1 {
      axes.append(
        Axis(.member, "number", members, [("standard_name", "realization"), ("long_name", "ensemble member"), ("units", "1")]))
    }
    let pairs = Set(entries.map { SIMD2($0.reference, $0.valid) })
    let times = distinct(entries.map(\.valid))
    let since = ("units", "hours since 1900-01-01 00:00:00")
    if times.count == pairs.count {
      axes.append(
        Axis(.time, "time", times, [("standard_name", "time"), since, ("calendar", "standard"), ("axis", "T")]))
    } else {
      axes.append(
        Axis(
          .reference, "reference_time", distinct(entries.map(\.reference)),
          [("standard_name", "forecast_reference_time"), since, ("calendar", "standard")]))
      axes.append(
        Axis(
          .step, "step", distinct(entries.map { $0.valid - $0.reference }),
          [("standard_name", "forecast_period"), ("units", "hours")]))
    }
    let levels = distinct(entries.map(\.level))
    if levels.count > 1 {
      axes.append(
        Axis(.level, levelType, isPressure(levelType) ? levels.reversed() : levels, levelAttributes(levelType)))
    }
    return axes
  }

  private static func isPressure(_ levelType: String) -> Bool { levelType.hasPrefix("isobaricIn") }

  private static func levelAttributes(_ levelType: String) -> [(String, String)] {
    let own: [(String, String)] =
      switch levelType {
      case "isobaricInhPa": [("standard_name", "air_pressure"), ("units", "hPa"), ("positive", "down")]
      case "isobaricInPa": [("standard_name", "air_pressure"), ("units", "Pa"), ("positive", "down")]
      case "heightAboveGround": [("standard_name", "height"), ("units", "m"), ("positive", "up")]
      case "heightAboveSea": [("standard_name", "altitude"), ("units", "m"), ("positive", "up")]
      case "depthBelowLand", "depthBelowSea": [("standard_name", "depth"), ("units", "m"), ("positive", "down")]
      case "hybrid":
        [("standard_name", "atmosphere_hybrid_sigma_pressure_coordinate"), ("units", "1"), ("positive", "down")]
      default: [("units", "1"), ("positive", "up")]
      }
    return own + [("long_name", levelType), ("axis", "Z")]
  }

  /// The name of a variable, with its kind of level or of step where another has the same name.
  private static func name(of key: GRIBIndex.VariableKey, among all: [GRIBIndex.VariableKey]) -> String {
    let alike = all.filter { $0.name == key.name }
    guard alike.count > 1, alike.first != key else { return key.name }
    let isOtherLevel = !alike.contains { $0 != key && $0.levelType == key.levelType }
    return "\(key.name)_\(isOtherLevel ? key.levelType : "\(key.levelType)_\(key.stepType)")"
  }

  /// An axis equal to a new one, or the new one under a name that no other has.
  private mutating func share(_ axis: Axis) -> Axis {
    if let known = all.first(where: { $0.role == axis.role && $0.values == axis.values && $0.attributes.elementsEqual(axis.attributes, by: ==) }) {
      return known
    }
    var (result, number) = (axis, 2)
    while all.contains(where: { $0.name == result.name }) {
      result.name = "\(axis.name)_\(number)"
      number += 1
    }
    all.append(result)
    return result
  }

  /// The starts of the forecasts along a time axis, or the times along starts and steps.
  private mutating func addTimes(along axes: [Axis], _ entries: [GRIBIndex.Entry]) {
    let since: [(String, String)] = [("units", "hours since 1900-01-01 00:00:00"), ("calendar", "standard")]
    func add(_ name: String, _ axes: [String], _ values: [Double], _ attributes: [(String, String)]) {
      guard !auxiliary.contains(where: { $0.name == name }) else { return }
      auxiliary.append(Auxiliary(name: name, axes: axes, values: values, attributes: attributes))
    }
    if let time = axes.first(where: { $0.role == .time }) {
      guard entries.contains(where: { $0.valid != $0.reference }) else { return }
      let references = Dictionary(entries.map { ($0.valid, $0.reference) }, uniquingKeysWith: { first, _ in first })
      let starts = time.values.map { references[$0] ?? $0 }
      add(
        "forecast_reference_time\(time.name.dropFirst(4))", [time.name], starts,
        [("standard_name", "forecast_reference_time")] + since)
      add(
        "forecast_period\(time.name.dropFirst(4))", [time.name], zip(time.values, starts).map { $0 - $1 },
        [("standard_name", "forecast_period"), ("units", "hours")])
    }
    if let reference = axes.first(where: { $0.role == .reference }), let step = axes.first(where: { $0.role == .step }) {
      add(
        "valid_time\(reference.name.dropFirst(14))", [reference.name, step.name],
        reference.values.flatMap { start in step.values.map { start + $0 } }, [("standard_name", "time")] + since)
    }
  }
}
