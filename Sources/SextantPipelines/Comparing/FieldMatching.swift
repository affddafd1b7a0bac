// Which field of one file is which field of another. Fields are the same if their times and other coordinates are, in
// whatever order the files have them: a score that compares by position rewards a file whose times were shuffled or
// belong to another year.

import SextantModels
import SextantSignals

/// The counterparts of the fields of a file in another file.
struct FieldMatching {
  /// For each field of the first file, the index of the same field in the second; nil where it has none.
  let places: [Int?]
  /// What fields are told apart by, such as "time" and "level"; empty where they are matched by their order.
  let keys: [String]

  /// - Parameters:
  ///   - labels: The labels of the first file, which is called `path` in messages.
  ///   - others: The labels of the second file, which is called `otherPath`.
  /// - Throws: ``RunError/invalid(_:)`` where several fields of a file cannot be told apart, where no field has a
  ///   counterpart, and where fields without common coordinates differ in number.
  init(_ labels: [FieldLabel], of path: String, with others: [FieldLabel], of otherPath: String) throws {
    let all = labels + others
    let names = ["time", "month"] + Set(all.flatMap(\.coordinates.keys)).sorted()
    var keys = names.filter { name in all.allSatisfy { $0.value(of: name) != nil } }
    // A month that belongs to a time says nothing more.
    if keys.contains("time") { keys.removeAll { $0 == "month" } }
    self.keys = keys
    guard !keys.isEmpty else {
      guard labels.count == others.count else {
        throw RunError.invalid(
          "\(otherPath): \(others.count) field\(others.count == 1 ? "" : "s"), and \(path) has \(labels.count). They have no coordinate in common by which they could be matched, so their numbers must be equal. Choose the same fields with --select.")
      }
      places = Array(labels.indices)
      return
    }
    // The same images may be of another kind: PNG files are degraded to TIFF files, whose numbers have no limits.
    let ignoresEndings = Self.areAlikeWithoutEndings(labels) && Self.areAlikeWithoutEndings(others)
    let (own, other) = (
      labels.map { $0.text(of: keys, ignoringEndings: ignoresEndings) }, others.map { $0.text(of: keys, ignoringEndings: ignoresEndings) }
    )
    guard own != other else {
      places = Array(labels.indices)
      return
    }
    for (texts, name) in [(own, path), (other, otherPath)] {
      var seen: Set<String> = []
      guard let twice = texts.first(where: { !seen.insert($0).inserted }) else { continue }
      throw RunError.invalid(
        "\(name): there is more than one field of \(twice), and the fields of \(path) and \(otherPath) are not in the same order, so that it is not certain which belong together. Choose one with --select.")
    }
    let index = Dictionary(uniqueKeysWithValues: other.enumerated().map { ($1, $0) })
    places = own.map { index[$0] }
    guard places.contains(where: { $0 != nil }) else {
      throw RunError.invalid(
        "\(otherPath): no field is one of \(path). Fields are matched by \(keys.joined(separator: ", ")): the first are \(other[0]) here and \(own[0]) there. Score the file against the truth of the same fields.")
    }
  }

  /// Whether the files of fields are told apart as well without the endings of their names.
  private static func areAlikeWithoutEndings(_ labels: [FieldLabel]) -> Bool {
    let files = Set(labels.compactMap { $0.coordinates[FieldLabel.file] })
    return Set(files.map(FieldLabel.withoutEnding)).count == files.count
  }
}

extension FieldLabel {
  /// The coordinate called `name` as text, or the time or the month.
  fileprivate func value(of name: String) -> String? {
    switch name {
    case "time": time
    case "month": coordinates[name] ?? month.map(String.init)
    default: coordinates[name]
    }
  }

  /// The coordinates called `names`, such as "2012-12-01T00:00:00, level 500 hPa".
  fileprivate func text(of names: [String], ignoringEndings: Bool = false) -> String {
    names.map { name in
      let value = value(of: name) ?? ""
      if name == Self.file, ignoringEndings { return "\(name) \(Self.withoutEnding(value))" }
      return name == "time" ? value : "\(name) \(value)"
    }.joined(separator: ", ")
  }

  /// The coordinate that names the file of a folder from which a field comes.
  fileprivate static let file = "file"

  /// The name of a file without its last ending.
  fileprivate static func withoutEnding(_ name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex, !name[dot...].contains("/") else { return name }
    return String(name[..<dot])
  }

  /// The time and the other coordinates for messages and tables; nil where there are none.
  var summary: String? {
    let names = (time == nil ? [] : ["time"]) + coordinates.keys.sorted()
    return names.isEmpty ? month.map { "month \($0)" } : text(of: names)
  }
}
