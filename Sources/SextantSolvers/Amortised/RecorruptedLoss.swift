// The loss of a conditional affine flow of a Gaussian posterior where nothing but measurements is known. A value that is not in the
// input is forecast with its own noise. A value y of the input has two views, whose inputs are y + a·σ·s and y − a·σ·s with a sign s.
// With the means m₊ and m₋ of the two,
//
//   D = s·(m₊ − m₋)/(2·a·σ),   E[D] = ∂m/∂y,
//
// and two losses are summed:
//
// - of the mean, Stein's unbiased estimate of the risk ½·((y − m₊)² + (y − m₋)²) − σ² + 2·σ²·D, in units of σ². It is the squared
//   distance of each view from its recorrupted target y ∓ σ·s/a, less the noise of that target (Stein 1981; Ramani and others 2008;
//   Pang and others 2021). It is exact for a mean that is linear, and right up to a²·σ² times its third derivative for others.
// - of the spread, the likelihood of the variance v that the mean itself implies by Tweedie's formula, v = (1 + a²)·σ²·∂m/∂y: the
//   expected score of a forecast with this variance for another value with the noise σ². The estimate of the risk would do as well
//   in place of v, but it varies by σ² from value to value, and v by no more than the mean reacts to the noise.
//
// v directs the spread, and does not judge it: the value of the loss, by which the best parameters are chosen, has the estimate of the
// risk in the place of v, or a mean that shrinks too much and so implies a small spread would be thought good. At the exact
// posterior of a Gaussian both have the same expectation.

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

/// The loss on recorrupted pairs.
package struct RecorruptedLoss: Sendable {
  /// a, the part of the noise that the recorruption adds to an input.
  package static let recorruption: Float = 0.2

  /// The score of values that are not in the input.
  private let score: MarginalLoss

  package init(_ score: MarginalLoss) { self.score = score }

  /// The weighted mean of the loss over all entries.
  ///
  /// - Parameters:
  ///   - output: the shifts δ of all channels, then their log-scales s, in units of the base's spread (2B×V×2C). The two views of a
  ///     measurement are neighbours, that of +s first.
  ///   - target: (measured value − base mean) / base spread (2B·V·C).
  ///   - weights: the weight of each entry (2B·V·C); 0 excludes it.
  ///   - noise: the noise of the targets.
  package func callAsFunction(
    _ output: DifferentiableTensor<Float>, target: Tensor<Float>, weights: Tensor<Float>, noise: TargetNoise
  ) -> DifferentiableTensor<Float> {
    let channels = output.shape[2] / 2
    precondition(target.count == output.value.count / 2 && target.shape == noise.signs.shape, "Targets \(target.shape)")
    let isRecorrupted = noise.signs.map { $0 == 0 ? Float(0) : 1 }
    let total = Float(max(weights.scalars.reduce(0.0) { $0 + Double($1) }, 1e-30))
    // The values that are not in the input, as the mean over theirs.
    let others = weights * isRecorrupted.map { 1 - $0 }
    let share = Float(others.scalars.reduce(0.0) { $0 + Double($1) }) / total
    let plain = score(output, target: target, weights: others, variances: noise.variances) * share
    let (outputs, targets, kept) = (output.value.scalars, target.scalars, (weights * isRecorrupted).scalars)
    let (variances, signs) = (noise.variances.scalars, noise.signs.scalars)
    var sum = 0.0
    let gradient = Tensor<Float>(shape: output.shape) { gradient in
      for place in gradient.indices { gradient[place] = 0 }
      forEachPair(of: target.shape, kept) { first, second in
        let places = [first, second].map { $0 / channels * 2 * channels + $0 % channels }
        let pair = Pair(
          residuals: zip([first, second], places).map { Double(targets[$0] - outputs[$1]) },
          variance: Double(variances[first]), sign: Double(signs[first]))
        let weight = Double(kept[first]) / Double(total)
        sum += weight * pair.risk / pair.variance
        for (view, place) in places.enumerated() {
          let raw = Double(outputs[place + channels])
          let (logScale, slope) = (LogScaleBound.bounded(raw), LogScaleBound.slope(at: raw))
          let own = exp(2 * logScale)
          let predicted = own + pair.variance
          let ratio = (pair.impliedVariance + pair.variance) / predicted
          sum += weight * 0.5 * (log(predicted) + (pair.risk + pair.variance) / predicted)
          gradient[place] = Float(weight * pair.slope(view) / pair.variance)
          gradient[place + channels] = Float(weight * (1 - ratio) * own / predicted * slope)
        }
      }
    }
    return plain
      + output.tape.record(Tensor([Float(sum)], shape: []), operation: "recorrupted loss", from: [output]) { seed, cotangents in
        cotangents.add(gradient * seed.scalars[0], to: output)
      }
  }

  /// The sums over the values of the input of the estimated squared error of the mean and of the forecast variance, both in units of
  /// the noise's variance: their ratio says whether the spread is of the right size, without any truth.
  package func risk(
    _ output: Tensor<Float>, target: Tensor<Float>, weights: Tensor<Float>, noise: TargetNoise
  ) -> (estimated: Double, forecast: Double) {
    let channels = output.shape[2] / 2
    let (outputs, targets, kept) = (output.scalars, target.scalars, weights.scalars)
    let (variances, signs) = (noise.variances.scalars, noise.signs.scalars)
    var (estimated, forecast) = (0.0, 0.0)
    forEachPair(of: target.shape, zip(kept, signs).map { $1 == 0 ? 0 : $0 }) { first, second in
      let places = [first, second].map { $0 / channels * 2 * channels + $0 % channels }
      let pair = Pair(
        residuals: zip([first, second], places).map { Double(targets[$0] - outputs[$1]) },
        variance: Double(variances[first]), sign: Double(signs[first]))
      // In units of the noise, because the base's spread differs from place to place.
      estimated += pair.risk / pair.variance
      for place in places {
        forecast += 0.5 * exp(2 * LogScaleBound.bounded(Double(outputs[place + channels]))) / pair.variance
      }
    }
    return (estimated, forecast)
  }

  /// The entries of the two views of each measurement at each place that has a weight.
  private func forEachPair(of shape: [Int], _ weights: [Float], _ body: (_ first: Int, _ second: Int) -> Void) {
    let size = shape.dropFirst().reduce(1, *)
    for start in stride(from: 0, to: shape[0] * size, by: 2 * size) {
      for first in start..<start + size where weights[first] > 0 { body(first, first + size) }
    }
  }
}

/// One value of the input in its two views, in units of the base's spread.
private struct Pair {
  /// y − m₊ and y − m₋.
  let residuals: [Double]
  /// σ².
  let variance: Double
  /// s.
  let sign: Double

  private var step: Double { Double(RecorruptedLoss.recorruption) }
  /// σ²·D.
  private var reaction: Double { -variance.squareRoot() * sign * (residuals[0] - residuals[1]) / (2 * step) }

  /// The unbiased estimate of the squared error of the mean.
  var risk: Double {
    0.5 * (residuals[0] * residuals[0] + residuals[1] * residuals[1]) - variance + 2 * reaction
  }

  /// Its derivative by the mean of a view.
  func slope(_ view: Int) -> Double {
    -residuals[view] + (view == 0 ? 1 : -1) * variance.squareRoot() * sign / step
  }

  /// The variance of the posterior that the mean implies.
  var impliedVariance: Double { (1 + step * step) * reaction }
}
