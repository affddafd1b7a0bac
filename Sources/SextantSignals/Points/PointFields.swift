// Observations put together to fields: those of one time (or window of time) and one level are one field, and the
// places are the vertices of one domain. Several observations of one place in one field are several vertices at that
// place, which share a node: they are measurements of one value, which solvers combine by the inverse of their variances.

import SextantGeometry

/// The fields that observations make up.
struct PointFields: Sendable {
  /// The places of all fields.
  let domain: any Domain
  /// The labels of the fields (N), in the order of time.
  private(set) var labels: [FieldLabel]
  /// For each field, its observations and the vertex of each.
  private(set) var members: [[(vertex: Int, observation: Int)]]
  /// What was left out or put together.
  let remarks: [Remark]

  /// - Parameters:
  ///   - observations: the observations, with at least one known place.
  ///   - window: what counts as one time.
  ///   - domain: a domain that is used where it has the same places.
  /// - Throws: ``SignalFormatError`` for places that do not exist, and where nearly every observation would be a field of
  ///   its own.
  init(_ observations: PointObservations, window: ObservationWindow, sharing other: (any Domain)?) throws {
    try PointPlaces.check(observations.places, path: observations.path, name: observations.name)
    var remarks: [Remark] = []
    // The unused end of each row of an incomplete array is no observation.
    let present = (0..<observations.count).filter { index in
      guard let times = observations.times, times[index] == nil, !observations.variables.isEmpty else { return true }
      return observations.values.contains { !$0[index].isNaN }
    }
    let located = present.filter { PointPlaces.isKnown(observations.places[$0]) }
    if located.count < present.count {
      remarks.append(
        Remark(
          .warning, "no-place",
          "\(observations.path): \(present.count - located.count) of \(present.count) observations have no latitude or longitude and are left out."))
    }
    var dated = located
    if let times = observations.times, window != .all {
      dated = located.filter { times[$0] != nil }
      if dated.count < located.count {
        remarks.append(
          Remark(
            .warning, "no-time",
            "\(observations.path): \(located.count - dated.count) of \(located.count) observations have no time and are left out. Give --every all to use observations of all times together."))
      }
      guard !dated.isEmpty else {
        throw SignalFormatError.unusablePlaces(
          path: observations.path, reason: "no observation has a time. Give --every all to use them all together.")
      }
    }
    let groups = Self.groups(dated, of: observations, window: window)
    try Self.checkSize(of: groups, observations: observations, window: window)
    remarks += Self.lonelyLevels(groups, observations: observations)
    var vertices: [Key: Int] = [:]
    var places: [GeographicPoint] = []
    var repeated = 0
    members = groups.map { group in
      var seen: [GeographicPoint: Int] = [:]
      return group.observations.map { observation in
        let place = observations.places[observation]
        let turn = seen[place, default: 0]
        seen[place] = turn + 1
        if turn > 0 { repeated += 1 }
        let key = Key(place: place, turn: turn)
        let vertex = vertices[key] ?? places.count
        if vertex == places.count {
          vertices[key] = vertex
          places.append(place)
        }
        return (vertex, observation)
      }
    }
    if repeated > 0 {
      remarks.append(
        Remark(
          .note, "repeated-places",
          "\(observations.path): \(repeated) observations are of the place and time of another one. They count as measurements of one value, combined by the inverse of the variances of their noise."))
    }
    labels = groups.map { Self.label($0, of: observations, window: window) }
    let own = try ScatteredPoints(places)
    // An equal domain has the same fingerprint; its derived parts need not be made again.
    domain = other.flatMap { $0.fingerprint == own.fingerprint ? $0 : nil } ?? own
    self.remarks = remarks
  }

  /// The fields with the given indices alone, on the same places.
  func choosing(_ indices: [Int]) -> PointFields {
    var result = self
    (result.labels, result.members) = (indices.map { labels[$0] }, indices.map { members[$0] })
    return result
  }

  /// A place, and the how-manieth observation of it in a field.
  private struct Key: Hashable {
    let place: GeographicPoint
    let turn: Int
  }

  private struct Group {
    var start: Double
    var level: String
    var observations: [Int]
  }

  /// The observations of each field, in the order of time and then of their levels' first appearance.
  private static func groups(_ indices: [Int], of observations: PointObservations, window: ObservationWindow) -> [Group] {
    struct Name: Hashable {
      let start: Double
      let level: String
    }
    var places: [Name: Int] = [:]
    var groups: [Group] = []
    for index in indices {
      let start = observations.times?[index].map { window.start(of: $0) } ?? 0
      let name = Name(start: start, level: observations.level?.texts[index] ?? "")
      if let place = places[name] {
        groups[place].observations.append(index)
      } else {
        places[name] = groups.count
        groups.append(Group(start: start, level: name.level, observations: [index]))
      }
    }
    return groups.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }.map(\.element)
  }

  /// Fields of one or two observations are hardly what anybody means.
  private static func checkSize(
    of groups: [Group], observations: PointObservations, window: ObservationWindow
  ) throws {
    let count = groups.reduce(0) { $0 + $1.observations.count }
    guard groups.count > 1, count < 2 * groups.count else { return }
    let isByLevel = observations.level != nil && Set(groups.map(\.start)).count * 2 <= count
    let cause =
      isByLevel
      ? "have \(Set(groups.map(\.level)).count) different values of \(observations.level?.name ?? "the level"). Bring them to common levels first"
      : "have \(Set(groups.map(\.start)).count) different times. Say which of them belong to one field: --every 1day (or 6h, 1month, …) for those of one day, --every all for all of them"
    throw SignalFormatError.unusablePlaces(
      path: observations.path,
      reason: "observations of one time are one field, and these \(count) observations \(cause).")
  }

  /// Levels that hardly any profile has: their fields are answered from those few observations alone.
  private static func lonelyLevels(_ groups: [Group], observations: PointObservations) -> [Remark] {
    guard let name = observations.level?.name else { return [] }
    let most = groups.map(\.observations.count).max() ?? 0
    let lonely = groups.filter { 4 * $0.observations.count <= most }
    guard let first = lonely.first else { return [] }
    return [
      Remark(
        .warning, "levels-differ",
        "\(observations.path): \(lonely.count) of \(groups.count) fields have a quarter or less of the observations that the fullest one has, because their \(name) (such as \(first.level)) is that of few profiles. Each level is a field of its own and nothing is interpolated between levels: bring the profiles to common levels first, or choose levels by --select \(name)=VALUE."
      )
    ]
  }

  private static func label(_ group: Group, of observations: PointObservations, window: ObservationWindow) -> FieldLabel {
    var label = FieldLabel()
    let times = group.observations.compactMap { observations.times?[$0] }
    if let time = window.label(times) {
      (label.month, label.yearFraction, label.time) = (time.month, time.yearFraction, time.text)
    }
    if let name = observations.level?.name {
      label.coordinates[name] = group.level
      if name != "level" { label.aliases["level"] = name }
    }
    return label
  }
}
