// Simulated measurements of archive fields with their targets beside them: the truth where complete fields exist (supervised
// amortisation), and other measured values where the fields are measurements themselves (MeasuredPairs.swift). Cross-fitted: the
// Gaussian prior under each pair was learned without the pair's field,
// or the network would learn to trust a posterior that already knew the answer.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// Features of measurements and what the truth was, in units of the Gaussian posterior's spread.
struct SimulatedPairs: Sendable {
  /// P×V×F.
  var features: Tensor<Float>
  /// P×V×C: (target − base mean) / base spread, transformed.
  var targets: Tensor<Float>
  /// P×V×C: 1 where there is a target, else 0.
  var weights: Tensor<Float>
  /// The noise of the targets; nil where they are the truth.
  var noise: TargetNoise?
  /// Whether each pair is of a field that training is not to see (P).
  var isHeldOut: [Bool]
  /// How many pairs in succession are of one simulated measurement, and are learned from together.
  var viewCount = 1
  /// What it took to simulate them.
  var seconds = 0.0

  /// The number of pairs P.
  var count: Int { features.shape[0] }

  /// The numbers of the simulated measurements that training is not to see, or of the others.
  func measurements(heldOut: Bool) -> [Int] {
    (0..<count / viewCount).filter { isHeldOut[$0 * viewCount] == heldOut }
  }

  /// All pairs of some simulated measurements, as a batch.
  func batch(ofMeasurements numbers: [Int]) -> SimulatedPairs {
    batch(numbers.flatMap { number in (0..<viewCount).map { number * viewCount + $0 } })
  }

  /// The pairs at `indices`, as a batch.
  func batch(_ indices: [Int]) -> SimulatedPairs {
    func pick(_ tensor: Tensor<Float>) -> Tensor<Float> {
      tensor.reshaped(to: [count, tensor.count / count]).gatheringRows(indices)
        .reshaped(to: [indices.count] + tensor.shape.dropFirst())
    }
    return SimulatedPairs(
      features: pick(features), targets: pick(targets), weights: pick(weights),
      noise: noise.map { TargetNoise(variances: pick($0.variances), signs: pick($0.signs)) },
      isHeldOut: indices.map { isHeldOut[$0] }, viewCount: viewCount)
  }
}

extension TrainingPairs {
  /// Simulates all measurements with the Gaussian posterior of each under a prior that was learned without its field.
  ///
  /// - Parameters:
  ///   - archive: the fields.
  ///   - domain: where they live.
  ///   - landShare: the fraction of land at each vertex (V), or nil.
  ///   - samples: draws of each posterior.
  ///   - progress: called after each measurement with how many were made.
  ///   - train: learns a model from some of the archive's fields (positions).
  ///   - visit: is given each measurement with its field, its posterior and what a network is shown of it.
  func forEachPosterior(
    _ archive: TrainingArchive, domain: any Domain, landShare: [Float]?, samples: Int,
    progress: (Int) throws -> Void, train: ([Int]) throws -> FlowBase,
    visit: (SimulatedPosterior) throws -> Void
  ) throws {
    var known: (fold: Int, base: FlowBase, solvers: PreparedSolvers, features: PosteriorFeatures)?
    for (done, plan) in plans(fieldCount: archive.count, copyCount: archive.copyCount).enumerated() {
      if known?.fold != plan.fold {
        let held = Set(parts(of: archive.count, copyCount: archive.copyCount)[plan.fold])
        let base = try train((0..<archive.count).filter { !held.contains($0) })
        known = (
          plan.fold, base, PreparedSolvers(base.solver.latent),
          PosteriorFeatures(base.prior, transforms: base.solver.transforms, domain: domain, landShare: landShare)
        )
      }
      guard let (_, base, solvers, features) = known else { continue }
      let field = try archive.source.read([archive.indices[plan.field]])[0]
      for (view, pair) in try views(of: field, in: archive, plan: plan).enumerated() {
        var random = RandomStream(seed: seed).split("pairs").split(plan.number)
        let posterior = try solvers.posterior(given: pair.measurement, samples: samples, using: &random)
        try visit(
          SimulatedPosterior(
            plan: plan, view: view, field: field, pair: pair, posterior: posterior,
            features: try features.features(of: pair.measurement, posterior: posterior), base: base))
      }
      try progress(done + 1)
    }
  }

