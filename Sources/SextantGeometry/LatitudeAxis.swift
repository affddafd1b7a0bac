// The latitudes of a grid: ascending or descending, even, uneven or Gaussian, with or without poles.
// The edges between rows are chosen so that Δλ(sin φ₂ − sin φ₁) is the exact area of a cell.

import Foundation

/// Rows of a latitude–longitude grid.
struct LatitudeAxis: Sendable {
  /// The latitude of each row, in degrees, in file order; rows within 1e-6° of a pole lie on it.
  let latitudes: [Double]
  /// The edges of the rows, in degrees, in file order (rows + 1).
  let edges: [Double]
  /// The sines of the edges.
  let edgeSines: [Double]
  /// Whether the rows are the nodes of Gauss–Legendre quadrature; their areas then are its weights.
  let isGaussian: Bool
  /// Whether the cells reach the north pole, with or without a row on it.
  let reachesNorthPole: Bool
  /// Whether the cells reach the south pole.
  let reachesSouthPole: Bool
  /// How far a place may lie beyond the outermost rows of a regional grid, in degrees.
  let margin: Double
  /// The largest distance between neighbouring rows, in degrees; nil for a single row.
  let spacing: Double?

  var isRising: Bool { latitudes.count < 2 || latitudes[1] > latitudes[0] }

  /// The axis of `given` latitudes in the order of the file. Only where the columns go all the way round (`wraps`) does
  /// a ring close around a pole. A single row is `spacingOfSingle` degrees high.
  init(_ given: [Double], wraps: Bool, spacingOfSingle: Double) throws {
    let latitudes = given.map { abs(abs($0) - 90) <= 1e-6 ? ($0 < 0 ? -90 : 90) : $0 }
    try Self.validate(latitudes)
    let n = latitudes.count
    let steps = zip(latitudes.dropFirst(), latitudes).map { $0 - $1 }
    let widest = steps.map { abs($0) }.max()
    let northmost = latitudes.max() ?? 0
    let southmost = latitudes.min() ?? 0
    // One spacing away from the pole is a grid whose pole rows were left out: its outer cells end at the pole.
    let reach = wraps ? (widest ?? 0) * 1.01 : 0
    reachesNorthPole = northmost == 90 || 90 - northmost <= reach
    reachesSouthPole = southmost == -90 || southmost + 90 <= reach
    spacing = widest
    self.latitudes = latitudes
    let firstStep = steps.first ?? spacingOfSingle
    let lastStep = steps.last ?? spacingOfSingle
    margin = max(abs(firstStep), abs(lastStep)) / 2

    if wraps, let sines = Self.gaussianEdgeSines(latitudes) {
      isGaussian = true
      edgeSines = sines
      edges = sines.map { asin($0) * 180 / .pi }
      return
    }
    isGaussian = false
    var edges = [latitudes[0] - firstStep / 2]
    for i in 1..<max(1, n) { edges.append((latitudes[i - 1] + latitudes[i]) / 2) }
    edges.append(latitudes[n - 1] + lastStep / 2)
    for (edge, row) in [(0, 0), (n, n - 1)] {
      let isNorthEnd = n == 1 ? edge == n : latitudes[row] == northmost
      if isNorthEnd ? reachesNorthPole : reachesSouthPole { edges[edge] = isNorthEnd ? 90 : -90 }
      edges[edge] = min(90, max(-90, edges[edge]))
    }
    self.edges = edges
    edgeSines = edges.map { abs($0) == 90 ? $0 / 90 : sin($0 * .pi / 180) }
  }

  private static func validate(_ latitudes: [Double]) throws {
    guard !latitudes.isEmpty else {
      throw GeometryError.invalidGrid("The latitudes are empty: a grid needs at least one row.")
    }
    for (i, latitude) in latitudes.enumerated() {
      guard latitude.isFinite else {
        throw GeometryError.invalidGrid(
          "Latitude number \(i + 1) is \(latitude): expected finite degrees. Look for a fill value.")
      }
      guard abs(latitude) <= 90 else {
        throw GeometryError.invalidGrid(
          "Latitude number \(i + 1) is \(latitude)°: expected −90…90. Are latitudes and longitudes exchanged?")
      }
      guard i > 0 else { continue }
      let step = latitude - latitudes[i - 1]
      guard step != 0, (step > 0) == (latitudes[1] > latitudes[0]) else {
        throw GeometryError.invalidGrid(
          "The latitudes neither rise nor fall throughout: number \(i) is \(latitudes[i - 1])°, number \(i + 1) is \(latitude)°. Sort the rows and remove duplicates."
        )
      }
    }
  }

  /// The sines of the edges in file order, if the latitudes are Gaussian to the three decimals that files give.
  private static func gaussianEdgeSines(_ latitudes: [Double]) -> [Double]? {
    let n = latitudes.count
    func matches(_ latitude: Double, _ node: Double) -> Bool { abs(latitude - asin(node) * 180 / .pi) < 2e-3 }
    let isFalling = n > 1 && latitudes[0] > latitudes[1]
    guard n > 1, matches(isFalling ? latitudes[0] : latitudes[n - 1], GaussLegendre.node(0, of: n)) else { return nil }
    let rule = GaussLegendre(count: n)
    let falling = isFalling ? latitudes : latitudes.reversed()
    guard zip(falling, rule.nodes).allSatisfy(matches) else { return nil }
    // The edges of the weights separate the nodes (Chebyshev, Markov, Stieltjes).
    var sines = [1.0]
    for weight in rule.weights { sines.append(sines[sines.count - 1] - weight) }
    sines[n] = -1
    return isFalling ? sines : sines.reversed()
  }

  /// The position of a latitude among the rows.
  enum Location {
    /// Between two rows, with the share of the second.
    case between(Int, Int, fraction: Double)
    /// Between an outermost row and the pole that has no row, with the share of the pole.
    case polewards(of: Int, fraction: Double)
  }

  /// The rows around a latitude; nil beyond a regional grid's margin.
  func locate(_ latitude: Double) -> Location? {
    let n = latitudes.count
    let sign: Double = isRising ? 1 : -1
    // In coordinates that increase with the row.
    let place = sign * latitude
    let (low, high) = (sign * latitudes[0], sign * latitudes[n - 1])
    if place < low || place > high {
      let row = place < low ? 0 : n - 1
      let isNorth = latitude > latitudes[row]
      if isNorth ? reachesNorthPole : reachesSouthPole {
        let pole: Double = isNorth ? 90 : -90
        return .polewards(of: row, fraction: (latitude - latitudes[row]) / (pole - latitudes[row]))
      }
      return abs(latitude - latitudes[row]) <= margin * (1 + 1e-9) ? .between(row, row, fraction: 0) : nil
    }
    guard n > 1 else { return .between(0, 0, fraction: 0) }
    let after = min(n - 1, latitudes[...].partitioningIndex { sign * $0 > place })
    return .between(
      after - 1, after,
      fraction: (latitude - latitudes[after - 1]) / (latitudes[after] - latitudes[after - 1]))
  }
}
