// All coordinates that distinguish the fields of a variable, including the main time, and the resulting labels. Every
// variable along field dimensions is used, whether or not a `coordinates` attribute names it.

import SextantConfiguration

/// The coordinates of a set of fields.
struct FieldCoordinates: Sendable {
  let all: [FieldCoordinate]
  /// The time for which the fields are valid.
  let time: FieldCoordinate?
  /// The coordinate that gives months, if there is no time or it was chosen instead of the time.
  let month: FieldCoordinate?
  /// Dimensions without a coordinate; their indices become labels.
  let bareDimensions: [NetCDFDimension]
  /// The other names of the coordinates in labels; see ``FieldLabel/aliases``.
  private let aliases: [String: String]

  init(
    of variables: [NetCDFVariable], along dimensions: [FieldDimension], grid: HorizontalGrid,
    monthVariable: String?, in dataset: CFDataset
  ) throws {
    let fieldDimensions = Set(dimensions.map(\.dimension))
    let named = Set(
      variables.flatMap { variable in
        variable.words("coordinates").compactMap { dataset.resolve($0, from: variable)?.name }
      })
    all = try dataset.file.variables.compactMap { variable in
      guard !grid.coordinateNames.contains(variable.name) else { return nil }
      let role = dataset.coordinateRole(of: variable)
      guard ![.bounds, .gridMapping, .data, .ancillary].contains(dataset.role(of: variable)),
        ![.latitude, .longitude].contains(role), variable.type != .other
      else { return nil }
      let own = variable.type == .character ? variable.dimensions.dropLast() : variable.dimensions[...]
      if own.isEmpty {
        guard named.contains(variable.name) || role != nil else { return nil }
      } else {
        guard own.allSatisfy(fieldDimensions.contains) else { return nil }
      }
      return try FieldCoordinate(variable, role: role, in: dataset.file)
    }
    time = Self.mainTime(all)
    month = try Self.monthCoordinate(all, named: monthVariable, hasTime: time != nil, path: dataset.file.path)
    aliases = Self.aliases(of: all, time: time?.name)
    let described = Set(all.filter { $0.dimensions.count == 1 }.flatMap(\.dimensions))
    bareDimensions = dimensions.map(\.dimension).filter { !described.contains($0) && $0.length > 1 }
  }

  /// The label of the field at the given indices.
  func label(at places: [Int], along dimensions: [FieldDimension]) -> FieldLabel {
    var label = FieldLabel()
    label.aliases = aliases
    for coordinate in all {
      let index = coordinate.index(at: places, along: dimensions)
      if coordinate.name == time?.name {
        let moment = coordinate.times?[index]
        (label.month, label.yearFraction, label.time) = (moment?.month, moment?.yearFraction, moment?.text)
        label.day = moment?.elapsedDays
      } else {
        label.coordinates[coordinate.name] = coordinate.texts[index]
      }
    }
    if let month {
      let number = month.numbers?[month.index(at: places, along: dimensions)] ?? .nan
      label.month = (1...12).contains(number) ? Int(number) : nil
      if label.month == nil { label.yearFraction = nil }
    }
    for dimension in bareDimensions {
      if let i = dimensions.firstIndex(where: { $0.dimension == dimension }) {
        label.coordinates[dimension.name] = String(places[i])
      }
    }
    return label
  }

  /// Roles and standard names, which belong to the first coordinate that has them.
  private static func aliases(of coordinates: [FieldCoordinate], time: String?) -> [String: String] {
    var result: [String: String] = [:]
    for coordinate in coordinates {
      let isTime = coordinate.name == time
      let own = isTime ? "time" : coordinate.name
      var names = coordinate.standardName.map { [$0] } ?? []
      switch coordinate.role {
      case .vertical: names.append("level")
      case .realization: names += ["number", "member", "realization"]
      default: if isTime { names.append(coordinate.name) }
      }
      for name in names where name != own && result[name] == nil {
        if isTime || !coordinates.contains(where: { $0.name == name }) { result[name] = own }
      }
    }
    return result
  }

  // "time" is the time for which a field is valid; the start of a forecast is used only as a last resort.
  private static func mainTime(_ coordinates: [FieldCoordinate]) -> FieldCoordinate? {
    let times = coordinates.filter { $0.role == .time }
    return times.first { $0.standardName == "time" }
      ?? times.first { $0.standardName == nil && $0.dimensions.count == 1 && $0.dimensions[0].name == $0.name }
      ?? times.first { $0.standardName == nil } ?? times.first
  }

  private static func monthCoordinate(
    _ coordinates: [FieldCoordinate], named name: String?, hasTime: Bool, path: String
  ) throws -> FieldCoordinate? {
    guard let name else {
      guard !hasTime else { return nil }
      return coordinates.first { coordinate in
        let isMonth = ["month", "months"].contains {
          [coordinate.units.lowercased(), coordinate.name.lowercased()].contains($0)
        }
        return isMonth && areMonths(coordinate.numbers)
      }
    }
    guard let found = coordinates.first(where: { $0.name == name }) else {
      let names = coordinates.map(\.name)
      throw NetCDFError.absentVariable(
        path: path, name: name, available: names, nearest: NameSuggestion.nearest(to: name, among: names))
    }
    guard areMonths(found.numbers) else {
      throw NetCDFError.invalidCoordinate(
        path: path, variable: name,
        reason: "expected months 1…12, or 0 for an annual mean, found "
          + NetCDFError.abridged(Array(Set(found.texts)).sorted()) + ".")
    }
    return found
  }

  private static func areMonths(_ numbers: [Double]?) -> Bool {
    guard let numbers, !numbers.isEmpty else { return false }
    return numbers.allSatisfy { $0.isNaN || ($0 == $0.rounded() && (0...12).contains($0)) }
  }
}
