// A solver for a large domain by a solver for windows of it (DomainWindow). Each window is answered by what was measured inside of it
// alone, and the answers are blended by the weights wₖ of the windows, which are normalised to a sum of 1 at each vertex:
//
//   mean = Σ wₖ·meanₖ,  spread = Σ wₖ·spreadₖ,  sample = mean + Σ wₖ·(sampleₖ − meanₖ) / √(Σ wₖ²).
//
// The samples of neighbouring windows are independent of each other, so that their blend without the root would vary too little; with
// it, each vertex has the variance of its windows. Correlations over more than a window are lost. A domain of one window has the
// answer of the solver itself.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Recovers fields on a domain window by window.
package struct WindowedSolver: Solver {
  /// The answer of a window in which nothing was measured; nil where it has none.
  package typealias Unmeasured = @Sendable (_ label: FieldLabel, _ samples: Int, _ random: inout RandomStream) throws -> Posterior?

  package var name: String { inner.name }
  fileprivate let inner: any Solver
  fileprivate let windows: [DomainWindow]
  fileprivate let vertexCount: Int
  fileprivate let channelCount: Int
  fileprivate let unmeasured: Unmeasured

  /// Makes the solver.
  ///
  /// - Parameters:
  ///   - inner: the solver for the domain of a window.
  ///   - windows: the windows, which cover the domain.
  ///   - vertexCount: the number V of vertices of the domain.
  ///   - channelCount: the number C of variables.
  ///   - unmeasured: the answer of a window in which nothing was measured.
  package init(
    _ inner: any Solver, windows: [DomainWindow], vertexCount: Int, channelCount: Int, unmeasured: @escaping Unmeasured
  ) {
    (self.inner, self.windows, self.vertexCount) = (inner, windows, vertexCount)
    (self.channelCount, self.unmeasured) = (channelCount, unmeasured)
  }

  package func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try operation.requireInputs(vertexCount * channelCount)
    // A window's own preparation may hold a large factor, so it is made when its turn comes and released after it.
    return try WindowedPreparation(
      solver: self, model: MeasurementModel(operation: operation, noise: noise), shares: shares(of: operation))
  }

  /// The rows that each window measures by itself, as an operator on its entries; nil for a window without any.
  private func shares(of operation: any LinearOperator) throws -> [(rows: [Int], operation: any LinearOperator)?] {
    let matrix = try operation.materialised(for: name)
    var rowsOfVertex = [[Int32]](repeating: [], count: vertexCount)
    for row in 0..<matrix.rowCount {
      for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
        let vertex = Int(matrix.columns[k]) / channelCount
        if rowsOfVertex[vertex].last != Int32(row) { rowsOfVertex[vertex].append(Int32(row)) }
      }
    }
    var place = [Int](repeating: -1, count: vertexCount)
    // A value that depends on nothing says nothing, and belongs to no window.
    var isMeasured = (0..<matrix.rowCount).map { matrix.rowStarts[$0] == matrix.rowStarts[$0 + 1] }
    let shares = windows.map { window -> (rows: [Int], operation: any LinearOperator)? in
      for (number, vertex) in window.vertices.enumerated() { place[vertex] = number }
      defer { for vertex in window.vertices { place[vertex] = -1 } }
      let touched = Set(window.vertices.flatMap { rowsOfVertex[$0] }).sorted().map { Int($0) }
      var (rows, entries): ([Int], [(row: Int, column: Int, value: Double)]) = ([], [])
      for row in touched {
        let range = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
        guard range.allSatisfy({ place[Int(matrix.columns[$0]) / channelCount] >= 0 }) else { continue }
        for k in range {
          let (vertex, channel) = Int(matrix.columns[k]).quotientAndRemainder(dividingBy: channelCount)
          entries.append((rows.count, place[vertex] * channelCount + channel, matrix.values[k]))
        }
        isMeasured[row] = true
        rows.append(row)
      }
      guard !rows.isEmpty else { return nil }
      return (
        rows,
        SparseMatrix.plainestOperator(
          rowCount: rows.count, columnCount: window.vertices.count * channelCount, entries: entries)
      )
    }
    guard !isMeasured.contains(false) else {
      throw MeasurementError.operatorNotSupported(
        method: name, form: operation.form.kind, reason: "a measured value depends on more than a window of the model's size",
        hint: "use a model of a larger domain")
    }
    return shares
  }
}

