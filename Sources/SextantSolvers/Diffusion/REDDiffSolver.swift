// RED-diff (M. Mardani, J. Song, J. Kautz and A. Vahdat, "A Variational Perspective on Solving Inverse Problems with
// Diffusion Models", ICLR, 2024): instead of sampling, Adam searches for one field μ along the gradient of the data
// fidelity and the error of the noise prediction,
//
//   g = Aᵀ(A·μ − y) + λ·(ε̂(α·μ + s·ε) − ε),
//
// with a new ε and the next time of a descending list at every step. λ is constant, and only the ratios of the noise
// levels matter, not their sizes. Each run ends in one field. Runs differ by the random numbers of the search, and this
// difference is not a measure of the posterior uncertainty.

import SextantArrays
import SextantAutodiff
import SextantConfiguration
import SextantDiffusion
import SextantMeasurement
import SextantNetworks
import SextantPriors

/// The settings of a ``REDDiffSolver``.
public struct REDDiffSettings: Sendable, Equatable, Codable {
  /// The number of steps, the batch size and the other settings that samplers share; 1000 steps by default.
  public var sampling: SamplingSettings
  /// The settings of Adam. Its rate is the step size: roughly the change of an entry in a step, in standard deviations
  /// of the field.
  public var optimiser: AdamSettings
  /// λ, relative to a data fidelity of unit weight in units of the states.
  public var weight: Double

  public init(
    sampling: SamplingSettings = SamplingSettings(steps: 1000),
    optimiser: AdamSettings = AdamSettings(rate: 0.02, beta1: 0.9, beta2: 0.99), weight: Double = 0.25
  ) {
    (self.sampling, self.optimiser, self.weight) = (sampling, optimiser, weight)
  }
}

/// Regularisation by denoising with a diffusion prior.
public struct REDDiffSolver: Solver {
  public let name = "RED-diff"
  /// The prior whose denoiser regularises the search.
  public let prior: DiffusionPrior
  public let settings: REDDiffSettings

  /// Throws ``SolverError/invalidSetting(method:name:found:expected:)``, also for a limit of the gradient's norm,
  /// because it would make the runs depend on each other.
  public init(_ prior: DiffusionPrior, settings: REDDiffSettings = .init()) throws(SolverError) {
    try settings.sampling.validate(method: name)
    try SolverError.requirePositive(settings.optimiser.rate, "optimiser.rate", method: name)
    try SolverError.requirePositive(settings.weight, "weight", method: name)
    if let limit = settings.optimiser.largestNorm {
      throw .invalidSetting(
        method: name, name: "optimiser.largestNorm", found: "\(limit)", expected: "none: runs are independent")
    }
    (self.prior, self.settings) = (prior, settings)
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    return Preparation(
      model: model, solver: self, operation: try prior.differentiableObservation(model, method: name))
  }

  private struct Preparation: PreparedSolver {
    let model: MeasurementModel
    let solver: REDDiffSolver
    let operation: DifferentiableObservation

    func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
      let fidelity = try solver.prior.fidelity(to: measurement, by: operation, method: solver.name)
      return try solver.prior.independentSamples(
        samples, settings: solver.settings.sampling, label: measurement.label, using: &random
      ) { streams, predictor in
        try solver.search(fidelity, streams: streams, predictor: &predictor)
      }
    }
  }

  /// The results (B×d) of B searches with streams of their own, all of which start at the climatology.
  private func search(
    _ fidelity: any DataFidelity, streams: [RandomStream], predictor: inout CountedPredictor
  ) throws -> Tensor<Float> {
    let schedule = prior.predictor.schedule
    let times = schedule.descendingTimes(steps: settings.sampling.steps, spacing: settings.sampling.spacing)
    var fields = ParameterSet<Float>()
    let reference = fields.add("fields", .zeros([streams.count, prior.space.count]))
    var adam = Adam(settings.optimiser, for: fields)
    for step in 0..<settings.sampling.steps {
      try prior.checkInterruption()
      let time = times[step]
      let fresh = Tensor<Float>.normals(streams.map { $0.split(step) }, shape: [prior.space.count])
      let gradient = gradient(
        at: fields[reference], fresh: fresh, time: time, fidelity: fidelity, predictor: &predictor)
      let norm = adam.update(&fields, gradients: [.whole(gradient)])
      guard norm.isFinite, fields[reference].isFinite else {
        throw SolverError.diverged(method: name, step: step)
      }
    }
    return fields[reference]
  }

  private func gradient(
    at fields: Tensor<Float>, fresh: Tensor<Float>, time: Double, fidelity: any DataFidelity,
    predictor: inout CountedPredictor
  ) -> Tensor<Float> {
    let schedule = prior.predictor.schedule
    var noisy = fields * Float(schedule.signal(at: time))
    noisy.add(fresh, scaledBy: Float(schedule.noise(at: time)))
    var gradient = (predictor.noise(in: noisy, at: time) - fresh) * Float(settings.weight)
    let r = fidelity.residuals(of: fields)
    gradient.add(fidelity.pullback(r, at: fields), scaledBy: Float(-fidelity.noiseVariance))
    return gradient
  }
}

extension Method {
  /// Regularisation by denoising (RED-diff).
  public static let redDiff = Method(
    name: "red-diff", title: "regularisation by a denoiser (RED-diff)", traits: .ofDiffusion,
    needs: [.gaussian, .diffusion], settings: REDDiffSettings()
  ) { context in
    try REDDiffSolver(context.diffusionPrior(), settings: context.ownSettings())
  }
}

extension REDDiffSettings: MethodSettings {
  public static var swept: SweptSettings<REDDiffSettings>? {
    SweptSettings(steps: \.sampling.steps, stepSize: \REDDiffSettings.optimiser.rate)
  }

  public func reading(_ section: ConfigurationReader) throws -> REDDiffSettings {
    var result = self
    result.sampling = try sampling.reading(section)
    result.optimiser.rate = try section.positive("step_size", default: optimiser.rate)
    result.weight = try section.positive("weight", default: weight)
    return result
  }
}
