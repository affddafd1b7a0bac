// A Gaussian world of 16×16 states: smooth modes, independent residuals and a mean with a season, of which fields are measured
// with gaps and noise.

import Foundation
import SextantArrays

@testable import SextantPriors

/// A world of which everything is known.
struct MeasuredWorld {
  static let side = 16
  static let stateCount = side * side
  static let modeCount = 5
  static let residual = 0.05
  /// The coefficients of (1, cos season) of each state (2×d).
  let mean: Tensor<Double>
  /// k×d.
  let modes: Tensor<Double>

  init() {
    let (side, d) = (Self.side, Self.stateCount)
    func wave(_ state: Int, _ a: Int, _ b: Int) -> Double {
      let (x, y) = (Double(state % side) / Double(side), Double(state / side) / Double(side))
      return cos(.pi * (Double(a) * x + Double(b) * y) + Double(a - b))
    }
    mean = Tensor(shape: [2, d]) { out in
      for state in 0..<d {
        out[state] = 0.5 * wave(state, 1, 0)
        out[d + state] = 0.3 * wave(state, 0, 1)
      }
    }
    modes = Tensor(shape: [Self.modeCount, d]) { out in
      for mode in 0..<Self.modeCount {
        for state in 0..<d { out[mode * d + state] = wave(state, 1 + mode, 2 * mode - 1) / (1 + 0.4 * Double(mode)) }
      }
    }
  }

  /// Σ (d×d).
  var covariance: Tensor<Double> {
    var result = gramMatrix(modes, transposeFirst: true)
    for j in 0..<Self.stateCount { result[j, j] += Self.residual }
    return result
  }

  /// Fields of which a share is missing at random, with noise of two levels.
  func fields(
    _ count: Int, missing: Double, noise: (Double, Double) = (0.05, 0.05), never: Set<Int> = [], seed: UInt64
  ) -> (measured: GappyStates, truth: Tensor<Double>) {
    let d = Self.stateCount
    let base = RandomStream(seed: seed)
    var truth = Tensor<Double>.zeros([count, d])
    let fields = (0..<count).map { index -> GappyField in
      var random = base.split(index)
      let terms = [1, cos(2 * Double.pi * Double(index % 12) / 12)]
      let factors: Tensor<Double> = random.normals([1, Self.modeCount])
      var state = matrixProduct(factors, modes).scalars
      for j in 0..<d {
        state[j] += terms[0] * mean[0, j] + terms[1] * mean[1, j] + Self.residual.squareRoot() * random.normal()
      }
      truth.replaceRows(from: index, with: Tensor(state, shape: [1, d]))
      let kept = (0..<d).filter { _ in random.uniform() >= missing }.filter { !never.contains($0) }
      let deviations = kept.map { ($0 + index) % 2 == 0 ? noise.0 : noise.1 }
      return GappyField(
        states: kept, anomalies: zip(kept, deviations).map { state[$0] + $1 * random.normal() },
        noiseVariance: deviations.map { $0 * $0 }, isHidden: kept.map { _ in random.uniform() < 0.1 }, terms: terms)
    }
    return (GappyStates(fields, stateCount: d), truth)
  }

  /// The divergence of Kullback and Leibler from the world's Gaussian at a season to another.
  func divergence(to covariance: Tensor<Double>, mean other: Tensor<Double>, season: Double) throws -> Double {
    let d = Self.stateCount
    let factor = try CholeskyFactor(covariance)
    let ratio = factor.solve(self.covariance)
    let own = try CholeskyFactor(self.covariance)
    let shift = (0..<d).map { other[0, $0] - mean[0, $0] + season * (other[1, $0] - mean[1, $0]) }
    let moved = factor.solveLower(Tensor(shift, shape: [d, 1]))
    let trace = (0..<d).reduce(0.0) { $0 + ratio[$1, $1] }
    return 0.5 * (trace - Double(d) + factor.logDeterminant - own.logDeterminant + moved.dot(moved))
  }

  /// The numbers of a Gaussian with this many modes: loadings without rotations, residual variances and means.
  static func parameterCount(modes k: Int) -> Double { Double(stateCount * (k + 3) - k * (k - 1) / 2) }
}

extension FactorModel {
  /// W·Wᵀ + Ψ (d×d).
  var covariance: Tensor<Double> {
    var result = gramMatrix(loadings)
    for j in 0..<stateCount { result[j, j] += residualVariance[j] }
    return result
  }
}
