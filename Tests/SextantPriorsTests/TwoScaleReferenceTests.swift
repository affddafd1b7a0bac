// The two-scale covariance, its likelihood and the posterior against NumPy (Tests/References/two_scale.py).

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSolvers
import Testing

@testable import SextantPriors

@Suite struct TwoScaleReferenceTests {
  struct Reference: Decodable {
    var positions, modes, land, climate, deviation, anomalies, noiseVariance, theta, means, spreads: [Double]
    var observed: [Int]
    var coupling, objective: Double
    var covariance, posteriorMean, posteriorSpread: [Double]
  }

  let reference: Reference
  let model: CovarianceModel

  init() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/two-scale.json")
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
    let d = reference.land.count
    func parameter(_ index: Int, _ name: String, isRelative: Bool = false, coupled: Bool = false) -> CovarianceParameter
    {
      CovarianceParameter(
        name: name, start: reference.means[index], standardDeviation: reference.spreads[index],
        isRelativeToNoise: isRelative,
        coupling: coupled ? .init(name: "a", factor: reference.coupling) : nil)
    }
    model = CovarianceModel(
      components: [
        .modes(amplitude: parameter(0, "a")),
        .localisedModes(
          amplitude: parameter(1, "b"), range: parameter(2, "L"), coordinates: [], smoothness: .threeHalves),
        .field(
          range: parameter(3, "l"),
          coordinates: [
            .init(coordinate: 0, weight: parameter(4, "c1")), .init(coordinate: 1, weight: parameter(5, "c2")),
          ], smoothness: .half,
          standardDeviation: [
            .init(feature: 0, coefficient: parameter(6, "β0", isRelative: true, coupled: true)),
            .init(feature: 1, coefficient: parameter(7, "β1")), .init(feature: 2, coefficient: parameter(8, "β2")),
          ]),
      ],
      modes: Tensor(reference.modes, shape: [reference.modes.count / d, d]),
      positions: (0..<d).map {
        SIMD3(reference.positions[3 * $0], reference.positions[3 * $0 + 1], reference.positions[3 * $0 + 2])
      },
      coordinates: [reference.land, reference.climate],
      features: [[Double](repeating: 1, count: d), reference.land, reference.deviation],
      channels: [Int32](repeating: 0, count: d), channelCorrelation: .identity(1))
    self.reference = reference
  }

  @Test func covarianceAgrees() {
    let covariance = model.covariance(parameters: reference.theta).scalars
    for (ours, theirs) in zip(covariance, reference.covariance) { #expect(abs(ours - theirs) < 1e-9) }
    let variances = model.variances(parameters: reference.theta)
    for i in variances.indices { #expect(abs(variances[i] - reference.covariance[i * variances.count + i]) < 1e-9) }
  }

  @Test func objectiveAgrees() {
    let likelihood = MarginalLikelihood(
      model, states: reference.observed, anomalies: reference.anomalies, noiseVariance: reference.noiseVariance)
    #expect(abs(likelihood(reference.theta).value - reference.objective) < 1e-8)
  }

  @Test func posteriorAgrees() throws {
    // A grid without poles: 30 vertices that are 30 states, whose places the covariance model does not ask for.
    let grid = try LatitudeLongitudeGrid(
      latitudes: [-40, -20, 0, 20, 40], longitudes: [0, 10, 20, 30, 40, 50])
    let layout = StateLayout(domain: grid, channelCount: 1, isInside: [Bool](repeating: true, count: 30))
    let space = StateSpace(
      layout: layout, climatology: Climatology(kind: .constant, coefficients: .zeros([1, 30])), scales: [1])
    let observation = try space.observe(
      FieldMeasurement(
        values: reference.anomalies.map { Float($0) }, noise: reference.noiseVariance.map { Float($0.squareRoot()) },
        operation: SelectionOperator(inputCount: 30, indices: reference.observed)))
    let posterior = try DenseGaussianPosterior(
      observation, priorVariances: model.variances(parameters: reference.theta)
    ) { model.block(rows: $0, columns: Array(0..<30), parameters: reference.theta) }
    // Values and noise pass through single precision on their way in.
    for i in 0..<30 {
      #expect(abs(posterior.mean[i] - reference.posteriorMean[i]) < 1e-5)
      #expect(abs(posterior.spread[i] - reference.posteriorSpread[i]) < 1e-5)
    }
  }
}
