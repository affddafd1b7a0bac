// "Did you mean …?": the nearest of the names that exist.

package enum NameSuggestion {
  /// The name nearest to `name` by edit distance, if it is near enough to be meant.
  package static func nearest(to name: String, among names: [String]) -> String? {
    let scored = names.map { ($0, distance(name.lowercased(), $0.lowercased())) }
    guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, name.count / 2) else { return nil }
    return best.0
  }

  /// The number of insertions, deletions and replacements between two texts.
  static func distance(_ a: String, _ b: String) -> Int {
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
