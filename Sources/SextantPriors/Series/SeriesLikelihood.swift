// The marginal likelihood of pieces of a series under the space-time covariance, with its gradient, and the search for
// its maximum.
//
// It is the likelihood of one field (MarginalLikelihood) with each part of the covariance multiplied by its correlation
// over time. The gradient of a spatial parameter is that of one field with the weights ½(K⁻¹ − ααᵀ) multiplied by the
// same correlation, and the derivative of e^(−Δ/τ) by log τ is e^(−Δ/τ)·Δ/τ. The modes have memories of their own, so that
// their products are made anew for each pair of steps.

import Foundation
import SextantArrays

/// Some observed values of neighbouring steps of a series.
package struct SeriesPiece: Sendable {
  var states: [Int] = []
  var times: [Double] = []
  var anomalies: [Double] = []
  var noiseVariance: [Double] = []

  package init() {}

  /// A part of the piece, evenly chosen, of at most `limit` values.
  package func thinned(to limit: Int) -> SeriesPiece {
    guard count > limit else { return self }
    var result = SeriesPiece()
    for index in (0..<limit).map({ $0 * count / limit }) {
      result.states.append(states[index])
      result.times.append(times[index])
      result.anomalies.append(anomalies[index])
      result.noiseVariance.append(noiseVariance[index])
    }
    return result
  }

  /// Adds some of the observations of a step, at most `limit`, chosen by `random`.
  package mutating func add(_ observation: StateObservation, at time: Double, limit: Int, using random: inout RandomStream) {
    var rows = Array(0..<observation.count)
    if rows.count > limit {
      rows.shuffle(using: &random)
      rows = rows.prefix(limit).sorted()
    }
    // NOTE: As in the search for one field, a value that combines states counts as one of the state with the largest
    // weight.
    let dominant = observation.dominantStates
    for row in rows {
      states.append(dominant[row])
      times.append(time)
      anomalies.append(observation.anomalies[row])
      noiseVariance.append(observation.noiseVariance[row])
    }
  }

  package var count: Int { states.count }
}

/// The negative log marginal likelihood of one piece, without hyper-priors.
struct PieceLikelihood {
  private let model: CovarianceModel
  private let piece: SeriesPiece
  /// The modes at the piece's states (k×n), their products at one time (n×n), and the logarithms of their sizes (k).
  private let modes: Tensor<Double>
  private let modeProducts: Tensor<Double>
  private let logSizes: [Double]
  /// The rows of each step.
  private let steps: [Range<Int>]

  init(_ model: CovarianceModel, piece: SeriesPiece) {
    self.model = model
    self.piece = piece
    modes = model.modes(at: piece.states, as: Double.self)
    modeProducts = gramMatrix(modes, transposeFirst: true)
    logSizes = model.modeLogSizes
    var starts = piece.times.indices.filter { $0 == 0 || piece.times[$0] != piece.times[$0 - 1] }
    starts.append(piece.count)
    steps = zip(starts, starts.dropFirst()).map { $0..<$1 }
  }

  /// The value, the gradient of the spatial parameters, and that of the memories (``SeriesParameters/memory``).
  func callAsFunction(_ parameters: SeriesParameters) -> (value: Double, spatial: [Double], memory: [Double])? {
    let n = piece.count
    let terms = model.terms(parameters.spatial)
    let kernels = terms.map { PairKernel<Double>($0, rows: piece.states, columns: piece.states, in: model) }
    func isModes(_ component: CovarianceComponent) -> Bool {
      if case .modes = component { true } else { false }
    }
    let ofModes = model.components.map(isModes)
    let memories = parameters.modeMemories(logSizes)
    let timedProducts = timedProducts(memories)
    // The parts of which the lower triangles are used.
    var covariance = timedProducts
    PairKernel.assemble(zip(kernels, ofModes).filter(\.1).map(\.0), in: &covariance, lowerOnly: true)
    var local = modeProducts
    PairKernel.assemble(zip(kernels, ofModes).filter { !$0.1 }.map(\.0), in: &local, lowerOnly: true)
    let (fast, slow) = (
      correlation(parameters.localMemory) * (1 - parameters.slowShare), correlation(parameters.slowMemory) * parameters.slowShare
    )
    let localTime = fast + slow
    covariance.add(local * localTime)
    covariance.withUnsafeMutableScalars { out in
      for i in 0..<n { out[i * n + i] += piece.noiseVariance[i] }
    }
    guard let factor = try? CholeskyFactor(covariance) else { return nil }
    let alpha = factor.solve(Tensor(piece.anomalies)).scalars
    let fit = zip(alpha, piece.anomalies).reduce(0.0) { $0 + $1.0 * $1.1 }
    var weights = factor.inverse()
    weights.withUnsafeMutableScalars { g in
      for i in 0..<n { for j in 0...i { g[i * n + j] -= alpha[i] * alpha[j] } }
    }
    let memory =
      modeMemoryGradient(weights, memories: memories, amplitude: model.modeAmplitude(parameters: parameters.spatial))
      + localMemoryGradient(weights, local: local, fast: fast, slow: slow, parameters)
    let localWeights = weights * localTime
    var gradient: [Double] = []
    for (index, component) in model.components.enumerated() {
      let products = ofModes[index] ? timedProducts : modeProducts
      gradient += (ofModes[index] ? weights : localWeights).withUnsafeScalars { weights in
        products.withUnsafeScalars { products in
          kernels[index].gradient(
            of: component, weights: weights, modeProducts: products, features: model.features, states: piece.states)
        }
      }
    }
    return (0.5 * fit + 0.5 * factor.logDeterminant, gradient, memory)
  }

