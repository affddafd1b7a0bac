// Points that are spread over a set: each is the farthest from those before it (Gonzalez 1985).

/// The indices of at most `count` of the points that lie far from each other; fewer where points coincide.
func farthestPoints(of points: [SIMD4<Double>], count: Int) -> [Int] {
  guard !points.isEmpty, count > 0 else { return [] }
  var chosen = [0]
  var distances = [Double](repeating: .infinity, count: points.count)
  while let last = chosen.last, chosen.count < min(count, points.count) {
    var farthest = 0
    for i in points.indices {
      let difference = points[i] - points[last]
      distances[i] = min(distances[i], (difference * difference).sum())
      if distances[i] > distances[farthest] { farthest = i }
    }
    guard distances[farthest] > 0 else { break }
    chosen.append(farthest)
  }
  return chosen
}
