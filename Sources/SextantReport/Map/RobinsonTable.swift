// Robinson's projection is defined by a table with the length of each parallel and its distance from the equator, every
// 5 degrees (Robinson 1974). The rows are interpolated by a Catmull–Rom cubic in both directions, so the inverse is
// exact.

import Foundation

enum RobinsonTable {
  /// The length of the parallel relative to the equator, every 5 degrees from 0 to 90.
  private static let lengths: [Double] = [
    1, 0.9986, 0.9954, 0.99, 0.9822, 0.973, 0.96, 0.9427, 0.9216, 0.8962, 0.8679, 0.835, 0.7986, 0.7597, 0.7186,
    0.6732, 0.6213, 0.5722, 0.5322,
  ]
  /// The distance of the parallel from the equator relative to that of the pole, every 5 degrees from 0 to 90.
  private static let distances: [Double] = [
    0, 0.062, 0.124, 0.186, 0.248, 0.31, 0.372, 0.434, 0.4958, 0.5571, 0.6176, 0.6769, 0.7346, 0.7903, 0.8435, 0.8936,
    0.9394, 0.9761, 1,
  ]

  /// The factor from radians of longitude to x, and the y of a latitude (0…90 degrees), on the unit sphere.
  static func row(at latitude: Double) -> (width: Double, height: Double) {
    (0.8487 * value(lengths, at: latitude, isOdd: false), 1.3523 * value(distances, at: latitude, isOdd: true))
  }

  /// The latitude (0…90 degrees) at a height; nil beyond the pole.
  static func latitude(atHeight height: Double) -> Double? {
    let distance = height / 1.3523
    guard distance >= 0, distance <= 1 else { return nil }
    let index = (distances.firstIndex { $0 > distance } ?? distances.count - 1) - 1
    var (low, high) = (5 * Double(index), 5 * Double(index + 1))
    var latitude = low + 5 * (distance - distances[index]) / (distances[index + 1] - distances[index])
    // Newton's method with a numerical derivative, confined to the interval between two rows, in which the solution is
    // unique.
    for _ in 0..<20 {
      let error = value(distances, at: latitude, isOdd: true) - distance
      if error > 0 { high = latitude } else { low = latitude }
      let slope =
        (value(distances, at: min(90, latitude + 0.01), isOdd: true)
          - value(distances, at: max(0, latitude - 0.01), isOdd: true))
        / (min(90, latitude + 0.01) - max(0, latitude - 0.01))
      let next = latitude - error / slope
      let bounded = next >= low && next <= high ? next : (low + high) / 2
      if abs(bounded - latitude) < 1e-11 { return bounded }
      latitude = bounded
    }
    return latitude
  }

  /// Interpolates a column, extended as an odd or even function beyond the equator and linearly beyond the pole.
  private static func value(_ column: [Double], at latitude: Double, isOdd: Bool) -> Double {
    let place = min(90, max(0, latitude)) / 5
    let index = min(column.count - 2, Int(place))
    let t = place - Double(index)
    let (p1, p2) = (column[index], column[index + 1])
    let p0 = index > 0 ? column[index - 1] : isOdd ? -column[1] : column[1]
    let p3 = index + 2 < column.count ? column[index + 2] : 2 * p2 - p1
    return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
  }
}
