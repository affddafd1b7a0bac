// Closed forms: a dense Gaussian posterior and empirical modes; and one sampled posterior under an exactly known
// diffusion prior, so that only the sampler is timed.

import Foundation
import Sextant

extension BenchmarkRow {
  static var posteriors: [BenchmarkRow] {
    [
      BenchmarkRow(
        name: "gaussian-posterior",
        summary: "dense Gaussian posterior, 1888 states, 1322 measured: mean and 128 samples",
        peers: [.torch, .jax, .numpy]
      ) { try gaussianPosterior() },
      BenchmarkRow(
        name: "eof", summary: "100 empirical modes of 1000 fields of 4140 values", peers: [.torch, .jax, .numpy]
      ) { modes() },
      BenchmarkRow(
        name: "dps", summary: "DPS, one sample of 1888 states, 944 measured, Gaussian prior of 100 modes: 1000 steps"
      ) { try posteriorSampling() },
    ]
  }

  /// A space of as many states as there are vertices on a 32×59 grid, with mean 0 and scale 1.
  private static func states() throws -> (space: StateSpace, positions: [SIMD3<Double>]) {
    let latitudes = (0..<32).map { 77.5 - 5 * Double($0) }
    let longitudes = (0..<59).map { 360 / 59 * Double($0) }
    let grid = try LatitudeLongitudeGrid(latitudes: latitudes, longitudes: longitudes)
    let layout = StateLayout(
      domain: grid, channelCount: 1, isInside: Array(repeating: true, count: grid.vertexCount))
    let positions = latitudes.flatMap { latitude in
      longitudes.map { longitude in
        let (phi, lambda) = (latitude * .pi / 180, longitude * .pi / 180)
        return SIMD3(cos(phi) * cos(lambda), cos(phi) * sin(lambda), sin(phi))
      }
    }
    let mean = Climatology(kind: .constant, coefficients: .zeros([1, layout.count]))
    return (StateSpace(layout: layout, climatology: mean, scales: [1]), positions)
  }

  /// Normal values of `count` states chosen at random, measured with noise of standard deviation 0.3.
  private static func measurement(of count: Int, among states: Int, random: RandomStream) -> FieldMeasurement {
    var (order, values) = (random.split("states"), random.split("values"))
    let chosen = (0..<states).shuffled(using: &order).prefix(count).sorted()
    return FieldMeasurement(
      values: values.normals([count]).scalars, noise: Array(repeating: 0.3, count: count),
      operation: SelectionOperator(inputCount: states, indices: chosen))
  }

  private static func gaussianPosterior() throws -> any Workload {
    let random = RandomStream(seed: 5)
    let (space, positions) = try states()
    let count = space.count
    // Exponential in the distance through the ball: a Matérn covariance of smoothness ½.
    let covariance = Tensor<Float>(shape: [count, count]) { out in
      for i in 0..<count {
        for j in 0..<count {
          let step = positions[i] - positions[j]
          out[i * count + j] = Float(exp(-(step * step).sum().squareRoot() / 0.5) + (i == j ? 1e-3 : 0))
        }
      }
    }
    let observation = try space.observe(measurement(of: 1322, among: count, random: random))
    let samples = 128
    // What the posterior draws from the stream, for the peers.
    var stream = random.split("samples")
    let white: Tensor<Float> = stream.normals([samples, count])
    let noise: Tensor<Double> = stream.normals([samples, observation.count])
    return EvaluationWorkload(
      task: PeerTask(
        kind: "gaussian-posterior", settings: ["states": observation.selectedStates ?? []],
        tensors: [
          ("input.covariance", covariance), ("input.white", white), ("input.noise", noise.converted(to: Float.self)),
          ("input.anomalies", Tensor(observation.anomalies.map { Float($0) })),
          ("input.variances", Tensor(observation.noiseVariance.map { Float($0) })),
        ])
    ) {
      let posterior = try DenseGaussianPosterior(
        observation, priorVariances: (0..<count).map { Double(covariance[$0, $0]) },
        priorBlock: { covariance.gatheringRows($0) })
      var stream = random.split("samples")
      let draws = posterior.samples(samples, priorFactor: try CholeskyFactor(covariance), using: &stream)
      return [("mean", Tensor(posterior.mean.map { Float($0) })), ("samples", draws)]
    }
  }

  private static func modes() -> any Workload {
    let (fields, states, hidden) = (1000, 4140, 150)
    var random = RandomStream(seed: 6)
    let coefficients: Tensor<Float> = random.normals([fields, hidden])
    let patterns: Tensor<Float> = random.normals([hidden, states])
    let rest: Tensor<Float> = random.normals([fields, states])
    var anomalies = matrixProduct(
      coefficients.scalingColumns(by: (0..<hidden).map { Float(exp(-Double($0) / 30)) }), patterns)
    anomalies.add(rest, scaledBy: 0.1)
    let archive = anomalies
    return EvaluationWorkload(
      task: PeerTask(kind: "eof", settings: ["modes": 100], tensors: [("input.anomalies", archive)])
    ) {
      let functions = try EmpiricalOrthogonalFunctions(of: archive, modeCount: 100)
      // Squares, because a mode's sign is nobody's choice.
      return [
        ("deviations", Tensor(functions.standardDeviations)), ("residual", Tensor(functions.residualVariance)),
        ("squares", functions.scaledModes * functions.scaledModes),
      ]
    }
  }

  private static func posteriorSampling() throws -> any Workload {
    var random = RandomStream(seed: 7)
    let (space, _) = try states()
    let factor: Tensor<Float> = random.normals([100, space.count]) * 0.1
    let distribution = try SpectralGaussian(
      mean: Tensor.zeros([space.count, 1]), factor: factor, residualVariance: 0.05)
    let solver = try DPSSolver(
      DiffusionPrior(GaussianNoisePredictor(distribution), space: space))
    let measurement = measurement(of: 944, among: space.count, random: random)
    let prepared = try solver.prepare(for: measurement.operation, noise: measurement.noise)
    return EvaluationWorkload {
      var stream = random.split("samples")
      let posterior = try prepared.posterior(given: measurement, samples: 1, using: &stream)
      return [("samples", posterior.samples ?? Tensor(posterior.mean))]
    }
  }
}
