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

/// How pairs are simulated.
struct PairSimulation: Sendable {
  var count: Int
  var foldCount: Int
  var folds: FlowSettings.FoldOrder
  /// The share of the fields that is held out for validation.
  var validationShare: Double
  var masks: [MaskSampler]
  var maskInputs: [String: MaskInputs]
  /// The standard deviation of the noise in each channel (C).
  var noise: [Float]
  var seed: UInt64

  /// The parts of the archive (positions in its list of fields).
  func parts(of fieldCount: Int) -> [[Int]] {
    let n = max(2, min(foldCount, fieldCount))
    return (0..<n).map { fold in
      (0..<fieldCount).filter { folds == .blocks ? $0 * n / fieldCount == fold : $0 % n == fold }
    }
  }

  /// Simulates all pairs.
  ///
  /// - Parameters:
  ///   - train: learns a model from some of the archive's fields (positions).
  func run(
    source: any SignalSource, indices: [Int], domain: any Domain, landShare: [Float]?,
    progress: (Int) throws -> Void, train: ([Int]) throws -> (base: TransformedSolver, prior: GaussianPrior)
  ) throws -> SimulatedPairs {
    let channels = source.variables.count
    let vertices = domain.vertexCount
    let width = PosteriorFeatures.channelCount(fieldChannels: channels)
    var pairs = SimulatedPairs(
      features: .zeros([count, vertices, width]), targets: .zeros([count, vertices, channels]),
      weights: .zeros([count, vertices, channels]), isHeldOut: [Bool](repeating: false, count: count))
    let stream = RandomStream(seed: seed).split("pairs")
    let deviations = (0..<vertices).flatMap { _ in noise }
    let parts = parts(of: indices.count)
    var done = 0
    for (fold, part) in parts.enumerated() {
      let held = Set(part)
      let (base, prior) = try train(indices.indices.filter { !held.contains($0) })
      let features = PosteriorFeatures(prior, transforms: base.transforms, domain: domain, landShare: landShare)
      // Pair p belongs to fold p mod n, so that every fold has as many, and takes its fields in turn.
      for pair in stride(from: fold, to: count, by: parts.count) {
        let turn = pair / parts.count % part.count
        // Of the fields that are used at all; a field is held out with all its pairs.
        let used = min(part.count, (count - fold + parts.count - 1) / parts.count)
        pairs.isHeldOut[pair] = turn >= used - max(1, Int(validationShare * Double(used)))
        let field = try source.read([indices[part[turn]]])[0]
        let random = stream.split(pair)
        var (maskStream, noiseStream, unused) = (random.split("mask"), random.split("noise"), random)
        let mask = masks[pair / parts.count % masks.count]
        let drawn = try mask.mask(
          on: domain, isValid: field.isValid, inputs: maskInputs[mask.description] ?? MaskInputs(), using: &maskStream)
        let measurement = try Degradation.apply(to: field, mask: drawn, noise: deviations, using: &noiseStream)
          .measurement
        let posterior = try base.latentPosterior(given: measurement, samples: 0, using: &unused)
        put(field, posterior, features.features(of: measurement, posterior: posterior), base, at: pair, in: &pairs)
        done += 1
        try progress(done)
      }
    }
    return pairs
  }

  private func put(
    _ field: Signal, _ posterior: Posterior, _ features: Tensor<Float>, _ base: TransformedSolver, at pair: Int,
    in pairs: inout SimulatedPairs
  ) {
    let size = field.values.count
    let channels = field.variables.count
    pairs.features.withUnsafeMutableScalars { out in
      features.withUnsafeScalars { _ = out[(pair * $0.count)...].update(fromContentsOf: $0) }
    }
    var targets = [Float](repeating: 0, count: size)
    var weights = targets
    field.values.withUnsafeScalars { truth in
      for entry in 0..<size where field.isValid[entry] && posterior.mean[entry].isFinite {
        let spread = posterior.spread?[entry] ?? 0
        guard spread > 0 else { continue }
        let latent = Float(base.transforms[entry % channels].transformed(Double(truth[entry])))
        targets[entry] = (latent - posterior.mean[entry]) / spread
        weights[entry] = 1
      }
    }
    pairs.targets.withUnsafeMutableScalars { _ = $0[(pair * size)...].update(fromContentsOf: targets) }
    pairs.weights.withUnsafeMutableScalars { _ = $0[(pair * size)...].update(fromContentsOf: weights) }
  }
}
