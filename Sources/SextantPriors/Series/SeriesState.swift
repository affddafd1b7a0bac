// The state of a series at one time: K coefficients, of the archive's modes and of the slow part of the local field, and the
// rest of the local part at d states. Each coefficient and the rest evolve by themselves as autoregressions of order 1, and
// are observed as their sum. A vector of them has D = K + d entries, the coefficients first. The slow part and the rest have a
// size of their own at each step (LocalScale), by which an autoregression of constant size is multiplied.

import Foundation
import SextantArrays

/// From one step to the next: the time, and the sizes of the local part at both.
struct SeriesTransition: Sendable, Equatable {
  var time: Double
  var fromScale = 1.0
  var toScale = 1.0

  /// Whether nothing changes.
  var isNone: Bool { time <= 0 && fromScale == toScale }
}

/// The covariance of the state at one time, its evolution, and the field that it gives.
package struct SeriesDynamics<Scalar: TensorScalar>: Sendable {
  /// The field of each coefficient (K×d): the modes, each multiplied by its standard deviation, and the slow part's.
  let modes: Tensor<Scalar>
  /// The variance of each coefficient (K): a², and the share of the slow part.
  private let variances: [Scalar]
  /// The memory of each coefficient (K), and that of the rest.
  private let memories: [Double]
  private let localMemory: Double
  /// The covariance of the rest of the local part (d×d).
  let local: Tensor<Scalar>
  /// The number of coefficients of the slow part, the last ones.
  private let slowCount: Int
  /// L with L·Lᵀ = `local`, for draws.
  private let localFactor: CholeskyFactor<Scalar>?

  /// - Parameters:
  ///   - model: the covariance at one time.
  ///   - drawsSamples: whether draws from the prior are needed.
  package init(_ model: CovarianceModel, parameters: SeriesParameters, drawsSamples: Bool) throws {
    var covariance = model.localCovariance(parameters: parameters.spatial)
    covariance.mirrorLowerTriangle()
    var loadings = model.modes
    let amplitude = model.modeAmplitude(parameters: parameters.spatial)
    var variances = [Double](repeating: amplitude, count: loadings.rowCount)
    var memories = parameters.modeMemories(model.modeLogSizes)
    if parameters.slowShare > 0 {
      let slow = try SlowLocalPart.loadings(of: covariance, in: model)
      covariance.add(gramMatrix(slow, transposeFirst: true), scaledBy: -parameters.slowShare)
      loadings = loadings.rowCount > 0 ? loadings.stacked(on: slow) : slow
      variances += [Double](repeating: parameters.slowShare, count: slow.rowCount)
      memories += [Double](repeating: parameters.slowMemory, count: slow.rowCount)
      slowCount = slow.rowCount
    } else {
      slowCount = 0
    }
    modes = loadings.converted(to: Scalar.self)
    self.variances = variances.map { Scalar($0) }
    (self.memories, localMemory) = (memories, parameters.localMemory)
    local = covariance.converted(to: Scalar.self)
    if drawsSamples {
      let d = covariance.columnCount
      covariance.withUnsafeMutableScalars { values in
        let mean = (0..<d).reduce(0.0) { $0 + values[$1 * d + $1] } / Double(max(1, d))
        for i in 0..<d { values[i * d + i] += 1e-9 * mean }
      }
      localFactor = try CholeskyFactor(rounding: CholeskyFactor(covariance))
    } else {
      localFactor = nil
    }
  }

  /// K.
  var modeCount: Int { modes.rowCount }
  /// d.
  package var stateCount: Int { modes.columnCount }
  /// D = K + d.
  package var size: Int { modeCount + stateCount }

  /// The fields (B×d) of vectors (B×D).
  func fields(of vectors: Tensor<Scalar>) -> Tensor<Scalar> {
    guard modeCount > 0 else { return vectors }
    var result = vectors.columns(modeCount..<size)
    result.add(matrixProduct(vectors.columns(0..<modeCount), modes))
    return result
  }

  /// The covariance of the state before any observation (D×D).
  func stationaryCovariance() -> Tensor<Scalar> {
    var result = Tensor<Scalar>.zeros([size, size])
    blend(&result, correlations: [Scalar](repeating: 0, count: size), over: SeriesTransition(time: .infinity))
    return result
  }

  /// The correlation of each entry of the state over a time (D).
  private func correlations(over time: Double) -> [Scalar] {
    memories.map { Scalar(exp(-time / $0)) } + [Scalar](repeating: Scalar(exp(-time / localMemory)), count: stateCount)
  }

  /// Those numbers, each times the change of size of its entry (D): what an entry is multiplied by.
  private func factors(_ correlations: [Scalar], over transition: SeriesTransition) -> [Scalar] {
    let growth = Scalar(transition.toScale / transition.fromScale)
    return correlations.enumerated().map { isSized($0) ? $1 * growth : $1 }
  }

  /// What is new of each entry (D), in variances of the prior.
  private func fresh(_ correlations: [Scalar], over transition: SeriesTransition) -> [Scalar] {
    let size = Scalar(transition.toScale * transition.toScale)
    return correlations.enumerated().map { isSized($0) ? (1 - $1 * $1) * size : 1 - $1 * $1 }
  }

  /// Whether an entry of the state belongs to the local part, which has a size of its own at each step.
  private func isSized(_ entry: Int) -> Bool { entry >= modeCount - slowCount }

  /// The covariance at the next step: each entry is multiplied by its correlations, and what was forgotten is replaced by the
  /// prior's.
  func advance(_ covariance: inout Tensor<Scalar>, over transition: SeriesTransition) {
    guard !transition.isNone else { return }
    blend(&covariance, correlations: correlations(over: transition.time), over: transition)
  }

  private func blend(_ covariance: inout Tensor<Scalar>, correlations: [Scalar], over transition: SeriesTransition) {
    let (k, n) = (modeCount, size)
    let fresh = fresh(correlations, over: transition)
    let freshLocal = n > k ? fresh[k] : 0
    multiplyBothSides(&covariance, by: factors(correlations, over: transition))
    covariance.withUnsafeMutableScalars { values in
      local.withUnsafeScalars { local in
        guard let base = values.baseAddress else { return }
        let out = UncheckedPointer(base)
        for i in 0..<k { out[i * n + i] += fresh[i] * variances[i] }
        guard let own = local.baseAddress else { return }
        let q = UncheckedPointer(UnsafeMutablePointer(mutating: own))
        Parallel.forEachRange(of: n - k, grain: 32) { rows in
          for i in rows {
            let (row, source) = ((i + k) * n + k, i * (n - k))
            for j in 0..<n - k { out[row + j] += freshLocal * q[source + j] }
          }
        }
      }
    }
  }

  /// Entry (i, j) of a matrix (D×D) times factors i and j.
  private func multiplyBothSides(_ matrix: inout Tensor<Scalar>, by factors: [Scalar]) {
    let n = size
    matrix.withUnsafeMutableScalars { values in
      factors.withUnsafeBufferPointer { factors in
        guard let base = values.baseAddress, let first = factors.baseAddress else { return }
        let (out, f) = (UncheckedPointer(base), UncheckedPointer(UnsafeMutablePointer(mutating: first)))
        Parallel.forEachRange(of: n, grain: 32) { rows in
          for i in rows {
            let own = f[i]
            for j in 0..<n { out[i * n + j] *= own * f[j] }
          }
        }
      }
    }
  }

  /// Vectors (B×D) multiplied by the correlation over a time, and by the change of size.
  func decay(_ vectors: inout Tensor<Scalar>, over transition: SeriesTransition) {
    guard !transition.isNone else { return }
    vectors = vectors.scalingColumns(by: factors(correlations(over: transition.time), over: transition))
  }

  /// A symmetric matrix (D×D) multiplied so from both sides.
  func decayBothSides(_ matrix: inout Tensor<Scalar>, over transition: SeriesTransition) {
    guard !transition.isNone else { return }
    multiplyBothSides(&matrix, by: factors(correlations(over: transition.time), over: transition))
  }

  /// Draws from the prior at the step after that of `earlier` draws (count×D); from the stationary prior without them.
  func draws(
    _ count: Int, after earlier: Tensor<Scalar>?, over transition: SeriesTransition, using random: inout RandomStream
  ) -> Tensor<Scalar> {
    let (k, n) = (modeCount, size)
    let coefficients: Tensor<Scalar> = random.normals([count, k])
    let white: Tensor<Scalar> = random.normals([count, n - k])
    guard let localFactor else { preconditionFailure("These dynamics were made without draws") }
    let correlations = earlier == nil ? [Scalar](repeating: 0, count: n) : correlations(over: max(0, transition.time))
    let kept = factors(correlations, over: transition)
    let fresh = fresh(correlations, over: transition).enumerated().map { entry, variance in
      variance.squareRoot() * (entry < k ? variances[entry].squareRoot() : 1)
    }
    let field = localFactor.multiplyLower(rows: white)
    var result = earlier ?? Tensor<Scalar>.zeros([count, n])
    result.withUnsafeMutableScalars { out in
      coefficients.withUnsafeScalars { coefficients in
        field.withUnsafeScalars { field in
          for row in 0..<count {
            for j in 0..<k { out[row * n + j] = out[row * n + j] * kept[j] + fresh[j] * coefficients[row * k + j] }
            for j in k..<n { out[row * n + j] = out[row * n + j] * kept[j] + fresh[j] * field[row * (n - k) + j - k] }
          }
        }
      }
    }
    return result
  }
}

