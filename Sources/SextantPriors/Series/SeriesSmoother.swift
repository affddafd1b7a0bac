// The smoother of a series: what all steps of a window say of each, by one pass back over what the filter left (de Jong
// 1989; Durbin and Koopman 2012, 4.4). It needs no inverse of a covariance: with r and N of what later steps add, the mean
// is x + P·r and the variance P − P·N·P.

import SextantArrays

/// Keeps what the filter leaves of the steps of a window, and answers the first of them.
package struct SeriesSmoother<Scalar: TensorScalar>: Sendable {
  private let dynamics: SeriesDynamics<Scalar>
  private var steps: [FilteredStep<Scalar>] = []

  package init(_ dynamics: SeriesDynamics<Scalar>) { self.dynamics = dynamics }

  /// The number of steps that are kept.
  var count: Int { steps.count }

  /// Keeps what the filter leaves of a step.
  package mutating func take(_ step: SeriesStep, by filter: inout SeriesFilter<Scalar>) throws {
    steps.append(try filter.advance(to: step))
  }

  /// The memory of a step in bytes, where `observed` of the states are.
  package static func bytesPerStep(size: Int, observed: Int, memberCount: Int) -> Int {
    MemoryLayout<Scalar>.stride * (size * size + observed * (size + observed) + 3 * (1 + memberCount) * size)
  }

  /// The answers of the first `count` steps, given all. The others stay, for the next window.
  package mutating func estimates(_ count: Int, isInterrupted: () throws -> Void = {}) throws -> [SeriesEstimate] {
    var result: [SeriesEstimate] = []
    let ahead = Array(steps.dropFirst(count))
    defer { steps = ahead }
    guard let last = steps.last else { return [] }
    let n = dynamics.size
    // r of the mean and the members (1+N × D), and N (D×D), of all that is observed from a step on.
    var gradient = Tensor<Scalar>.zeros([last.predicted.rowCount, n])
    var information = Tensor<Scalar>.zeros([n, n])
    var isInformed = false
    while let step = steps.popLast() {
      try isInterrupted()
      var observed: [Double] = []
      if let update = step.update {
        add(update, to: &gradient)
        observed = add(update, to: &information, isInformed: isInformed)
        isInformed = true
      }
      if steps.count < count {
        var vectors = step.predicted
        vectors.add(matrixProduct(gradient, step.covariance))
        let variances = variances(of: step, given: isInformed ? information : nil, observed: observed)
        result.append(dynamics.estimate(vectors: vectors, drawnFields: step.drawnFields, variances: variances))
      }
      dynamics.decay(&gradient, over: step.transition)
      if isInformed { dynamics.decayBothSides(&information, over: step.transition) }
    }
    return result.reversed()
  }

  /// The variance of the field at each state, F·(P − P·N·P)·Fᵀ. Those of values that are states are known from the update, and
  /// the others are quadratic forms of N.
  private func variances(
    of step: FilteredStep<Scalar>, given information: Tensor<Scalar>?, observed: [Double]
  ) -> [Double] {
    var result = [Double](repeating: 0, count: dynamics.stateCount)
    var others: [Int]?
    if let states = step.update?.operation.selectedStates {
      for (state, variance) in zip(states, observed) { result[state] = variance }
      let known = Set(states)
      others = result.indices.filter { !known.contains($0) }
    }
    let (rows, variances) = dynamics.fieldVariances(step.covariance, at: others)
    let known = information.map { quadraticForms(rows, of: $0) }
    for (place, state) in (others ?? Array(result.indices)).enumerated() {
      result[state] = variances[place] - (known?[place] ?? 0)
    }
    return result
  }

  /// r ← Fᵀ·(S⁻¹·v − Kᵀ·r) + r.
  private func add(_ update: FilteredStep<Scalar>.Update, to gradient: inout Tensor<Scalar>) {
    // L⁻ᵀ of the whitened innovations less the whitened gain times r.
    var weights = update.innovations
    weights.add(matrixProduct(gradient, update.whitenedGain, transposingSecond: true), scaledBy: -1)
    gradient.add(update.operation.spread(update.factor.solveLowerTransposed(rows: weights)))
  }

  /// N ← Fᵀ·S⁻¹·F + (1 − K·F)ᵀ·N·(1 − K·F), written as N − (B·F + (B·F)ᵀ) with B = N·K − ½·Fᵀ·(S⁻¹ + Kᵀ·N·K), which
  /// stays symmetric to the last bit: what is not symmetric would grow from step to step.
  ///
  /// - Returns: the variance of what each value observes, given all steps. With K = P′·Fᵀ·R⁻¹, where P′ is the covariance
  ///   after the update, it is R·(F·K) − R·(Kᵀ·N·K)·R, whose diagonal is at hand.
  private func add(
    _ update: FilteredStep<Scalar>.Update, to information: inout Tensor<Scalar>, isInformed: Bool
  ) -> [Double] {
    // Kᵀ (m×D).
    let gain = update.factor.solveLowerTransposed(update.whitenedGain)
    let noise = update.operation.noiseVariance
    var variances = zip(noise, update.operation.diagonal(gain)).map { $0 * $1 }
    var inner = update.factor.inverse()
    var half: Tensor<Scalar>
    if isInformed {
      half = matrixProduct(gain, information)
      let known = symmetricProduct(half, transposed: gain)
      let m = noise.count
      known.withUnsafeScalars { known in
        for i in 0..<m { variances[i] -= noise[i] * noise[i] * Double(known[i * m + i]) }
      }
      inner.add(known)
      half.add(update.operation.spread(inner), scaledBy: -0.5)
    } else {
      half = update.operation.spread(inner) * -0.5
    }
    // (B·F)ᵀ = Fᵀ·Bᵀ: the rows of Bᵀ are `half` (m×D), so that B·F has its rows from the columns of `half`.
    let image = update.operation.spread(half.transposed())
    subtractWithTransposed(image, from: &information)
    return variances
  }

  /// M ← M − (A + Aᵀ).
  private func subtractWithTransposed(_ a: Tensor<Scalar>, from matrix: inout Tensor<Scalar>) {
    let n = matrix.columnCount
    matrix.withUnsafeMutableScalars { values in
      a.withUnsafeScalars { a in
        guard let base = values.baseAddress, let start = a.baseAddress else { return }
        let (out, source) = (UncheckedPointer(base), UncheckedPointer(UnsafeMutablePointer(mutating: start)))
        // Tiles keep both the rows and the columns that are read in the cache; each pair of tiles is one call's.
        let tile = 64
        let tiles = (n + tile - 1) / tile
        Parallel.forEach(tiles) { block in
          let rows = block * tile..<min(n, (block + 1) * tile)
          for columnStart in stride(from: 0, to: n, by: tile) {
            for i in rows {
              for j in columnStart..<min(columnStart + tile, n) {
                // In the same order on both sides of the diagonal.
                let sum = i < j ? source[j * n + i] + source[i * n + j] : source[i * n + j] + source[j * n + i]
                out[i * n + j] -= sum
              }
            }
          }
        }
      }
    }
  }
}
