// The loss of a conditional affine flow of a Gaussian posterior where nothing but measurements is known. A value that is not in the
// input is forecast with its own noise. A value of the input has two views, from which the error of the mean is estimated without the
// truth (RiskEstimate), and two losses are summed:
//
// - of the mean, this estimate, in units of σ².
// - of the spread, the likelihood of the variance v that the mean itself implies by Tweedie's formula, σ²·∂m/∂y: the
//   expected score of a forecast with this variance for another value with the noise σ². The estimate of the risk would do as well
//   in place of v, but it varies by σ² from value to value, and v by no more than the mean reacts to the noise.
//
// v directs the spread, and does not judge it: the value of the loss, by which the best parameters are chosen, has the estimate of the
// risk in the place of v, or a mean that shrinks too much and so implies a small spread would be thought good. At the exact
// posterior of a Gaussian both have the same expectation.
//
// Where the size of the noise is found by a multiplier (UNSURE), the mean alone is learned at the values of the input: by the
// constraint the variances that it implies sum to nothing, whatever the spread is. The spread is then learned at the other values.

import Foundation
import SextantArrays
import SextantAutodiff

/// The noise of targets that are measured values.
package struct TargetNoise: Sendable {
  /// The variance of the noise of each target over that of the base (P×V×C).
  package var variances: Tensor<Float>
  /// The sign s of each value that is in the input itself; 0 for the others (P×V×C).
  package var signs: Tensor<Float>

  package init(variances: Tensor<Float>, signs: Tensor<Float>) {
    (self.variances, self.signs) = (variances, signs)
  }
}

