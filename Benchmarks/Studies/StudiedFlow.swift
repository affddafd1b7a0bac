// The flow of a study, which draws fields for measurements, with their log-density, on a tape: the vector
// flow, which reads measurements and gives fields, or the flow on exact Gaussian posteriors.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantFlows
import SextantModels
import SextantNetworks

/// Measurements with the quantities that a flow precomputes from them.
struct PreparedMeasurements: Sendable {
  let simulated: SimulatedMeasurements
  /// The Gaussian posteriors that are the base of the flow (N); none for a flow without such a base.
  fileprivate let bases: [PosteriorMixture<Float>]
}

/// A conditional distribution of fields that can be trained.
struct StudiedFlow: Sendable {
  private enum Form: Sendable {
    case vector(ConditionalRealNVP<Float>)
    /// - Parameter basis: U (V×V), the coordinates of the coefficients.
    case based(GaussianBaseFlow<Float>, prior: AnalyticPrior, basis: Tensor<Double>)
  }

  private let form: Form
  private let conditionsOnMask: Bool
  /// The parameters before training.
  let initial: ParameterSet<Float>
  /// V.
  let dimension: Int

  init(_ settings: StudyFlowSettings, prior: AnalyticPrior, masksVary: Bool, random: RandomStream) throws {
    dimension = prior.vertexCount
    conditionsOnMask = masksVary
    var configuration = settings.configuration
    configuration.conditionsOnMask = masksVary
    let width = configuration.conditionWidth(measurements: dimension)
    var builder = ParameterBuilder<Float>(random: random)
    if settings.preset.hasBase {
      let base = settings.preset == .singleGaussianBase ? try prior.single() : prior
      let (_, basis) = try symmetricEigendecomposition(prior.single().components[0].covariance)
      let flow = try GaussianBaseFlow<Float>(
        &builder, coefficientCount: dimension, featureCount: dimension, configuration: configuration)
      form = .based(flow, prior: base, basis: basis)
    } else {
      let flow = try ConditionalRealNVP(
        &builder, dimension: dimension, conditionWidth: width, configuration: configuration)
      form = .vector(flow)
    }
    initial = builder.parameters
  }

  /// The measurements with the base posteriors of this flow, which are computed once instead of in every step.
  func prepared(_ measurements: SimulatedMeasurements) throws -> PreparedMeasurements {
    guard case .based(_, let prior, let basis) = form else {
      return PreparedMeasurements(simulated: measurements, bases: [])
    }
    return PreparedMeasurements(
      simulated: measurements,
      bases: try (0..<measurements.count).map {
        try measurements.posterior($0, under: prior).mixture(in: basis)
      })
  }

  /// Fields (B·K×V×1) with log q for z (B·K×V), K consecutive rows for each of the B measurements at `indices`.
  ///
  /// The components of a mixture are chosen by `random`.
  func draw(
    _ z: DifferentiableTensor<Float>, for measurements: PreparedMeasurements, _ indices: [Int], using random: RandomStream,
    in pass: NetworkPass<Float>
  ) -> PosteriorDraws<Float> {
    switch form {
    case .vector(let flow): draw(z, from: flow, for: measurements, indices, in: pass)
    case .based(let flow, _, let basis):
      draw(z, from: flow, basis: basis, for: measurements, indices, using: random, in: pass)
    }
  }

  private func draw(
    _ z: DifferentiableTensor<Float>, from flow: ConditionalRealNVP<Float>, for measurements: PreparedMeasurements,
    _ indices: [Int], in pass: NetworkPass<Float>
  ) -> PosteriorDraws<Float> {
    let condition = flow.condition(
      measurements: measurements.simulated.values.gatheringRows(indices).converted(to: Float.self),
      mask: measurements.simulated.masks.gatheringRows(indices).converted(to: Float.self), on: pass.tape)
    let points = flow.sample(z, given: condition, in: pass)
    return PosteriorDraws(
      fields: points.values.reshaped(to: [z.shape[0], dimension, 1]),
      logDensity: standardNormalLogDensity(z) - points.logDeterminant)
  }

  private func draw(
    _ z: DifferentiableTensor<Float>, from flow: GaussianBaseFlow<Float>, basis: Tensor<Double>,
    for measurements: PreparedMeasurements, _ indices: [Int], using random: RandomStream, in pass: NetworkPass<Float>
  ) -> PosteriorDraws<Float> {
    let share = z.shape[0] / indices.count
    let mixtures = indices.map { measurements.bases[$0] }
    func features(_ mixture: PosteriorMixture<Float>) -> Tensor<Float> {
      // Standardised fields have coefficients of order 1 and less, so that their means need no scaling.
      Tensor(mixture.components.flatMap(\.mean.scalars), shape: [mixture.components.count, dimension])
    }
    var draws: [(coefficients: DifferentiableTensor<Float>, logDensity: DifferentiableTensor<Float>)] = []
    if mixtures.allSatisfy({ $0.components.count == 1 }) {
      let all = Tensor(mixtures.flatMap { features($0).scalars }, shape: [mixtures.count, dimension])
      let drawn = flow.sample(
        z, features: pass.tape.constant(all), from: mixtures.map { $0.components[0] }, in: pass)
      draws = [(drawn.coefficients, drawn.logDensity)]
    } else {
      for (place, mixture) in mixtures.enumerated() {
        var chooser = random.split(indices[place])
        let own = pass.tape.constant(features(mixture))
        let rows = z.value.rows(place * share..<(place + 1) * share)
        let coefficients = flow.sample(
          pass.tape.constant(rows), features: own, from: mixture, chosen: mixture.choose(share, using: &chooser),
          in: pass)
        draws.append((coefficients, flow.logDensity(of: coefficients, features: own, from: mixture, in: pass)))
      }
    }
    return PosteriorDraws(
      fields: fields(draws.map(\.coefficients), basis: basis.converted(to: Float.self), in: pass),
      logDensity: concatenateColumns(draws.map { $0.logDensity.reshaped(to: [1, $0.logDensity.value.count]) })
        .reshaped(to: [z.shape[0]]))
  }

  /// x = Uᵀ·w for the rows w of several blocks, stacked: N×V×1.
  private func fields(
    _ blocks: [DifferentiableTensor<Float>], basis: Tensor<Float>, in pass: NetworkPass<Float>
  ) -> DifferentiableTensor<Float> {
    let rows = blocks.reduce(0) { $0 + $1.value.rowCount }
    let flat = concatenateColumns(blocks.map { $0.reshaped(to: [1, $0.value.count]) })
    return dense(flat.reshaped(to: [rows, dimension]), weight: pass.tape.constant(basis.transposed()))
      .reshaped(to: [rows, dimension, 1])
  }

  /// The parameters with batch statistics of many draws, if they have any: running statistics come from the last few
  /// steps, and from parameters that have changed since.
  func calibrated(
    _ parameters: ParameterSet<Float>, on measurements: PreparedMeasurements, count: Int, using random: RandomStream
  ) -> ParameterSet<Float> {
    guard case .vector(let flow) = form, flow.configuration.normalisesBatches else { return parameters }
    var (parameters, random) = (parameters, random)
    let pass = NetworkPass(parameters, isTraining: true, wantsGradients: false)
    let z = pass.tape.constant(random.normals([count, dimension], as: Float.self))
    let indices = (0..<count).map { $0 % measurements.simulated.count }
    _ = draw(z, from: flow.forgettingStatistics(), for: measurements, indices, in: pass)
    pass.applyUpdates(to: &parameters)
    return parameters
  }
}
