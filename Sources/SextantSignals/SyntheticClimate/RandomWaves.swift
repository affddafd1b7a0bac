// Homogeneous random fields on the sphere with a power-law spectrum: sums of three-dimensional plane waves, restricted
// to the sphere, whose amplitudes follow first-order autoregressive processes in time.

import Foundation
import SextantArrays

/// A fixed set of plane waves, shared by all fields of a climate.
struct RandomWaves: Sendable {
  private let vectors: [SIMD3<Double>]
  private let amplitudes: [Double]

  /// Wavenumbers between 1.5 and 40 radians⁻¹, evenly spaced in their logarithm, with spectral density k^−slope.
  init(count: Int, spectralSlope: Double, seed: RandomStream) {
    var random = seed
    var vectors: [SIMD3<Double>] = []
    var power: [Double] = []
    for _ in 0..<count {
      let wavenumber = 1.5 * pow(40 / 1.5, random.uniform())
      let z = random.uniform(in: -1..<1)
      let angle = random.uniform(in: 0..<(2 * Double.pi))
      let horizontal = (1 - z * z).squareRoot()
      vectors.append(SIMD3(horizontal * cos(angle), horizontal * sin(angle), z) * wavenumber)
      // Evenly spaced in log k, so the density is multiplied by k.
      power.append(pow(wavenumber, 1 - spectralSlope))
    }
    let total = power.reduce(0, +)
    self.vectors = vectors
    amplitudes = power.map { ($0 / total).squareRoot() }
  }

  /// `count` consecutive fields at `positions` (count×V), each of unit variance, with lag-one correlation `memory`.
  func fields(count: Int, at positions: [SIMD3<Double>], memory: Double, seed: RandomStream) -> Tensor<Float> {
    let waves = vectors.count
    var random = seed
    var coefficients = Tensor<Float>.zeros([count, 2 * waves])
    let innovation = Float((1 - memory * memory).squareRoot())
    let white: Tensor<Float> = random.normals([count, 2 * waves])
    coefficients.withUnsafeMutableScalars { state in
      white.withUnsafeScalars { white in
        for t in 0..<count {
          for w in 0..<2 * waves {
            let now = t * 2 * waves + w
            state[now] = t == 0 ? white[now] : Float(memory) * state[now - 2 * waves] + innovation * white[now]
          }
        }
      }
    }
    let basis = Tensor<Float>(shape: [2 * waves, positions.count]) { out in
      for (w, vector) in vectors.enumerated() {
        for (v, position) in positions.enumerated() {
          let phase = (vector * position).sum()
          out[w * positions.count + v] = Float(amplitudes[w] * cos(phase))
          out[(waves + w) * positions.count + v] = Float(amplitudes[w] * sin(phase))
        }
      }
    }
    return matrixProduct(coefficients, basis)
  }
}
