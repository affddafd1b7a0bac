// The domains that the sparse field is tested on, and its equations written out on dense matrices.

import Foundation
import SextantArrays
import SextantGeometry

@testable import SextantPriors

struct NamedDomain: CustomStringConvertible, Sendable {
  let name: String
  let domain: any Domain
  var smoothness = SparseFieldSmoothness.one
  /// κ²: for a smoothness of 2 not the configuration's, with which dense matrices are too badly conditioned to compare.
  var kappaSquared: Double { smoothness == .one ? 1e-4 : 0.05 }
  var description: String { smoothness == .one ? name : "\(name), smoothness \(smoothness.rawValue)" }
}

enum SparseFieldZoo {
  static func range(_ start: Double, _ step: Double, _ count: Int) -> [Double] {
    (0..<count).map { start + Double($0) * step }
  }

  static func grid(_ latitudes: [Double], _ longitudes: [Double]) throws -> LatitudeLongitudeGrid {
    try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
  }

  static func globalGrid(step: Double) throws -> LatitudeLongitudeGrid {
    try grid(range(90, -step, Int(180 / step) + 1), range(0, step, Int(360 / step)))
  }

  static func grids() throws -> [NamedDomain] {
    [
      NamedDomain(name: "global, poles", domain: try globalGrid(step: 12)),
      NamedDomain(name: "global, many columns", domain: try grid(range(-90, 18, 11), range(0, 10, 36))),
      NamedDomain(name: "rising, no poles", domain: try grid(range(-82.5, 15, 12), range(7.5, 15, 24))),
      NamedDomain(name: "repeated column", domain: try grid(range(90, -15, 13), range(-180, 15, 25))),
      NamedDomain(
        name: "uneven latitudes", domain: try grid([-80, -70, -55, -30, -10, 0, 20, 45, 80], range(0, 12, 30))),
      NamedDomain(name: "region", domain: try grid(range(49, 0.5, 15), range(-8, 0.5, 20))),
      NamedDomain(
        name: "region over the date line", domain: try grid(range(-20, 1, 12), [177, 178.5, 180, -178, -177])),
    ]
  }

  static func all() throws -> [NamedDomain] {
    var latitudes: [Double] = []
    var longitudes: [Double] = []
    for i in 0..<14 {
      for j in 0..<16 {
        latitudes.append(40 + Double(i) + 0.2 * Double(j))
        longitudes.append(-10 + 1.4 * Double(j) - 0.3 * Double(i))
      }
    }
    return try grids() + [
      NamedDomain(name: "icosphere", domain: try SphereMesh.icosphere(subdivisions: 2)),
      NamedDomain(
        name: "curvilinear",
        domain: try CurvilinearGrid(rows: 14, columns: 16, latitudes: latitudes, longitudes: longitudes)),
    ]
  }

  /// All domains with both smoothnesses.
  static func priors() throws -> [NamedDomain] {
    let domains = try all()
    return domains + domains.map { NamedDomain(name: $0.name, domain: $0.domain, smoothness: .two) }
  }

  /// Land in two opposite octants, with coasts two nodes wide or so.
  static func landShare(_ domain: any Domain) -> [Float] {
    domain.nodePositions.map { p in Float(1 / (1 + exp(-12 * p.x * p.y * p.z.magnitude.squareRoot()))) }
  }

  static func dense(_ matrix: SparseMatrix, isLowerTriangle: Bool = false) -> Tensor<Double> {
    var result = Tensor<Double>.zeros([matrix.rowCount, matrix.columnCount])
    for i in 0..<matrix.rowCount {
      for k in matrix.rowStarts[i]..<matrix.rowStarts[i + 1] {
        result[i, Int(matrix.columns[k])] = matrix.values[k]
        if isLowerTriangle { result[Int(matrix.columns[k]), i] = matrix.values[k] }
      }
    }
    return result
  }