  private func distance(_ a: Range<Int>, _ b: Range<Int>) -> Double {
    abs(piece.times[a.lowerBound] - piece.times[b.lowerBound])
  }

  /// Σₖ Φₖᵢ·Φₖⱼ·e^(−Δ/τₖ) in the lower triangle (n×n).
  private func timedProducts(_ memories: [Double]) -> Tensor<Double> {
    guard !memories.isEmpty else { return modeProducts }
    let n = piece.count
    var result = modeProducts
    for (index, rows) in steps.enumerated() {
      let own = modes.columns(rows)
      for columns in steps[..<index] {
        let time = distance(rows, columns)
        let block = matrixProduct(
          own.scalingRows(by: memories.map { exp(-time / $0) }), modes.columns(columns), transposingFirst: true)
        result.withUnsafeMutableScalars { out in
          block.withUnsafeScalars { block in
            for (i, row) in rows.enumerated() {
              for (j, column) in columns.enumerated() { out[row * n + column] = block[i * columns.count + j] }
            }
          }
        }
      }
    }
    return result
  }

  /// e^(−Δ/τ) of each pair (n×n).
  private func correlation(_ memory: Double) -> Tensor<Double> {
    let n = piece.count
    return Tensor(shape: [n, n]) { out in
      for rows in steps {
        for columns in steps {
          let value = exp(-distance(rows, columns) / memory)
          for i in rows { for j in columns { out[i * n + j] = value } }
        }
      }
    }
  }

  /// The derivatives by log τ₁ and β: twice the sum over the lower triangle times ½ of G·a²·Φₖᵢ·Φₖⱼ·e^(−Δ/τₖ)·Δ/τₖ.
  private func modeMemoryGradient(_ weights: Tensor<Double>, memories: [Double], amplitude: Double) -> [Double] {
    guard !memories.isEmpty else { return [0, 0] }
    var result = [0.0, 0.0]
    for (index, rows) in steps.enumerated() {
      let own = modes.columns(rows)
      let ofStep = weights.rows(rows)
      for columns in steps[..<index] {
        let time = distance(rows, columns)
        guard time > 0 else { continue }
        // Φ·G as k×nₐ, of which the product with Φ is summed over the rows' states.
        let images = matrixProduct(modes.columns(columns), ofStep.columns(columns), transposingSecond: true)
        let sums = (images * own).withUnsafeScalars { products in
          memories.indices.map { k in products[k * rows.count..<(k + 1) * rows.count].reduce(0, +) }
        }
        for (k, memory) in memories.enumerated() {
          let slope = amplitude * exp(-time / memory) * time / memory * sums[k]
          result[0] += slope
          result[1] += slope * logSizes[k]
        }
      }
    }
    return result
  }

  /// The derivatives by log τ₂, log τ₃ and the log odds of q.
  private func localMemoryGradient(
    _ weights: Tensor<Double>, local: Tensor<Double>, fast: Tensor<Double>, slow: Tensor<Double>, _ parameters: SeriesParameters
  ) -> [Double] {
    let (n, q) = (piece.count, parameters.slowShare)
    var result = [0.0, 0.0, 0.0]
    weights.withUnsafeScalars { g in
      local.withUnsafeScalars { local in
        fast.withUnsafeScalars { fast in
          slow.withUnsafeScalars { slow in
            for (index, rows) in steps.enumerated() {
              for columns in steps[..<index] {
                let time = distance(rows, columns)
                guard time > 0 else { continue }
                // All pairs of two steps have the same correlation.
                let (f, s) = (fast[rows.lowerBound * n + columns.lowerBound], slow[rows.lowerBound * n + columns.lowerBound])
                var sum = 0.0
                for i in rows { for j in columns { sum += g[i * n + j] * local[i * n + j] } }
                result[0] += sum * f * time / parameters.localMemory
                result[1] += sum * s * time / parameters.slowMemory
                result[2] += sum * (s * (1 - q) - f * q)
              }
            }
          }
        }
      }
    }
    return result
  }
}

