// New fields from a prior, nothing measured: what `sextant sample` writes. A prior is judged by them at a glance, and a
// simulation can be fed with them.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantModels
import SextantPriors
import SextantReport
import SextantSignals
import SextantSolvers
import SextantStorage

/// Which prior is asked.
public enum SampledPrior: String, Sendable, Codable, CaseIterable {
  /// The diffusion prior of the run.
  case diffusion
  /// The Gaussian that it starts from; without one, the modes and the rest of the run's model.
  case gaussian
}

/// How a diffusion prior is sampled, by the name that users write.
public enum PriorSamplingMethod: String, Sendable, Codable, CaseIterable {
  case ancestral
  case ddim
  case probabilityFlow = "probability-flow"

  var method: SamplingMethod {
    switch self {
    case .ancestral: .ancestral
    case .ddim: .implicit(eta: 0)
    case .probabilityFlow: .probabilityFlow
    }
  }
}

/// What is to be drawn.
public struct PriorSampling: Sendable, Codable {
  /// The prior.
  public var prior: SampledPrior
  /// N.
  public var count: Int
  /// Steps of a diffusion sampler.
  public var steps: Int
  /// How a diffusion prior is sampled; a Gaussian is drawn from exactly.
  public var method: PriorSamplingMethod
  /// The month (1…12) whose climatology the fields have; nil for the year's mean.
  public var month: Int?
  /// Where everything random comes from.
  public var seed: UInt64

  public init(
    prior: SampledPrior = .diffusion, count: Int = 8, steps: Int = 100, method: PriorSamplingMethod = .probabilityFlow,
    month: Int? = nil, seed: UInt64 = 1
  ) {
    self.prior = prior
    self.count = count
    self.steps = steps
    self.method = method
    self.month = month
    self.seed = seed
  }
}

/// What sampling did, for people and programs.
public struct PriorSamplingSummary: Sendable, Codable {
  /// What was drawn from, such as "diffusion prior, probability-flow, 100 steps".
  public var prior: String
  /// N.
  public var count: Int
  /// Evaluations of the noise predictor that a sample took.
  public var evaluationsPerSample: Int
  /// Seconds a sample, everything counted after loading.
  public var secondsPerSample: Double
  /// The files written: the fields, then pictures.
  public var files: [String]
}

