// Measured values that were hidden from a method. A method tells of the field, and a measured value has its noise as well: its
// prediction is the posterior with the noise added, and is judged as such. Neighbours that are both hidden tell besides whether their
// noise is independent.

import SextantArrays
import SextantEvaluation
import SextantGeometry
import SextantSignals
import SextantSolvers
import SextantTraining

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

/// What the errors at hidden neighbours say of the noise of the test fields.
struct HeldOutNeighbours {
  private let space: FieldSpace
  /// The neighbouring vertices.
  private let pairs: [(Int, Int)]
  private var found: [String: [NeighbourNoise]] = [:]

  init(in space: FieldSpace) {
    self.space = space
    let vertices = space.domain.representativeVertices
    pairs = space.domain.neighbourPairs.map { (vertices[$0.first], vertices[$0.second]) }
  }

  /// Adds the answer of a method (V·C) to a measured field.
  mutating func add(_ field: Signal, _ hidden: HeldOutValues, mean: [Float], method: String, mask: String) {
    let channels = space.channelCount
    var own = found["\(method)\n\(mask)"] ?? [NeighbourNoise](repeating: NeighbourNoise(), count: channels)
    let values = field.values.scalars
    func value(_ entry: Int) -> NeighbourNoise.Value {
      NeighbourNoise.Value(
        error: Double(values[entry] - mean[entry]), variance: Double(hidden.noise[entry] * hidden.noise[entry]))
    }
    for channel in 0..<channels {
      own[channel].add(
        pairs.compactMap { pair in
          let entries = (pair.0 * channels + channel, pair.1 * channels + channel)
          guard hidden.isScored[entries.0], hidden.isScored[entries.1] else { return nil }
          return NeighbourNoise.Pair(places: pair, values: (value(entries.0), value(entries.1)))
        })
    }
    found["\(method)\n\(mask)"] = own
  }

  /// A remark on each variable whose noise is not independent, by the answers that show it most clearly; nil where there is none.
  var remarks: [Remark]? {
    let result = space.variables.indices.compactMap { channel -> Remark? in
      let clearest = found.sorted { $0.key < $1.key }.map { $0.value[channel] }.max { a, b in
        (a.correlation?.lowest ?? -.infinity) < (b.correlation?.lowest ?? -.infinity)
      }
      return clearest?.remark(on: space.variables[channel])
    }
    return result.isEmpty ? nil : result
  }
}