extension CovarianceModel {
  /// The parameters that maximise the likelihood of pieces of a series.
  ///
  /// - Parameters:
  ///   - pieces: the pieces, of a few neighbouring steps each.
  ///   - spacing: the typical time between steps, from which the search for the memories starts.
  ///   - fixedSpatial: the parameters of the covariance at one time if they are known; nil to fit them.
  ///   - fixedMemory: how long the series remembers if it is known; nil to fit it.
  package func chooseSeriesParameters(
    for pieces: [SeriesPiece], spacing: Double, fixedSpatial: [Double]? = nil, fixedMemory: SeriesMemory? = nil
  ) -> ChosenSeriesParameters {
    if let fixedSpatial, let fixedMemory {
      return ChosenSeriesParameters(
        parameters: .expected(spatial: fixedSpatial, spacing: spacing, memory: fixedMemory), objective: .nan,
        evaluations: 0, inverseHessian: [])
    }
    // As for one field: a search on fewer values finds where to start, and the curvature there.
    let early = 300
    let isLong = pieces.contains { $0.count > 2 * early }
    let first =
      isLong
      ? search(
        pieces.map { $0.thinned(to: early) }, spacing: spacing, fixedSpatial: fixedSpatial, fixedMemory: fixedMemory,
        from: nil, maximumEvaluations: 30) : nil
    return search(
      pieces, spacing: spacing, fixedSpatial: fixedSpatial, fixedMemory: fixedMemory, from: first,
      maximumEvaluations: isLong ? 60 : 30)
  }

  private func search(
    _ pieces: [SeriesPiece], spacing: Double, fixedSpatial: [Double]?, fixedMemory: SeriesMemory?, from first: ChosenSeriesParameters?,
    maximumEvaluations: Int
  ) -> ChosenSeriesParameters {
    let likelihoods = pieces.map { PieceLikelihood(self, piece: $0) }
    let noises = pieces.flatMap(\.noiseVariance)
    let noise = (noises.reduce(0) { $0 + min($1, 1) } / Double(max(1, noises.count))).squareRoot()
    let count = parameters.count
    let expected = SeriesParameters.expectedMemory(spacing: spacing)
    let start = fixedSpatial ?? first?.parameters.spatial ?? self.start(noise: noise)
    let origin =
      (fixedSpatial == nil ? start : []) + (fixedMemory == nil ? first?.parameters.memory ?? expected.means : [])
    // The search is relative to its start, because the logarithm of a memory depends on the unit of time.
    let scale =
      (fixedSpatial == nil ? parameters.map { min(1, $0.standardDeviation) } : [])
      + (fixedMemory == nil ? expected.deviations.map { min(1, $0) } : [])
    func unpacked(_ point: [Double]) -> SeriesParameters {
      let values = zip(origin, point).map { $0 + $1 }
      let spatial = fixedSpatial ?? Array(values.prefix(count))
      guard fixedMemory == nil else { return .expected(spatial: spatial, spacing: spacing, memory: fixedMemory) }
      return SeriesParameters(spatial: spatial, memory: Array(values.suffix(expected.means.count)))
    }
    let minimum = minimise(
      from: [Double](repeating: 0, count: origin.count), scale: scale,
      inverseHessian: first?.inverseHessian ?? [], maximumEvaluations: maximumEvaluations
    ) { point in
      let candidate = unpacked(point)
      // The pieces count as independent, so that their likelihoods add up, and the hyper-prior is there once for all of them.
      var (value, spatial) = (0.0, [Double](repeating: 0, count: count))
      var memory = [Double](repeating: 0, count: expected.means.count)
      for likelihood in likelihoods {
        guard let part = likelihood(candidate) else { return (.infinity, [Double](repeating: 0, count: origin.count)) }
        value += part.value
        for p in spatial.indices { spatial[p] += part.spatial[p] }
        for p in memory.indices { memory[p] += part.memory[p] }
      }
      if fixedSpatial == nil {
        let hyperPrior = hyperPrior(at: candidate.spatial, noise: noise)
        value += hyperPrior.value
        for p in spatial.indices { spatial[p] += hyperPrior.gradient[p] }
      }
      var gradient = fixedSpatial == nil ? spatial : []
      guard fixedMemory == nil else { return (value, gradient) }
      for (p, own) in candidate.memory.enumerated() {
        let pull = (own - expected.means[p]) / expected.deviations[p]
        value += 0.5 * pull * pull
        gradient.append(memory[p] + pull / expected.deviations[p])
      }
      return (value, gradient)
    }
    return ChosenSeriesParameters(
      parameters: unpacked(minimum.point), objective: minimum.value,
      evaluations: minimum.evaluations + (first?.evaluations ?? 0), inverseHessian: minimum.inverseHessian)
  }
}

/// The fitted parameters of a series and the record of the fit.
package struct ChosenSeriesParameters: Sendable {
  package var parameters: SeriesParameters
  /// The negative log marginal likelihood of all pieces with the hyper-prior, up to a constant.
  package var objective: Double
  /// The number of evaluations of the likelihood.
  package var evaluations: Int
  /// The estimated inverse Hessian, to start another search; empty if there is none.
  var inverseHessian: [[Double]]
}
