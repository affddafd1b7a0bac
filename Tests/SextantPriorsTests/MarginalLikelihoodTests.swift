// The gradient of the marginal likelihood against finite differences, for every kind of component, of single states and of sums over
// states; that sums of one state each are that state; and what sums tell of the states beneath them.

import SextantArrays
import Testing

@testable import SextantPriors

@Suite struct MarginalLikelihoodTests {
  static let metricWeights = [
    CovarianceComponent.CoordinateWeight(coordinate: 0, weight: .init(name: "w", start: 0.2, standardDeviation: 1))
  ]
  static let features = (0..<2).map {
    CovarianceComponent.FeatureCoefficient(
      feature: $0,
      coefficient: .init(
        name: "β", start: $0 == 0 ? -0.5 : 0.3, standardDeviation: 1, isRelativeToNoise: $0 == 0,
        coupling: $0 == 0 ? .init(name: "a", factor: 2) : nil))
  }

  static let members: [(String, [CovarianceComponent])] = MaternCorrelation.allCases.flatMap {
    smoothness -> [(String, [CovarianceComponent])] in
    let modes = CovarianceComponent.modes(amplitude: .init(name: "a", start: 0.1, standardDeviation: 2))
    let localised = CovarianceComponent.localisedModes(
      amplitude: .init(name: "b", start: -0.3, standardDeviation: 1),
      range: .init(name: "L", start: -0.5, standardDeviation: 1),
      coordinates: metricWeights, smoothness: smoothness)
    let field = CovarianceComponent.field(
      range: .init(name: "l", start: -1, standardDeviation: 1), coordinates: metricWeights, smoothness: smoothness,
      standardDeviation: features)
    return [
      ("modes", [modes]), ("localised \(smoothness)", [localised]), ("field \(smoothness)", [field]),
      ("all \(smoothness)", [modes, localised, field]),
    ]
  }