  /// The prior's precision with nothing clever: Kᵀ·diag(1/(θ·C))·K with K = κ²·C + G, areas in squared units, or
  /// K·S·K·S·K with S = diag(1/(√θ·C)).
  static func densePrecision(
    _ domain: any Domain, unit: Double, roughness: [Double], landShare: [Float]?, kappaSquared: Double = 1e-4,
    barrier: Double = 12, smoothness: SparseFieldSmoothness = .one
  ) -> Tensor<Double> {
    let stiffness = dense(domain.stiffness)
    let areas = domain.nodeAreas.map { $0 / (unit * unit) }
    let n = areas.count
    var k = Tensor<Double>.zeros([n, n])
    for i in 0..<n {
      var neighbours = (0..<n).filter { $0 != i && stiffness[i, $0] != 0 }
      let all = neighbours.count
      // Eight of a pole's many neighbours stand for all.
      if all > 24 { neighbours = (0..<8).map { neighbours[$0 * all / 8] } }
      for j in neighbours {
        let weakening = landShare.map { 1 + barrier * abs(Double($0[i]) - Double($0[j])) } ?? 1
        k[i, j] = stiffness[i, j] / weakening * Double(all) / Double(neighbours.count)
      }
    }
    if smoothness == .two {
      // A coupling in one direction only is dropped; of two that differ, the pole's, which stands for several, is the larger.
      let directed = k
      for i in 0..<n {
        for j in 0..<n where i != j {
          let (there, back) = (directed[i, j], directed[j, i])
          k[i, j] = there == 0 || back == 0 ? 0 : abs(there) > abs(back) ? there : back
        }
      }
    }
    for i in 0..<n { k[i, i] = kappaSquared * areas[i] - (0..<n).reduce(0.0) { $1 == i ? $0 : $0 + k[i, $1] } }
    var scaled = k
    if smoothness == .two {
      for i in 0..<n { for j in 0..<n { scaled[i, j] = k[i, j] / (roughness[i].squareRoot() * areas[i]) } }
      return matrixProduct(scaled, matrixProduct(k, scaled), transposingFirst: true)
    }
    for i in 0..<n { for j in 0..<n { scaled[i, j] = k[i, j] / (roughness[i] * areas[i]) } }
    return matrixProduct(k, scaled, transposingFirst: true)
  }

  /// The unit of a domain: the geometric mean of a grid's median steps, or the root of the mean node area.
  static func unit(_ domain: any Domain) -> Double {
    guard let grid = domain as? LatitudeLongitudeGrid else {
      return (domain.nodeAreas.reduce(0, +) / Double(domain.nodeCount)).squareRoot()
    }
    func median(_ values: [Double]) -> Double {
      let steps = zip(values.dropFirst(), values).map { abs(($0 - $1).remainder(dividingBy: 360)) }.sorted()
      return steps[steps.count / 2] * .pi / 180
    }
    return (median(grid.latitudes) * median(grid.longitudes)).squareRoot()
  }

  /// Roughnesses between 0.3 and 3 that vary smoothly.
  static func roughness(_ domain: any Domain) -> [Double] { domain.nodePositions.map { exp(1.1 * $0.y + 0.2 * $0.z) } }

  /// About 40 % of the nodes with uneven noise.
  static func observation(_ domain: any Domain, seed: UInt64) -> SparseFieldObservation {
    var random = RandomStream(seed: seed)
    let nodes = (0..<domain.nodeCount).filter { _ in random.uniform() < 0.4 }
    return SparseFieldObservation(
      matrix: SparseMatrix(
        rowCount: nodes.count, columnCount: domain.nodeCount, rowStarts: Array(0...nodes.count),
        columns: nodes.map(Int32.init), values: [Double](repeating: 1, count: nodes.count)),
      anomalies: nodes.map { _ in 3 + 2 * random.normal() }, noiseVariance: nodes.map { _ in 0.2 + random.uniform() },
      isSelection: true)
  }

  /// Each value a mean of a few nodes that need not be neighbours.
  static func averages(_ domain: any Domain, seed: UInt64) -> SparseFieldObservation {
    var random = RandomStream(seed: seed)
    var entries: [(row: Int, column: Int, value: Double)] = []
    for row in 0..<40 {
      for _ in 0..<(1 + row % 4) {
        entries.append((row, Int(random.next() % UInt64(domain.nodeCount)), 0.5 + random.uniform()))
      }
    }
    return SparseFieldObservation(
      matrix: SparseMatrix(rowCount: 40, columnCount: domain.nodeCount, entries: entries),
      anomalies: (0..<40).map { _ in random.normal() }, noiseVariance: (0..<40).map { _ in 0.2 + random.uniform() },
      isSelection: false)
  }
}

extension SparseFieldPrior {
  /// The posterior for a known roughness at each node.
  func posterior(given observation: SparseFieldObservation, roughness: [Double]) throws -> SparseFieldPosterior {
    SparseFieldPosterior(try factor(for: observation, roughness: roughness), given: observation)
  }

  /// The same with the smoothness and the κ² of a named domain.
  func posterior(
    given observation: SparseFieldObservation, roughness: [Double], as named: NamedDomain
  ) throws -> SparseFieldPosterior {
    let estimate = SparseFieldEstimate(
      roughness: roughness, kappaSquared: named.kappaSquared, smoothness: named.smoothness)
    return SparseFieldPosterior(try factor(for: observation, estimate: estimate), given: observation)
  }
}

extension SparseFieldPosterior {
  /// The standard deviation at each node, from samples about the exact mean.
  func spread(draws: Int, random: RandomStream) -> [Float] {
    var sum = DeviationSquares(count: mean.count)
    forEachDeviationBlock(count: draws, random: random) { _, block in sum.add(block) }
    return sum.rootMean
  }
}