extension SeriesDynamics {
  /// What is known under other parameters, in terms of these: the fields and the coefficients stay, so that the rest of the
  /// local part takes up what the slow part's fields have changed.
  func adopting(_ state: SeriesFilterState<Scalar>, of earlier: SeriesDynamics) -> SeriesFilterState<Scalar> {
    precondition(earlier.size == size && earlier.slowCount == slowCount, "Other states or coefficients")
    guard slowCount > 0 else { return state }
    let slow = modeCount - slowCount..<modeCount
    let (k, n) = (modeCount, size)
    var change = earlier.modes.rows(slow)
    change.add(modes.rows(slow), scaledBy: -1)
    func moved(_ vectors: Tensor<Scalar>) -> Tensor<Scalar> {
      guard vectors.rowCount > 0 else { return vectors }
      let added = matrixProduct(vectors.columns(slow), change)
      var result = vectors
      result.withUnsafeMutableScalars { out in
        added.withUnsafeScalars { added in
          for row in 0..<vectors.rowCount {
            for j in k..<n { out[row * n + j] += added[row * (n - k) + j - k] }
          }
        }
      }
      return result
    }
    var result = state
    result.vectors = moved(state.vectors)
    result.draws = moved(state.draws)
    // T·P·Tᵀ: the columns, and then by symmetry the rows.
    result.covariance = moved(moved(state.covariance).transposed())
    return result
  }
}
