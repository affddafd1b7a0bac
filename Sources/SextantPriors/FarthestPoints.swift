// Points that are spread over a set, each the farthest from those before it (Gonzalez 1985), and fields that are described by their
// values at such points.

import SextantArrays

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

extension Tensor<Float> {
  /// The modes of a Gaussian field, as far as its values at some points determine it (k×`count`): the Nyström approximation.
  ///
  /// - Parameters:
  ///   - points: where the field is wanted (n).
  ///   - placeLimit: the largest number of points whose values determine it. They spread over all.
  ///   - states: the column of each point (n). Other columns are 0.
  ///   - count: the number of columns.
  ///   - covariance: that of the field between two points, by their positions in `points`.
  /// - Throws: `LinearAlgebraError` where the covariance is not positive semidefinite.
  package static func modes(
    ofFieldAt points: [SIMD4<Double>], placeLimit: Int, states: [Int], count: Int, covariance: (Int, Int) -> Double
  ) throws -> Tensor<Float> {
    let places = farthestPoints(of: points, count: placeLimit)
    var among = Tensor<Double>.zeros([places.count, places.count])
    for (i, a) in places.enumerated() {
      for (j, b) in places.enumerated() { among[i, j] = covariance(a, b) }
      among[i, i] *= 1 + 1e-6
    }
    // Rows are points here: L⁻¹·k(places, point) of each.
    let rows = Tensor<Double>(points.indices.flatMap { point in places.map { covariance($0, point) } }, shape: [points.count, places.count])
    let solved = try CholeskyFactor(among).solveLower(rows: rows)
    return Tensor(shape: [places.count, count]) { out in
      out.initialize(repeating: 0)
      for (row, state) in states.enumerated() {
        for place in places.indices { out[place * count + state] = Float(solved[row, place]) }
      }
    }
  }
}