/// All windows for one operator.
private struct WindowedPreparation: PreparedSolver {
  let solver: WindowedSolver
  let model: MeasurementModel
  let shares: [(rows: [Int], operation: any LinearOperator)?]

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    if solver.windows.count == 1, shares[0] != nil {
      return try part(0, of: measurement, samples: samples, using: &random) ?? Posterior(mean: [])
    }
    let size = solver.vertexCount * solver.channelCount
    var blend = Blend(size: size, samples: samples)
    var sums: [String: Double] = [:]
    var cost: NetworkCost?
    // A window draws from a stream of its own.
    let stream = RandomStream(seed: random.next())
    for (number, window) in solver.windows.enumerated() {
      var own = stream.split(number)
      guard let answer = try part(number, of: measurement, samples: samples, using: &own) else { continue }
      let entries = window.vertices.flatMap { vertex in
        (0..<solver.channelCount).map { vertex * solver.channelCount + $0 }
      }
      blend.add(answer, at: entries, weights: window.weights, channelCount: solver.channelCount)
      for (key, value) in answer.diagnostics { sums[key, default: 0] += value / Double(solver.windows.count) }
      if let more = answer.cost {
        cost = NetworkCost(
          evaluations: (cost?.evaluations ?? 0) + more.evaluations, gradients: (cost?.gradients ?? 0) + more.gradients,
          evaluationsPerSample: (cost?.evaluationsPerSample ?? 0) + more.evaluationsPerSample)
      }
    }
    sums["windows"] = Double(solver.windows.count)
    return blend.posterior(cost: cost, diagnostics: sums)
  }

  /// The answer of a window by itself.
  private func part(
    _ number: Int, of measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
  ) throws -> Posterior? {
    guard let share = shares[number] else { return try solver.unmeasured(measurement.label, samples, &random) }
    return try solver.inner.posterior(
      given: FieldMeasurement(
        values: share.rows.map { measurement.values[$0] }, noise: share.rows.map { measurement.noise[$0] },
        operation: share.operation, label: measurement.label), samples: samples, using: &random)
  }
}

/// Weighted sums over windows.
private struct Blend {
  private let size: Int
  private var weights: [Double]
  private var squaredWeights: [Double]
  private var mean: [Double]
  private var spread: [Double]
  private var deviations: Tensor<Float>?
  private var hasSpread = true
  private var hasSamples: Bool

  init(size: Int, samples: Int) {
    self.size = size
    let zeros = [Double](repeating: 0, count: size)
    (weights, squaredWeights, mean, spread) = (zeros, zeros, zeros, zeros)
    hasSamples = samples > 0
    deviations = samples > 0 ? Tensor(repeating: 0, shape: [samples, size]) : nil
  }

  mutating func add(_ answer: Posterior, at entries: [Int], weights own: [Double], channelCount: Int) {
    hasSpread = hasSpread && answer.spread != nil
    hasSamples = hasSamples && answer.samples != nil
    for (place, entry) in entries.enumerated() where answer.mean[place].isFinite {
      let weight = own[place / channelCount]
      weights[entry] += weight
      squaredWeights[entry] += weight * weight
      mean[entry] += weight * Double(answer.mean[place])
      spread[entry] += weight * Double(answer.spread?[place] ?? 0)
    }
    guard hasSamples, let samples = answer.samples else { return }
    let size = size
    deviations?.withUnsafeMutableScalars { sums in
      samples.withUnsafeScalars { samples in
        for row in 0..<sums.count / size {
          for (place, entry) in entries.enumerated() where answer.mean[place].isFinite {
            sums[row * size + entry] +=
              Float(own[place / channelCount]) * (samples[row * entries.count + place] - answer.mean[place])
          }
        }
      }
    }
  }

  func posterior(cost: NetworkCost?, diagnostics: [String: Double]) -> Posterior {
    func normalised(_ sums: [Double]) -> [Float] { zip(sums, weights).map { $1 > 0 ? Float($0 / $1) : .nan } }
    let mean = normalised(mean)
    var samples = hasSamples ? deviations : nil
    let (size, squaredWeights) = (size, squaredWeights)
    samples?.withUnsafeMutableScalars { values in
      for i in values.indices {
        let entry = i % size
        let scale = squaredWeights[entry] > 0 ? Float(1 / squaredWeights[entry].squareRoot()) : .nan
        values[i] = mean[entry] + values[i] * scale
      }
    }
    return Posterior(
      mean: mean, spread: hasSpread ? normalised(spread) : nil, samples: samples, cost: cost, diagnostics: diagnostics)
  }
}