  @Test(arguments: members.indices)
  func gradientAgreesWithFiniteDifferences(member: Int) throws {
    let model = Self.model(of: Self.members[member].1)
    var random = RandomStream(seed: 6)
    let states = Array(3..<33)
    let single = MarginalLikelihood(
      model, states: states, anomalies: states.map { _ in random.normal() },
      noiseVariance: states.map { _ in 0.1 + random.uniform() })
    let rowCount = 25
    // Few weights in each row, and then all.
    for width in [3, 40] {
      var entries: [(row: Int, column: Int, value: Double)] = []
      for row in 0..<rowCount {
        for k in 0..<width { entries.append((row: row, column: (row + k) % 40, value: (0.2 + random.uniform()) / Double(width))) }
      }
      let matrix = SparseMatrix(rowCount: rowCount, columnCount: 40, entries: entries)
      let sums = try #require(
        StateSums.chosen(of: matrix, order: Array(0..<rowCount), positions: Array(model.positions[..<rowCount])))
      #expect(sums.rows == Array(0..<rowCount))
      let ofSums = MarginalLikelihood(
        model, states: sums.states, anomalies: sums.rows.map { _ in random.normal() },
        noiseVariance: sums.rows.map { _ in 0.1 + random.uniform() }, sums: sums)
      let theta = model.start(noise: 0.5).map { $0 + 0.2 * random.normal() }
      for (likelihood, name) in [(single, "states"), (ofSums, "sums of \(width)")] {
        let (_, gradient) = likelihood(theta)
        for p in theta.indices {
          let step = 1e-5
          var (up, down) = (theta, theta)
          up[p] += step
          down[p] -= step
          let difference = (likelihood(up).value - likelihood(down).value) / (2 * step)
          #expect(
            abs(difference - gradient[p]) < 1e-6 * (1 + abs(difference)),
            "\(Self.members[member].0), \(name), parameter \(p): \(gradient[p]) against \(difference)")
        }
      }
    }
  }

  private static func model(of components: [CovarianceComponent]) -> CovarianceModel {
    var random = RandomStream(seed: 5)
    let d = 40
    let positions = (0..<d).map { _ -> SIMD3<Double> in
      let p = SIMD3(random.normal(), random.normal(), random.normal())
      return p / (p * p).sum().squareRoot()
    }
    return CovarianceModel(
      components: components, modes: random.normals([6, d]), positions: positions,
      coordinates: [(0..<d).map { _ in random.uniform() }],
      features: [[Double](repeating: 1, count: d), (0..<d).map { _ in random.normal() }],
      channels: (0..<d).map { $0 < 25 ? 0 : 1 }, channelCorrelation: Tensor([1, 0.4, 0.4, 1], shape: [2, 2]))
  }

  @Test func sumsOfOneStateAreThatState() throws {
    let model = Self.model(of: Self.members[3].1)
    var random = RandomStream(seed: 7)
    let states = Array(5..<30)
    let matrix = SparseMatrix(
      rowCount: states.count, columnCount: 40, entries: states.enumerated().map { (row: $0, column: $1, value: 1.0) })
    let sums = try #require(
      StateSums.chosen(of: matrix, order: Array(states.indices), positions: states.map { model.positions[$0] }))
    #expect(sums.states == states)
    let anomalies = states.map { _ in random.normal() }
    let noise = states.map { _ in 0.1 + random.uniform() }
    let single = MarginalLikelihood(model, states: states, anomalies: anomalies, noiseVariance: noise)
    let ofSums = MarginalLikelihood(model, states: states, anomalies: anomalies, noiseVariance: noise, sums: sums)
    let theta = model.start(noise: 0.5)
    #expect(abs(single(theta).value - ofSums(theta).value) < 1e-9)
    #expect(zip(single(theta).gradient, ofSums(theta).gradient).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  /// Means over 3×3 states, as rounds of completion have them beneath a blur, tell the range and the variance of the states. Taken for the
  /// states themselves, they tell a range that is more than twice too long.
  @Test func theParametersBeneathSumsAreFound() throws {
    let side = 12
    let d = side * side
    let positions = (0..<d).map { SIMD3<Double>(Double($0 % side), Double($0 / side), 0) }
    let field = CovarianceComponent.field(
      range: .init(name: "l", start: 0.5, standardDeviation: 1), coordinates: [], smoothness: .threeHalves,
      standardDeviation: [.init(feature: 0, coefficient: .init(name: "β", start: -0.5, standardDeviation: 1))])
    let model = CovarianceModel(
      components: [field], modes: .zeros([1, d]), positions: positions, coordinates: [], features: [[Double](repeating: 1, count: d)],
      channels: [Int32](repeating: 0, count: d), channelCorrelation: .identity(1))
    let blur = SparseMatrix(
      rowCount: d, columnCount: d,
      entries: (0..<d * 9).map { index in
        let (state, place) = index.quotientAndRemainder(dividingBy: 9)
        func clamped(_ i: Int) -> Int { max(0, min(side - 1, i)) }
        let (x, y) = (clamped(state % side + place % 3 - 1), clamped(state / side + place / 3 - 1))
        return (state, y * side + x, 1.0 / 9)
      })
    let (truth, noise) = ([0.0, 0.0], 0.05)
    let factor = try CholeskyFactor(model.covariance(parameters: truth))
    var random = RandomStream(seed: 8)
    var fields: [ObservedStates] = []
    for _ in 0..<4 {
      let white: Tensor<Double> = random.normals([d, 1])
      let values = blur.times(factor.multiplyLower(white).scalars).map { $0 + noise * random.normal() }
      fields.append(
        ObservedStates(
          states: Array(0..<d), anomalies: values, noiseVariance: [Double](repeating: noise * noise, count: d), matrix: blur))
    }
    func errors(_ values: [ObservedStates]) -> [Double] {
      let found = model.chooseParameters(forStates: values, maximumEvaluations: 60, random: RandomStream(seed: 9)).values
      return zip(found, truth).map { $0 - $1 }
    }
    let found = errors(fields)
    #expect(found.allSatisfy { abs($0) < 0.3 }, "\(found)")
    for index in fields.indices { fields[index].matrix = nil }
    let asStates = errors(fields)
    #expect(asStates[0] > 0.8, "\(asStates)")
  }

  /// Of many values, groups of neighbours are chosen; of values that are sums over everything, as many as the work allows.
  @Test func theChoiceIsLimited() throws {
    let positions = (0..<2500).map { SIMD3(Double($0 % 50), Double($0 / 50), 0) }
    func rows(of width: Int) -> SparseMatrix {
      SparseMatrix(
        rowCount: 2500, columnCount: 5000,
        rowStarts: (0...2500).map { $0 * width },
        columns: (0..<2500).flatMap { row in (row..<row + width).map { Int32($0) } },
        values: [Double](repeating: 1, count: 2500 * width))
    }
    let order = (0..<2500).map { $0 * 1009 % 2500 }
    let few = try #require(StateSums.chosen(of: rows(of: 3), order: order, positions: positions))
    #expect(few.rows.count <= 300 && few.rows.count > 200 && few.states.count <= StateSums.stateLimit)
    let centre = positions[order[0]]
    let neighbours = few.rows.filter { abs(positions[$0].x - centre.x) <= 2 && abs(positions[$0].y - centre.y) <= 2 }
    #expect(neighbours.count >= 9)
    let wide = SparseMatrix(
      rowCount: 40, columnCount: 5000, rowStarts: (0...40).map { $0 * 5000 },
      columns: (0..<40).flatMap { _ in (0..<5000).map { Int32($0) } }, values: [Double](repeating: 1, count: 200_000))
    #expect(StateSums.chosen(of: wide, order: Array(0..<40), positions: Array(positions[..<40])) == nil)
  }

  @Test func searchFindsTheMinimumOfAQuadratic() {
    let minimum = minimise(from: [3, -2], scale: [1, 1], maximumEvaluations: 60, tolerance: 1e-14) { x in
      let (a, b) = (x[0] - 1, x[1] - 0.5)
      return (a * a + 10 * b * b + a * b, [2 * a + b, 20 * b + a])
    }
    #expect(abs(minimum.point[0] - 1) < 1e-4 && abs(minimum.point[1] - 0.5) < 1e-4)
  }
}
