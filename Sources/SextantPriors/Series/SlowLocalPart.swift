// The part of the local field that a series remembers for long, by few numbers: what the field's values at some places
// determine of it. With Q the covariance of the local field and S the places, W = L⁻¹·Q(S, ·) with L·Lᵀ = Q(S, S) gives the
// covariance Wᵀ·W ≤ Q (Nyström; Quiñonero-Candela and Rasmussen 2005). The rest, Q − q·Wᵀ·W, forgets soon. The covariance at
// one time is Q whatever the number of places; what the places do not determine counts as soon forgotten.

import SextantArrays

/// The long memory of a local field.
enum SlowLocalPart {
  /// The number of places, over all channels.
  private static let placeCount = 150

  /// W (r×d), each row the field of one number of unit variance.
  ///
  /// - Parameter covariance: Q (d×d).
  static func loadings(of covariance: Tensor<Double>, in model: CovarianceModel) throws -> Tensor<Double> {
    let channels = Set(model.channels).sorted()
    let places = channels.flatMap { channel in
      let states = model.channels.indices.filter { model.channels[$0] == channel }
      let points = states.map { SIMD4(model.positions[$0], 0) }
      return farthestPoints(of: points, count: max(1, placeCount / channels.count)).map { states[$0] }
    }
    let rows = covariance.gatheringRows(places)
    var among = rows.gatheringColumns(places)
    let mean = places.indices.reduce(0.0) { $0 + among[$1, $1] } / Double(max(1, places.count))
    for i in places.indices { among[i, i] += 1e-9 * mean }
    return try CholeskyFactor(among).solveLower(rows)
  }
}