/// The loss on pairs of views of measured values.
package struct MeasuredLoss: Sendable {
  /// The score of values that are not in the input.
  private let score: MarginalLoss
  /// The estimate of the error at those that are.
  private let estimate: RiskEstimate
  /// Whether the size of the noise is known, so that the mean implies the spread.
  private let knowsNoise: Bool

  /// - Parameters:
  ///   - score: the score of values that are not in the input.
  ///   - estimate: the estimate of the error at those that are.
  ///   - knowsNoise: whether the stated size of the noise is right. Otherwise it is so times the multiplier of the estimate, and the
  ///     spread is learned at values that are not in the input alone.
  package init(_ score: MarginalLoss, estimate: RiskEstimate = .recorrupted, knowsNoise: Bool = true) {
    (self.score, self.estimate, self.knowsNoise) = (score, estimate, knowsNoise)
  }

  /// The weighted mean of the loss over all entries.
  ///
  /// - Parameters:
  ///   - output: the shifts δ of all channels, then their log-scales s, in units of the base's spread (2B×V×2C). The two views of a
  ///     measurement are neighbours, in the order of the estimate's steps.
  ///   - target: (measured value − base mean) / base spread (2B·V·C).
  ///   - weights: the weight of each entry (2B·V·C); 0 excludes it.
  ///   - noise: the noise of the targets.
  package func callAsFunction(
    _ output: DifferentiableTensor<Float>, target: Tensor<Float>, weights: Tensor<Float>, noise: TargetNoise
  ) -> DifferentiableTensor<Float> {
    let channels = output.shape[2] / 2
    precondition(target.count == output.value.count / 2 && target.shape == noise.signs.shape, "Targets \(target.shape)")
    let isInput = noise.signs.map { $0 == 0 ? Float(0) : 1 }
    let total = Float(max(weights.scalars.reduce(0.0) { $0 + Double($1) }, 1e-30))
    // The values that are not in the input, as the mean over theirs.
    let others = weights * isInput.map { 1 - $0 }
    let share = Float(others.scalars.reduce(0.0) { $0 + Double($1) }) / total
    let othersNoise = knowsNoise ? noise.variances : noise.variances * Float(estimate.multiplier)
    let plain = score(output, target: target, weights: others, variances: othersNoise) * share
    let outputs = output.value.scalars
    var sum = 0.0
    let gradient = Tensor<Float>(shape: output.shape) { gradient in
      for place in gradient.indices { gradient[place] = 0 }
      forEachEstimate(outputs, channels: channels, target: target, weights: weights, noise: noise) {
        found, variance, kept, places in
        let weight = kept / Double(total)
        sum += weight * found.risk / variance
        for (view, place) in places.enumerated() {
          gradient[place] = Float(weight * (view == 0 ? found.slopes.first : found.slopes.second) / variance)
          guard knowsNoise else { continue }
          let raw = Double(outputs[place + channels])
          let (logScale, slope) = (LogScaleBound.bounded(raw), LogScaleBound.slope(at: raw))
          let own = exp(2 * logScale)
          let predicted = own + variance
          let ratio = (found.impliedVariance + variance) / predicted
          sum += weight * 0.5 * (log(predicted) + (found.risk + variance) / predicted)
          gradient[place + channels] = Float(weight * (1 - ratio) * own / predicted * slope)
        }
      }
    }
    return plain
      + output.tape.record(Tensor([Float(sum)], shape: []), operation: "measured loss", from: [output]) { seed, cotangents in
        cotangents.add(gradient * seed.scalars[0], to: output)
      }
  }

  /// The sums over the values of the input of the estimated squared error of the mean and of the forecast variance, both in units of
  /// the noise's variance: their ratio says whether the spread is of the right size, without any truth.
  package func risk(
    _ output: Tensor<Float>, target: Tensor<Float>, weights: Tensor<Float>, noise: TargetNoise
  ) -> (estimated: Double, forecast: Double) {
    let (channels, outputs) = (output.shape[2] / 2, output.scalars)
    var (estimated, forecast) = (0.0, 0.0)
    forEachEstimate(outputs, channels: channels, target: target, weights: weights, noise: noise) {
      found, variance, _, places in
      // In units of the noise, because the base's spread differs from place to place.
      estimated += found.risk / variance
      for place in places {
        forecast += 0.5 * exp(2 * LogScaleBound.bounded(Double(outputs[place + channels]))) / variance
      }
    }
    return (estimated, forecast)
  }

  /// The mean over the values of the input of D, whose expectation is the divergence for each value; 0 without such values.
  package func divergence(
    _ output: Tensor<Float>, target: Tensor<Float>, weights: Tensor<Float>, noise: TargetNoise
  ) -> Double {
    var (sum, total) = (0.0, 0.0)
    forEachEstimate(
      output.scalars, channels: output.shape[2] / 2, target: target, weights: weights, noise: noise
    ) { found, variance, weight, _ in
      sum += weight * found.reaction / variance
      total += weight
    }
    return total > 0 ? sum / total : 0
  }

  /// The estimate at each value of the input that has a weight.
  ///
  /// - Parameters:
  ///   - outputs: the network's answers for both views of each measurement (2B·V·2C).
  ///   - body: is given the estimate, the noise's variance, the weight, and the entries of both views' means in `outputs`.
  private func forEachEstimate(
    _ outputs: [Float], channels: Int, target: Tensor<Float>, weights: Tensor<Float>, noise: TargetNoise,
    _ body: (_ found: RiskEstimate.Value, _ variance: Double, _ weight: Double, _ places: [Int]) -> Void
  ) {
    let (targets, kept) = (target.scalars, weights.scalars)
    let (variances, signs) = (noise.variances.scalars, noise.signs.scalars)
    let size = target.shape.dropFirst().reduce(1, *)
    for start in stride(from: 0, to: target.count, by: 2 * size) {
      for first in start..<start + size where signs[first] != 0 && kept[first] > 0 {
        let second = first + size
        let places = [first, second].map { $0 / channels * 2 * channels + $0 % channels }
        let variance = Double(variances[first])
        let found = estimate(
          residuals: (Double(targets[first] - outputs[places[0]]), Double(targets[second] - outputs[places[1]])),
          variance: variance, sign: Double(signs[first]))
        body(found, variance, Double(kept[first]), places)
      }
    }
  }
}
