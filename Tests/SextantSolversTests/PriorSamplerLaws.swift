// Draws from a prior against the covariance that they should have, in both precisions.

import Foundation
import SextantArrays
import Testing

@testable import SextantPriors
@testable import SextantSolvers

@Suite struct PriorSamplerLaws {
  let d = 40
  let model: CovarianceModel
  let theta: [Double]

  init() {
    var random = RandomStream(seed: 5)
    let positions = (0..<d).map { _ -> SIMD3<Double> in
      let p = SIMD3(random.normal(), random.normal(), random.normal())
      return p / (p * p).sum().squareRoot()
    }
    func parameter(_ name: String, _ start: Double) -> CovarianceParameter {
      .init(name: name, start: start, standardDeviation: 1)
    }
    model = CovarianceModel(
      components: [
        .modes(amplitude: parameter("a", 0.3)),
        .localisedModes(
          amplitude: parameter("b", -0.3), range: parameter("L", -0.5), coordinates: [], smoothness: .threeHalves),
        .field(
          range: parameter("l", -1), coordinates: [.init(coordinate: 0, weight: parameter("w", 0.2))],
          smoothness: .half, standardDeviation: [.init(feature: 0, coefficient: parameter("β", -0.5))]),
      ], modes: random.normals([6, d]), positions: positions, coordinates: [(0..<d).map { _ in random.uniform() }],
      features: [[Double](repeating: 1, count: d)], channels: (0..<d).map { $0 < 25 ? 0 : 1 },
      channelCorrelation: Tensor([1, 0.4, 0.4, 1], shape: [2, 2]))
    theta = model.parameters.map(\.start)
  }

  @Test func singlePrecisionBlocksAgree() {
    let (rows, columns) = (Array(3..<20), Array(10..<d))
    let double = model.block(rows: rows, columns: columns, parameters: theta).scalars
    let single = model.singlePrecisionBlock(rows: rows, columns: columns, parameters: theta).scalars
    for (a, b) in zip(double, single) { #expect(abs(a - Double(b)) < 1e-5) }
  }

  @Test func drawsHaveThePriorsCovariance() throws {
    let double = try PriorSampler<Double>(model, parameters: theta)
    try check { double.draws($0, using: &$1) }
    let single = try PriorSampler<Float>(model, parameters: theta)
    try check { single.draws($0, using: &$1).converted(to: Double.self) }
  }

  /// Covariance of draws about 0 within six standard errors.
  private func check(_ draw: (Int, inout RandomStream) -> Tensor<Double>) throws {
    let count = 20_000
    var random = RandomStream(seed: 23)
    let found = gramMatrix(draw(count, &random), transposeFirst: true) * (1 / Double(count))
    let expected = model.covariance(parameters: theta)
    for i in 0..<d {
      for j in 0..<d {
        let product = expected[i, i] * expected[j, j]
        let error = ((product + pow(expected[i, j], 2)) / Double(count)).squareRoot()
        #expect(abs(found[i, j] - expected[i, j]) < 6 * error)
      }
    }
  }
}
