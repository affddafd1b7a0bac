// The gradient of the marginal likelihood against finite differences, for every kind of component.

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
  func gradientAgreesWithFiniteDifferences(member: Int) {
    var random = RandomStream(seed: 5)
    let d = 40
    let positions = (0..<d).map { _ -> SIMD3<Double> in
      let p = SIMD3(random.normal(), random.normal(), random.normal())
      return p / (p * p).sum().squareRoot()
    }
    let model = CovarianceModel(
      components: Self.members[member].1, modes: random.normals([6, d]), positions: positions,
      coordinates: [(0..<d).map { _ in random.uniform() }],
      features: [[Double](repeating: 1, count: d), (0..<d).map { _ in random.normal() }],
      channels: (0..<d).map { $0 < 25 ? 0 : 1 }, channelCorrelation: Tensor([1, 0.4, 0.4, 1], shape: [2, 2]))
    let states = Array(3..<33)
    let likelihood = MarginalLikelihood(
      model, states: states, anomalies: states.map { _ in random.normal() },
      noiseVariance: states.map { _ in 0.1 + random.uniform() })
    let theta = model.start(noise: 0.5).map { $0 + 0.2 * random.normal() }
    let (_, gradient) = likelihood(theta)
    for p in theta.indices {
      let step = 1e-5
      var (up, down) = (theta, theta)
      up[p] += step
      down[p] -= step
      let difference = (likelihood(up).value - likelihood(down).value) / (2 * step)
      #expect(
        abs(difference - gradient[p]) < 1e-6 * (1 + abs(difference)),
        "\(Self.members[member].0), parameter \(p): \(gradient[p]) against \(difference)")
    }
  }

  @Test func searchFindsTheMinimumOfAQuadratic() {
    let minimum = minimise(from: [3, -2], scale: [1, 1], maximumEvaluations: 60, tolerance: 1e-14) { x in
      let (a, b) = (x[0] - 1, x[1] - 0.5)
      return (a * a + 10 * b * b + a * b, [2 * a + b, 20 * b + a])
    }
    #expect(abs(minimum.point[0] - 1) < 1e-4 && abs(minimum.point[1] - 0.5) < 1e-4)
  }
}
