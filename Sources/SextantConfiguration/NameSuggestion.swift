// "Did you mean …?": the most similar of the existing names.

package enum NameSuggestion {
  /// The name with the smallest edit distance to `name`, if it is similar enough.
  package static func nearest(to name: String, among names: [String]) -> String? {
    let scored = names.map { ($0, distance(name.lowercased(), $0.lowercased())) }
    guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, name.count / 2) else { return nil }
    return best.0
  }

  /// The number of insertions, deletions and replacements between two texts.
  package static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var previous = Array(0...b.count)
    for i in a.indices {
      var current = [i + 1]
      for j in b.indices {
        current.append(Swift.min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1)))
      }
      previous = current
    }
    return previous[b.count]
  }
}
