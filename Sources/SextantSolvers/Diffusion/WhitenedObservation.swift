// A linear measurement in the coordinates of its operator's singular vectors: z_i = c_i + noise of standard deviation
// σ_i.

import SextantArrays
import SextantPriors

/// The measured value of each coordinate of a ``WhitenedSVD``.
struct WhitenedObservation: Sendable {
  private let decomposition: WhitenedSVD
  /// z (r).
  let measured: [Float]

  /// σ_i (r).
  var standardDeviations: [Double] { decomposition.standardDeviations }
  /// The number of measured coordinates r.
  var rank: Int { decomposition.rank }

  /// Expresses an observation by the decomposed operator in its coordinates.
  init(_ observation: StateObservation, in decomposition: WhitenedSVD) {
    self.decomposition = decomposition
    measured = decomposition.measured(observation)
  }

  /// Vᵀx for each row x: B×d to B×r.
  func coordinates(of states: Tensor<Float>) -> Tensor<Float> { decomposition.coordinates(of: states) }

  /// Adds V·c to the states (B×d) for coordinates c (B×r).
  func add(_ coordinates: Tensor<Float>, to states: inout Tensor<Float>) { decomposition.add(coordinates, to: &states) }

  /// z − c, each coordinate multiplied by its own factor: B×r.
  func innovations(of coordinates: Tensor<Float>, times factors: [Float]) -> Tensor<Float> {
    let (measured, rank) = (measured, rank)
    var result = coordinates
    result.withUnsafeMutableScalars { values in
      for i in values.indices { values[i] = (measured[i % rank] - values[i]) * factors[i % rank] }
    }
    return result
  }
}
