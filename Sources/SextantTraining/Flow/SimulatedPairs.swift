// Simulated measurements of archive fields with the truth beside them: what a flow learns from where complete fields
// exist (supervised amortisation). Cross-fitted: the Gaussian prior under each pair was learned without the pair's field,
// or the network would learn to trust a posterior that already knew the answer.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// Features of measurements and what the truth was, in units of the Gaussian posterior's spread.
struct SimulatedPairs: Sendable {
  /// P×V×F.
  var features: Tensor<Float>
  /// P×V×C: (truth − base mean) / base spread, transformed.
  var targets: Tensor<Float>
  /// P×V×C: 1 where the truth is known, else 0.
  var weights: Tensor<Float>
  /// Whether each pair is of a field that training is not to see (P).
  var isHeldOut: [Bool]
  /// What it took to simulate them.
  var seconds = 0.0

  /// The number of pairs P.
  var count: Int { features.shape[0] }

  /// The pairs at `indices`, as a batch.
  func batch(_ indices: [Int]) -> SimulatedPairs {
    func pick(_ tensor: Tensor<Float>) -> Tensor<Float> {
      tensor.reshaped(to: [count, tensor.count / count]).gatheringRows(indices)
        .reshaped(to: [indices.count] + tensor.shape.dropFirst())
    }
    return SimulatedPairs(
      features: pick(features), targets: pick(targets), weights: pick(weights), isHeldOut: indices.map { isHeldOut[$0] }
    )
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
    for (done, plan) in plans(fieldCount: archive.count).enumerated() {
      if known?.fold != plan.fold {
        let held = Set(parts(of: archive.count)[plan.fold])
        let base = try train((0..<archive.count).filter { !held.contains($0) })
        known = (
          plan.fold, base, PreparedSolvers(base.solver.latent),
          PosteriorFeatures(base.prior, transforms: base.solver.transforms, domain: domain, landShare: landShare)
        )
      }
      guard let (_, base, solvers, features) = known else { continue }
      let field = try archive.source.read([archive.indices[plan.field]])[0]
      let measurement = try measurement(of: field, number: plan.number)
      var random = RandomStream(seed: seed).split("pairs").split(plan.number)
      let posterior = try solvers.posterior(given: measurement, samples: samples, using: &random)
      try visit(
        SimulatedPosterior(
          plan: plan, field: field, measurement: measurement, posterior: posterior,
          features: try features.features(of: measurement, posterior: posterior), base: base))
      try progress(done + 1)
    }
  }
}

/// The Gaussian posterior that a flow stands on.
struct FlowBase {
  var solver: TransformedSolver
  var prior: GaussianPrior
}

/// A simulated measurement with its Gaussian posterior.
struct SimulatedPosterior {
  var plan: TrainingPairs.Plan
  var field: Signal
  var measurement: FieldMeasurement
  /// In transformed units.
  var posterior: Posterior
  /// V×F.
  var features: Tensor<Float>
  var base: FlowBase
}

extension SimulatedPairs {
  /// Pairs of fields of `channels` variables, all empty.
  init(count: Int, domain: any Domain, channels: Int) {
    let vertices = domain.vertexCount
    let width = PosteriorFeatures.channelCount(fieldChannels: channels, domain: domain)
    self.init(
      features: .zeros([count, vertices, width]), targets: .zeros([count, vertices, channels]),
      weights: .zeros([count, vertices, channels]), isHeldOut: [Bool](repeating: false, count: count))
  }

  /// Puts a measurement and the truth beneath it in the place of its number.
  mutating func put(_ simulated: SimulatedPosterior) {
    let (pair, field, posterior) = (simulated.plan.number, simulated.field, simulated.posterior)
    isHeldOut[pair] = simulated.plan.isHeldOut
    let size = field.values.count
    let channels = field.variables.count
    features.replaceSample(pair, with: simulated.features)
    var targets = Tensor<Float>.zeros([size])
    var weights = targets
    field.values.withUnsafeScalars { truth in
      for entry in 0..<size where field.isValid[entry] && posterior.mean[entry].isFinite {
        let spread = posterior.spread?[entry] ?? 0
        guard spread > 0 else { continue }
        let transform = simulated.base.solver.transforms[entry % channels]
        let latent = Float(transform.transformed(Double(truth[entry])))
        targets[entry] = (latent - posterior.mean[entry]) / spread
        weights[entry] = 1
      }
    }
    self.targets.replaceSample(pair, with: targets)
    self.weights.replaceSample(pair, with: weights)
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
