// The losses of a conditional affine flow of a Gaussian posterior: the negative log-likelihood of the truth under its
// marginals, and their continuous ranked probability score (Gneiting and Raftery 2007). Both are proper scoring rules,
// so overconfidence does not improve them.

import Foundation
import SextantArrays
import SextantAutodiff

/// The loss with which a conditioning network is trained.
public enum MarginalLoss: String, Sendable, Codable, CaseIterable {
  /// The negative log-likelihood of the marginals.
  case likelihood
  /// The continuous ranked probability score, which is less sensitive to outliers.
  case rankedProbability = "crps"

  /// The weighted mean of the loss over all entries.
  ///
  /// - Parameters:
  ///   - output: the shifts δ of all channels, then their log-scales s, in units of the base's spread (B×V×2C).
  ///   - target: (truth − base mean) / base spread (B·V·C).
  ///   - weights: the weight of each entry (B·V·C); 0 excludes it.
  ///   - variances: the variance of the noise that each target has (B·V·C), in units of the base's variance; nil where the targets
  ///     are the truth. The forecast is then of the target, whose variance is e²ˢ plus that of its noise, and what is learned is the
  ///     shift and scale of the truth beneath it.
  package func callAsFunction(
    _ output: DifferentiableTensor<Float>, target: Tensor<Float>, weights: Tensor<Float>, variances: Tensor<Float>? = nil
  ) -> DifferentiableTensor<Float> {
    let channels = output.shape[2] / 2
    precondition(target.count == output.value.count / 2 && weights.count == target.count, "Targets \(target.shape)")
    precondition(variances.map { $0.count == target.count } ?? true, "Variances \(variances?.shape ?? [])")
    let noise = variances ?? Tensor([])
    let total = max(weights.withUnsafeScalars { $0.reduce(0.0) { $0 + Double($1) } }, .leastNormalMagnitude)
    let rows = target.count / channels
    var sums = [Double](repeating: 0, count: (rows + 4095) / 4096)
    let gradient = Tensor<Float>(shape: output.shape) { gradient in
      let gradientBase = UncheckedPointer(gradient.baseAddress!)
      sums.withUnsafeMutableBufferPointer { sums in
        let sumBase = UncheckedPointer(sums.baseAddress!)
        output.value.withUnsafeScalars { output in
          target.withUnsafeScalars { target in
            weights.withUnsafeScalars { weights in
              noise.withUnsafeScalars { noise in
                nonisolated(unsafe) let (output, target, weights, noise) = (output, target, weights, noise)
                Parallel.forEachRange(of: rows, grain: 4096) { range in
                  var sum = 0.0
                  for row in range {
                    for channel in 0..<channels {
                      let shiftAt = row * 2 * channels + channel
                      let weight = Double(weights[row * channels + channel]) / total
                      let value = self.value(
                        shift: Double(output[shiftAt]), logScale: Double(output[shiftAt + channels]),
                        target: Double(target[row * channels + channel]),
                        variance: noise.isEmpty ? 0 : Double(noise[row * channels + channel]))
                      sum += weight * value.loss
                      gradientBase[shiftAt] = Float(weight * value.shiftSlope)
                      gradientBase[shiftAt + channels] = Float(weight * value.logScaleSlope)
                    }
                  }
                  sumBase[range.lowerBound / 4096] = sum
                }
              }
            }
          }
        }
      }
    }
    let loss = Tensor([Float(sums.reduce(0, +))], shape: [])
    return output.tape.record(loss, operation: "marginal loss", from: [output]) { seed, cotangents in
      cotangents.add(gradient * seed.scalars[0], to: output)
    }
  }

  private func value(
    shift: Double, logScale: Double, target: Double, variance: Double
  ) -> (loss: Double, shiftSlope: Double, logScaleSlope: Double) {
    let (logScale, boundSlope) = (LogScaleBound.bounded(logScale), LogScaleBound.slope(at: logScale))
    // The scale of the forecast of the target, and the slope of its logarithm.
    let own = exp(logScale)
    let scale = variance > 0 ? (own * own + variance).squareRoot() : own
    let share = variance > 0 ? own * own / (scale * scale) : 1
    let u = (target - shift) / scale
    switch self {
    case .likelihood:
      return (0.5 * u * u + (variance > 0 ? log(scale) : logScale), -u / scale, (1 - u * u) * share * boundSlope)
    case .rankedProbability:
      let slope = 2 * StandardNormal.density(u) - 1 / Double.pi.squareRoot()
      return (
        scale * StandardNormal.rankedProbability(u), -StandardNormal.central(u), scale * slope * share * boundSlope
      )
    }
  }
}
