// The state of a series at one time: k coefficients of the modes and the local part at d states, which evolve by
// themselves as autoregressions of order 1 and are observed as their sum. A vector of them has D = k + d entries, the
// coefficients first.

import SextantArrays

/// The covariance of the state at one time, its evolution, and the field that it gives.
package struct SeriesDynamics<Scalar: TensorScalar>: Sendable {
  /// The modes, each multiplied by its standard deviation (k×d).
  let modes: Tensor<Scalar>
  /// a².
  let modeVariance: Scalar
  /// Q, the covariance of the local part (d×d).
  let local: Tensor<Scalar>
  let parameters: SeriesParameters
  /// L with L·Lᵀ = Q, for draws.
  private let localFactor: CholeskyFactor<Scalar>?

  /// - Parameters:
  ///   - model: the covariance at one time.
  ///   - drawsSamples: whether draws from the prior are needed.
  package init(_ model: CovarianceModel, parameters: SeriesParameters, drawsSamples: Bool) throws {
    self.parameters = parameters
    modes = model.modes.converted(to: Scalar.self)
    modeVariance = Scalar(model.modeAmplitude(parameters: parameters.spatial))
    var covariance = model.localCovariance(parameters: parameters.spatial)
    if drawsSamples {
      let d = covariance.columnCount
      var regular = covariance
      regular.withUnsafeMutableScalars { values in
        let mean = (0..<d).reduce(0.0) { $0 + values[$1 * d + $1] } / Double(max(1, d))
        for i in 0..<d { values[i * d + i] += 1e-9 * mean }
      }
      localFactor = try CholeskyFactor(rounding: CholeskyFactor(regular))
    } else {
      localFactor = nil
    }
    covariance.mirrorLowerTriangle()
    local = covariance.converted(to: Scalar.self)
  }

  /// k.
  var modeCount: Int { modes.rowCount }
  /// d.
  package var stateCount: Int { modes.columnCount }
  /// D = k + d.
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
    blend(&result, SeriesDecay(modes: 0, local: 0))
    return result
  }

  /// The covariance a time later: each block is multiplied by its decay, and what was forgotten is replaced by the
  /// prior's.
  func advance(_ covariance: inout Tensor<Scalar>, over time: Double) {
    guard time > 0 else { return }
    blend(&covariance, parameters.decay(over: time))
  }

  private func blend(_ covariance: inout Tensor<Scalar>, _ decay: SeriesDecay) {
    let (k, n) = (modeCount, size)
    let (m, l) = (Scalar(decay.modes), Scalar(decay.local))
    let restored = (modes: (1 - m * m) * modeVariance, local: 1 - l * l)
    covariance.withUnsafeMutableScalars { values in
      local.withUnsafeScalars { local in
        guard let base = values.baseAddress, let own = local.baseAddress else { return }
        let (out, q) = (UncheckedPointer(base), UncheckedPointer(UnsafeMutablePointer(mutating: own)))
        Parallel.forEachRange(of: n, grain: 32) { rows in
          for i in rows {
            let factor = i < k ? m : l
            for j in 0..<k { out[i * n + j] *= factor * m }
            for j in k..<n { out[i * n + j] *= factor * l }
            if i < k {
              out[i * n + i] += restored.modes
            } else {
              let (row, source) = (i * n + k, (i - k) * (n - k))
              for j in 0..<n - k { out[row + j] += restored.local * q[source + j] }
            }
          }
        }
      }
    }
  }

  /// Vectors (B×D) multiplied by the correlation over a time.
  func decay(_ vectors: inout Tensor<Scalar>, over time: Double) {
    guard time > 0 else { return }
    let decay = parameters.decay(over: time)
    let (k, n) = (modeCount, size)
    let factors = (0..<n).map { Scalar($0 < k ? decay.modes : decay.local) }
    vectors = vectors.scalingColumns(by: factors)
  }

  /// A symmetric matrix (D×D) multiplied from both sides by the correlation over a time.
  func decayBothSides(_ matrix: inout Tensor<Scalar>, over time: Double) {
    guard time > 0 else { return }
    let decay = parameters.decay(over: time)
    let (k, n) = (modeCount, size)
    let (m, l) = (Scalar(decay.modes), Scalar(decay.local))
    matrix.withUnsafeMutableScalars { values in
      guard let base = values.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEachRange(of: n, grain: 32) { rows in
        for i in rows {
          let factor = i < k ? m : l
          for j in 0..<k { out[i * n + j] *= factor * m }
          for j in k..<n { out[i * n + j] *= factor * l }
        }
      }
    }
  }

  /// Draws from the prior a time after `earlier` draws (count×D); from the stationary prior without them.
  func draws(_ count: Int, after earlier: Tensor<Scalar>?, time: Double, using random: inout RandomStream) -> Tensor<Scalar> {
    let (k, n) = (modeCount, size)
    let coefficients: Tensor<Scalar> = random.normals([count, k])
    let white: Tensor<Scalar> = random.normals([count, n - k])
    guard let localFactor else { preconditionFailure("These dynamics were made without draws") }
    let decay = earlier == nil ? SeriesDecay(modes: 0, local: 0) : parameters.decay(over: max(0, time))
    let fresh = (
      modes: Scalar((1 - decay.modes * decay.modes).squareRoot()) * modeVariance.squareRoot(),
      local: Scalar((1 - decay.local * decay.local).squareRoot())
    )
    let field = localFactor.multiplyLower(rows: white)
    var result = earlier ?? Tensor<Scalar>.zeros([count, n])
    let (m, l) = (Scalar(decay.modes), Scalar(decay.local))
    result.withUnsafeMutableScalars { out in
      coefficients.withUnsafeScalars { coefficients in
        field.withUnsafeScalars { field in
          for row in 0..<count {
            for j in 0..<k { out[row * n + j] = out[row * n + j] * m + fresh.modes * coefficients[row * k + j] }
            for j in k..<n {
              out[row * n + j] = out[row * n + j] * l + fresh.local * field[row * (n - k) + j - k]
            }
          }
        }
      }
    }
    return result
  }
}
