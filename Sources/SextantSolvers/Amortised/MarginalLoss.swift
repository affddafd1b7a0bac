// How well a conditional affine flow of a Gaussian posterior explains the truth, entry by entry: the negative log-likelihood
// of the marginals, and their continuous ranked probability score. Both are proper: neither is gained by false confidence.

import Foundation
import SextantArrays
import SextantAutodiff

/// What a conditioning network is trained by.
public enum MarginalLoss: String, Sendable, Codable, CaseIterable {
  /// Maximum likelihood of the marginals.
  case likelihood
  /// The continuous ranked probability score: less moved by single misses.
  case rankedProbability = "crps"

  /// The mean loss over the entries with weight.
  ///
  /// - Parameters:
  ///   - output: B×V×2C: for each channel the shift δ, then for each the log-scale s, both in units of the base's spread.
  ///   - target: B·V·C: (truth − base mean) / base spread.
  ///   - weights: B·V·C: what each entry counts; 0 for none.
  package func callAsFunction(
    _ output: DifferentiableTensor<Float>, target: Tensor<Float>, weights: Tensor<Float>
  ) -> DifferentiableTensor<Float> {
    let channels = output.shape[2] / 2
    precondition(target.count == output.value.count / 2 && weights.count == target.count, "Targets \(target.shape)")
    let total = weights.withUnsafeScalars { $0.reduce(0.0) { $0 + Double($1) } }
    let rows = target.count / channels
    var sums = [Double](repeating: 0, count: (rows + 4095) / 4096)
    let gradient = Tensor<Float>(shape: output.shape) { gradient in
      let gradientBase = UncheckedPointer(gradient.baseAddress!)
      sums.withUnsafeMutableBufferPointer { sums in
        let sumBase = UncheckedPointer(sums.baseAddress!)
        output.value.withUnsafeScalars { output in
          target.withUnsafeScalars { target in
            weights.withUnsafeScalars { weights in
              nonisolated(unsafe) let (output, target, weights) = (output, target, weights)
              Parallel.forEachRange(of: rows, grain: 4096) { range in
                var sum = 0.0
                for row in range {
                  for channel in 0..<channels {
                    let shiftAt = row * 2 * channels + channel
                    let weight = Double(weights[row * channels + channel]) / total
                    let value = self.value(
                      shift: Double(output[shiftAt]), logScale: Double(output[shiftAt + channels]),
                      target: Double(target[row * channels + channel]))
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
    let loss = Tensor([Float(sums.reduce(0, +))], shape: [])
    return output.tape.record(loss, operation: "marginal loss", from: [output]) { seed, cotangents in
      cotangents.add(gradient * seed.scalars[0], to: output)
    }
  }

  private func value(
    shift: Double, logScale: Double, target: Double
  ) -> (loss: Double, shiftSlope: Double, logScaleSlope: Double) {
    let (logScale, boundSlope) = (LogScaleBound.bounded(logScale), LogScaleBound.slope(at: logScale))
    let scale = exp(logScale)
    let u = (target - shift) / scale
    switch self {
    case .likelihood:
      return (0.5 * u * u + logScale, -u / scale, (1 - u * u) * boundSlope)
    case .rankedProbability:
      let slope = 2 * StandardNormal.density(u) - 1 / Double.pi.squareRoot()
      return (
        scale * StandardNormal.rankedProbability(u), -StandardNormal.central(u), scale * slope * boundSlope
      )
    }
  }
}
