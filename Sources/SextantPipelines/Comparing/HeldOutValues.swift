// Measured values that were hidden from a method. A method tells of the field, and a measured value has its noise as well: its
// prediction is the posterior with the noise added, and is judged as such.

import SextantArrays
import SextantEvaluation
import SextantSolvers

/// Hidden values of a measured field.
struct HeldOutValues {
  /// Which entries of the field are hidden and judged (V·C).
  let isScored: [Bool]
  /// The standard deviation of the noise of each entry (V·C).
  let noise: [Float]

  /// The prediction of the measured values: the posterior's mean, and spread and samples with the noise.
  func prediction(of posterior: Posterior, using random: RandomStream) -> ScoredEstimate {
    var random = random
    let size = noise.count
    let spread = posterior.spread.map { spread in
      zip(spread, noise).map { ($0 * $0 + $1 * $1).squareRoot() }
    }
    var samples = posterior.samples
    if let count = samples?.rowCount {
      let draws: Tensor<Float> = random.normals([count, size])
      samples?.withUnsafeMutableScalars { values in
        draws.withUnsafeScalars { draws in
          for i in values.indices where isScored[i % size] { values[i] += noise[i % size] * draws[i] }
        }
      }
    }
    return ScoredEstimate(mean: posterior.mean, spread: spread, samples: samples)
  }
}