  /// The pairs that a field of an archive gives.
  private func views(of field: Signal, in archive: TrainingArchive, plan: Plan) throws -> [PairView] {
    guard let noise = archive.measured else {
      return [PairView(measurement: try measurement(of: field, number: plan.number), target: PairTarget(truth: field))]
    }
    let index = archive.indices[plan.field]
    return try views(
      ofMeasured: field, noise: noise(index, of: field), dependent: noise.dependent(in: index), number: plan.number)
  }
}

/// The Gaussian posterior that a flow stands on.
struct FlowBase: Sendable {
  var solver: TransformedSolver
  var prior: GaussianPrior
}

/// A simulated measurement with its Gaussian posterior.
struct SimulatedPosterior {
  var plan: TrainingPairs.Plan
  /// Which of the pairs of its plan it is.
  var view: Int
  var field: Signal
  var pair: PairView
  /// In transformed units.
  var posterior: Posterior
  /// V×F.
  var features: Tensor<Float>
  var base: FlowBase
}

extension SimulatedPairs {
  /// Pairs of fields of `channels` variables, all empty.
  ///
  /// - Parameters:
  ///   - measurements: the number of simulated measurements.
  ///   - isMeasured: whether the targets are measured values.
  init(measurements: Int, isMeasured: Bool, domain: any Domain, channels: Int) {
    let viewCount = TrainingPairs.viewCount(isMeasured: isMeasured)
    let count = measurements * viewCount
    let vertices = domain.vertexCount
    let width = PosteriorFeatures.channelCount(fieldChannels: channels, domain: domain)
    self.init(
      features: .zeros([count, vertices, width]), targets: .zeros([count, vertices, channels]),
      weights: .zeros([count, vertices, channels]),
      noise: isMeasured
        ? TargetNoise(variances: .zeros([count, vertices, channels]), signs: .zeros([count, vertices, channels])) : nil,
      isHeldOut: [Bool](repeating: false, count: count), viewCount: viewCount)
  }

  /// The spread of the base, as a share of the deviation of the variable, below which an entry is not learned.
  private static let smallestSpread: Float = 1e-4

  /// Puts a measurement and its target in the place of its number.
  mutating func put(_ simulated: SimulatedPosterior) {
    let (field, target, posterior) = (simulated.field, simulated.pair.target, simulated.posterior)
    let pair = simulated.plan.number * viewCount + simulated.view
    isHeldOut[pair] = simulated.plan.isHeldOut
    let size = field.values.count
    let channels = field.variables.count
    features.replaceSample(pair, with: simulated.features)
    var targets = Tensor<Float>.zeros([size])
    var (weights, variances) = (targets, targets)
    for entry in 0..<size where target.isKnown[entry] && posterior.mean[entry].isFinite {
      let spread = posterior.spread?[entry] ?? 0
      // What the archive never saw change, such as a pixel in the corner of all digits, is known to the base and not to be learned.
      guard spread > Self.smallestSpread * simulated.base.prior.space.scales[entry % channels] else { continue }
      let transform = simulated.base.solver.transforms[entry % channels]
      let latent = Float(transform.transformed(Double(target.values[entry])))
      targets[entry] = (latent - posterior.mean[entry]) / spread
      variances[entry] = target.variances[entry] / (spread * spread)
      weights[entry] = 1
    }
    self.targets.replaceSample(pair, with: targets)
    self.weights.replaceSample(pair, with: weights)
    noise?.variances.replaceSample(pair, with: variances)
    noise?.signs.replaceSample(pair, with: Tensor(target.signs, shape: [size]))
  }
}

extension Tensor {
  /// Replaces sample `index` of the first dimension by the scalars of `sample`.
  mutating func replaceSample(_ index: Int, with sample: Tensor) {
    precondition(sample.count * (shape.first ?? 0) == count, "A sample of \(sample.shape) in \(shape)")
    withUnsafeMutableScalars { out in
      sample.withUnsafeScalars { _ = out[(index * $0.count)...].update(fromContentsOf: $0) }
    }
  }
}