extension PriorSampling {
  /// Draws fields from the prior in `folder`, a run's, in the variables' units and within their ranges.
  ///
  /// Throws `RunError`, `ModelError`, `DiffusionError` and what reading throws.
  public func fields(
    folder: String, model: Model, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> (fields: SignalSet, evaluations: Int) {
    let space = try model.requireGaussian().prior.space
    try model.requireCovered(FieldLabel(month: month))
    let states = space.count
    let stream = RandomStream(seed: seed).split("prior samples")
    let isThere = FileManager.default.fileExists(atPath: folder + "/" + LearnedDiffusion.fileName)
    if prior == .gaussian {
      let gaussian =
        try isThere
        ? StoredDiffusion(folder: folder, for: model).learnedGaussian()
        : model.requireGaussian().prior.noisePredictor()
      let states = gaussian.samples(using: (0..<count).map { stream.split($0) })
      return (set(of: states, space: space, model: model), 0)
    }
    let predictor = try LearnedDiffusion(folder: folder, for: model).predictor
    // Batches of a few: the progress is shown between them, and samples do not depend on them.
    let batch = 4
    let sampler = DiffusionSampler(predictor, method: method.method, stepCount: steps, batchSize: batch)
    var result = Tensor<Float>.zeros([count, states])
    progress.start("sampling", unit: "field", count: count)
    defer { progress.finish() }
    for start in stride(from: 0, to: count, by: batch) {
      let chunk = start..<min(count, start + batch)
      let samples = try sampler.samples(
        chunk, shape: [states, 1], using: stream, checkInterruption: { try interruption.check() })
      result.replaceRows(from: start, with: samples.reshaped(to: [chunk.count, states]))
      progress.advance(to: chunk.upperBound)
    }
    return (set(of: result, space: space, model: model), sampler.evaluationsPerSample)
  }

  /// States (N×d) as fields in the variables' units.
  private func set(of states: Tensor<Float>, space: StateSpace, model: Model) -> SignalSet {
    let channels = model.space.channelCount
    var values = space.fields(fromStates: states, label: FieldLabel(month: month))
    model.space.transforms.mapValues(&values)
    let bounds = model.space.bounds
    values.withUnsafeMutableScalars { values in
      for entry in values.indices {
        guard !values[entry].isNaN else {
          values[entry] = 0
          continue
        }
        // What has no transform is moved to the nearest value in its range, as samples of `impute` are.
        if let range = bounds[entry % channels] { values[entry] = range.clamp(values[entry]) }
      }
    }
    return SignalSet(
      domain: model.space.domain, variables: model.space.variables,
      values: values.reshaped(to: [states.rowCount, model.space.domain.vertexCount, channels]),
      isValid: (0..<states.rowCount).flatMap { _ in model.space.isInside },
      labels: labels)
  }

  /// Draws fields and writes them to `output`, in the format that its name chooses, with pictures in the folder `pictures` if one is
  /// named.
  ///
  /// Throws what ``fields(folder:model:progress:interruption:)`` and writing throw.
  public func run(
    folder: String, model: Model, output: String, pictures: String? = nil, overwrite: Bool, history: String,
    catalogue: Catalogue = .standard, progress: any ProgressObserver = SilentProgress(),
    interruption: Interruption = Interruption()
  ) throws -> PriorSamplingSummary {
    let content = SignalContent.fields(count)
    let space = SampledSpace(space: model.space, labels: labels)
    let sink = try catalogue.formats.sink(
      OutputRequest(path: output, content: content, otherInputs: [folder, folder + "/" + Model.fileName]), like: space)
    try sink.checkIsFree(overwrite: overwrite)
    let start = ContinuousClock.now
    let (drawn, evaluations) = try fields(
      folder: folder, model: model, progress: progress, interruption: interruption)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let name = prior == .gaussian ? "Gaussian prior" : "diffusion prior, \(method.rawValue), \(steps) steps"
    let description = OutputDescription(
      title: "Samples of a prior: \(name)", history: history,
      attributes: [
        "sextant_version": ProgramVersion.current, "sextant_method": name, "sextant_seed": "\(seed)",
        "sextant_model": model.provenance.name,
      ])
    try sink.write(content, description: description, overwrite: overwrite) { writer in
      for index in 0..<drawn.count { try writer.write(FieldRecord(drawn[index]), at: index) }
    }
    let maps = try pictures.map { try draw(drawn, model: model, name: name, folder: $0, overwrite: overwrite) } ?? []
    return PriorSamplingSummary(
      prior: name, count: count, evaluationsPerSample: evaluations,
      secondsPerSample: seconds / Double(max(1, count)), files: sink.paths + maps)
  }

  private var labels: [FieldLabel] {
    (0..<count).map { FieldLabel(month: month, coordinates: ["realization": "\($0 + 1)"]) }
  }

  /// A sheet of maps for each variable, of at most nine fields.
  private func draw(
    _ fields: SignalSet, model: Model, name: String, folder: String, overwrite: Bool
  ) throws -> [String] {
    guard fields.domain.geography != nil else { return [] }
    let channels = fields.channelCount
    return try fields.variables.enumerated().map { channel, variable in
      let panels = (0..<min(9, fields.count)).map { index in
        let field = fields[index]
        let entries = stride(from: channel, to: field.values.count, by: channels)
        let values = field.values.scalars
        return MapPanels.Panel(
          "Sample \(index + 1)", values: entries.map { values[$0] }, isValid: entries.map { field.isValid[$0] })
      }
      let path = "\(folder)/samples-\(variable.name)-\(prior.rawValue).png"
      try MapPanels(
        domain: fields.domain, panels: panels, title: variable.longName ?? variable.name, subtitle: name,
        units: variable.units, columns: panels.count < 3 ? 2 : 3,
        shoreline: model.space.ownLand.map { .mask($0) } ?? .installed
      ).write(to: path, overwrite: overwrite)
      return path
    }
  }
}

/// Where samples live before they are drawn, for the sink that they will go to.
private struct SampledSpace: SignalSource {
  let space: FieldSpace
  let labels: [FieldLabel]

  var domain: any Domain { space.domain }
  var variables: [Variable] { space.variables }

  func read(_ indices: [Int]) throws -> SignalSet {
    preconditionFailure("Samples that are not drawn yet cannot be read")
  }
}
