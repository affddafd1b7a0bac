// The marginal likelihood of pieces of a series under the space-time covariance, with its gradient, and the search for
// its maximum.
//
// It is the likelihood of one field (MarginalLikelihood) with each part of the covariance multiplied by its correlation
// over time. The gradient of a spatial parameter is that of one field with the weights ½(K⁻¹ − ααᵀ) multiplied by the
// same correlation, and the derivative of e^(−Δ/τ) by log τ is e^(−Δ/τ)·Δ/τ.

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
  private let modeProducts: Tensor<Double>

  init(_ model: CovarianceModel, piece: SeriesPiece) {
    self.model = model
    self.piece = piece
    modeProducts = gramMatrix(model.modes(at: piece.states, as: Double.self), transposeFirst: true)
  }

  /// The value, the gradient of the spatial parameters, and that of log τ₁ and log τ₂.
  func callAsFunction(_ parameters: SeriesParameters) -> (value: Double, spatial: [Double], memory: (Double, Double))? {
    let n = piece.count
    let terms = model.terms(parameters.spatial)
    let kernels = terms.map { PairKernel<Double>($0, rows: piece.states, columns: piece.states, in: model) }
    func isModes(_ component: CovarianceComponent) -> Bool {
      if case .modes = component { true } else { false }
    }
    let ofModes = model.components.map(isModes)
    // The two parts at one time, of which the lower triangles are used.
    var modes = modeProducts
    PairKernel.assemble(zip(kernels, ofModes).filter(\.1).map(\.0), in: &modes, lowerOnly: true)
    var local = modeProducts
    PairKernel.assemble(zip(kernels, ofModes).filter { !$0.1 }.map(\.0), in: &local, lowerOnly: true)
    let times = piece.times
    func correlation(_ memory: Double) -> Tensor<Double> {
      let known = Dictionary(grouping: times.indices) { times[$0] }.keys.sorted()
      var place: [Double: Int] = [:]
      for (index, time) in known.enumerated() { place[time] = index }
      let table = known.map { a in known.map { b in exp(-abs(a - b) / memory) } }
      let places = times.map { place[$0] ?? 0 }
      return Tensor(shape: [n, n]) { out in
        for i in 0..<n {
          let row = table[places[i]]
          for j in 0..<n { out[i * n + j] = row[places[j]] }
        }
      }
    }
    let (modeTime, localTime) = (correlation(parameters.modeMemory), correlation(parameters.localMemory))
    modes = modes * modeTime
    local = local * localTime
    var covariance = modes + local
    covariance.withUnsafeMutableScalars { out in
      for i in 0..<n { out[i * n + i] += piece.noiseVariance[i] }
    }
    guard let factor = try? CholeskyFactor(covariance) else { return nil }
    let alpha = factor.solve(Tensor(piece.anomalies)).scalars
    let fit = zip(alpha, piece.anomalies).reduce(0.0) { $0 + $1.0 * $1.1 }
    var weights = factor.inverse()
    // Σ over pairs of G·K·Δ/τ, twice the sum over the lower triangle times ½.
    var memory = (0.0, 0.0)
    weights.withUnsafeMutableScalars { g in
      modes.withUnsafeScalars { modes in
        local.withUnsafeScalars { local in
          for i in 0..<n {
            var row = (0.0, 0.0)
            for j in 0...i {
              g[i * n + j] -= alpha[i] * alpha[j]
              let distance = abs(times[i] - times[j])
              guard distance > 0 else { continue }
              row.0 += g[i * n + j] * modes[i * n + j] * distance
              row.1 += g[i * n + j] * local[i * n + j] * distance
            }
            memory.0 += row.0
            memory.1 += row.1
          }
        }
      }
    }
    memory = (memory.0 / parameters.modeMemory, memory.1 / parameters.localMemory)
    let (modeWeights, localWeights) = (weights * modeTime, weights * localTime)
    var gradient: [Double] = []
    modeProducts.withUnsafeScalars { products in
      for (index, component) in model.components.enumerated() {
        let weights = ofModes[index] ? modeWeights : localWeights
        gradient += weights.withUnsafeScalars {
          kernels[index].gradient(
            of: component, weights: $0, modeProducts: products, features: model.features, states: piece.states)
        }
      }
    }
    return (0.5 * fit + 0.5 * factor.logDeterminant, gradient, memory)
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
        parameters: SeriesParameters(
          spatial: fixedSpatial, modeMemory: fixedMemory.modes, localMemory: fixedMemory.local), objective: .nan,
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
      maximumEvaluations: isLong ? 16 : 30)
  }

  private func search(
    _ pieces: [SeriesPiece], spacing: Double, fixedSpatial: [Double]?, fixedMemory: SeriesMemory?, from first: ChosenSeriesParameters?,
    maximumEvaluations: Int
  ) -> ChosenSeriesParameters {
    let likelihoods = pieces.map { PieceLikelihood(self, piece: $0) }
    let noises = pieces.flatMap(\.noiseVariance)
    let noise = (noises.reduce(0) { $0 + min($1, 1) } / Double(max(1, noises.count))).squareRoot()
    let count = parameters.count
    // Modes are expected to remember some ten steps, and the local part some four; the hyper-priors are wide.
    let memoryMeans = [log(12 * spacing), log(4 * spacing)]
    let memoryDeviation = 1.5
    let start = fixedSpatial ?? first?.parameters.spatial ?? self.start(noise: noise)
    let origin =
      (fixedSpatial == nil ? start : [])
      + (fixedMemory == nil
        ? first.map { [log($0.parameters.modeMemory), log($0.parameters.localMemory)] } ?? memoryMeans : [])
    // The search is relative to its start, because the logarithm of a memory depends on the unit of time.
    let scale =
      (fixedSpatial == nil ? parameters.map { min(1, $0.standardDeviation) } : []) + (fixedMemory == nil ? [1, 1] : [])
    func unpacked(_ point: [Double]) -> SeriesParameters {
      let values = zip(origin, point).map { $0 + $1 }
      let memories = values.suffix(2)
      return SeriesParameters(
        spatial: fixedSpatial ?? Array(values.prefix(count)), modeMemory: fixedMemory?.modes ?? exp(memories.first ?? 0),
        localMemory: fixedMemory?.local ?? exp(memories.last ?? 0))
    }
    let share = 1 / Double(max(1, likelihoods.count))
    let minimum = minimise(
      from: [Double](repeating: 0, count: origin.count), scale: scale,
      inverseHessian: first?.inverseHessian ?? [], maximumEvaluations: maximumEvaluations
    ) { point in
      let candidate = unpacked(point)
      var (value, spatial, memory) = (0.0, [Double](repeating: 0, count: count), (0.0, 0.0))
      for likelihood in likelihoods {
        guard let part = likelihood(candidate) else { return (.infinity, [Double](repeating: 0, count: origin.count)) }
        value += share * part.value
        for p in spatial.indices { spatial[p] += share * part.spatial[p] }
        memory.0 += share * part.memory.0
        memory.1 += share * part.memory.1
      }
      if fixedSpatial == nil {
        let hyperPrior = hyperPrior(at: candidate.spatial, noise: noise)
        value += hyperPrior.value
        for p in spatial.indices { spatial[p] += hyperPrior.gradient[p] }
      }
      var gradient = fixedSpatial == nil ? spatial : []
      guard fixedMemory == nil else { return (value, gradient) }
      for (index, (own, mean)) in zip([candidate.modeMemory, candidate.localMemory], memoryMeans).enumerated() {
        let pull = (log(own) - mean) / memoryDeviation
        value += 0.5 * pull * pull
        gradient.append((index == 0 ? memory.0 : memory.1) + pull / memoryDeviation)
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
  /// The negative log marginal likelihood with the hyper-prior, a piece, up to a constant.
  package var objective: Double
  /// The number of evaluations of the likelihood.
  package var evaluations: Int
  /// The estimated inverse Hessian, to start another search; empty if there is none.
  var inverseHessian: [[Double]]
}
