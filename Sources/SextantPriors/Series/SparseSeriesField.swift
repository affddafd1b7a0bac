// The sparse field over the steps of a series. An exponential in time is Markov, so that the precision of a window of W steps is
// sparse, too:
//
//     A = T ⊗ Q + diag(Hₜᵀ·Rₜ⁻¹·Hₜ),
//
// where Q is the precision of the sparse field at one time (docs/sparse-field.md) and T the tridiagonal precision of e^(−|s−t|/τ)
// over the window's times. One factorisation gives the exact mean and spread of all its steps. The steps of a place are eliminated
// together, in the order of the field at one time, so that a separator of the domain separates the window. A long series is answered
// in overlapping windows, each of which knows only its own observations: the approximation of docs/series.md.

import Foundation
import SextantArrays
import SextantSparse

/// What was observed at one time of a series.
package struct SparseSeriesStep: Sendable {
  package var time: Double
  /// The measurements of that time, of one truth; none where nothing was observed.
  package var observations: [SparseFieldObservation]

  package init(time: Double, observations: [SparseFieldObservation]) {
    (self.time, self.observations) = (time, observations)
  }
}

/// The parameters of a sparse field over a series.
package struct SparseSeriesParameters: Sendable {
  /// The roughness and the range of the field at one time.
  package var estimate: SparseFieldEstimate
  /// The constant about which the field varies.
  package var level: Double
  /// τ, the decorrelation time, in the unit of the times.
  package var memory: Double

  package init(estimate: SparseFieldEstimate, level: Double, memory: Double) {
    (self.estimate, self.level, self.memory) = (estimate, level, memory)
  }
}

/// A Gaussian field on the nodes of a domain that remembers exponentially, with known parameters.
package struct SparseSeriesField: Sendable {
  package let parameters: SparseSeriesParameters
  private let mesh: SparseFieldPrior.Mesh
  /// The roughness at the domain's nodes, and at the mesh's.
  private let roughness: [Double]
  private let meshRoughness: [Double]
  /// Q, both triangles (n×n).
  private let coupling: SparseMatrix
  /// The factor of Q.
  private let prior: SparseCholesky
  /// The order in which nodes are eliminated (n).
  private let order: [Int32]

  /// The field on the finest mesh of a prior.
  package init(_ prior: SparseFieldPrior, parameters: SparseSeriesParameters) throws {
    try self.init(prior, mesh: 0, parameters: parameters)
  }

  fileprivate init(
    _ prior: SparseFieldPrior, mesh index: Int, parameters: SparseSeriesParameters
  ) throws {
    let mesh = prior.mesh(index, smoothness: parameters.estimate.smoothness).with(
      kappaSquared: parameters.estimate.kappaSquared, prior.configuration)
    let roughness = parameters.estimate.roughness
    let lower = mesh.precision.prior(roughness: mesh.level.restricted(roughness))
    let analysis = try SparseCholeskyAnalysis(lower, ordering: mesh.level.ordering)
    (self.parameters, self.mesh, self.roughness) = (parameters, mesh, roughness)
    meshRoughness = mesh.level.restricted(roughness)
    coupling = lower.symmetricFromLower()
    self.prior = try analysis.factorise(lower)
    order = analysis.permutation
  }

  /// n.
  package var nodeCount: Int { mesh.level.nodeCount }

  /// The correlation over a time.
  package func correlation(over time: Double) -> Double { exp(-time / parameters.memory) }

  /// The number of steps, at most `longest`, of which a window may take a memory: that of its factor and as much for its inverse.
  /// The factor's entries grow at most as the square of the number of steps.
  package func windowLength(longest: Int, byteLimit: Int) -> Int {
    let entries = Double(max(1, prior.factorEntryCount))
    let steps = (Double(byteLimit) / (2 * Double(MemoryLayout<Double>.stride) * entries)).squareRoot()
    return max(1, Int(min(Double(longest), steps)))
  }

  /// Draws of the field at a time after `earlier` draws (count×n); from the stationary field without them.
  package func draws(_ count: Int, after earlier: Tensor<Double>?, elapsed: Double, random: RandomStream) -> Tensor<Double> {
    var result = Tensor<Double>.zeros([count, nodeCount])
    let kept = earlier == nil ? 0 : correlation(over: elapsed)
    let fresh = (1 - kept * kept).squareRoot()
    prior.forEachDrawBlock(count: count, random: random) { first, block in
      result.withUnsafeMutableScalars { out in
        block.withUnsafeScalars { block in
          let start = first * nodeCount
          for i in block.indices { out[start + i] = fresh * block[i] }
        }
      }
    }
    if let earlier { result.add(earlier, scaledBy: kept) }
    return result
  }

  /// The field given what was observed at the steps of a window, in ascending order of different times.
  package func window(_ steps: [SparseSeriesStep]) throws -> SparseSeriesWindow {
    let (n, count) = (nodeCount, steps.count)
    let observed = steps.map { ObservedStep($0, mesh: mesh, roughness: roughness, level: parameters.level) }
    let gaps = zip(steps, steps.dropFirst()).map { $1.time - $0.time }
    // 1/(1 − ρ²) and ρ of each gap.
    let shares = gaps.map { -1 / expm1(-2 * $0 / parameters.memory) }
    let kept = gaps.map { correlation(over: $0) }
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    for (step, own) in observed.enumerated() {
      let before = step > 0 ? shares[step - 1] : 1
      let after = step + 1 < count ? kept[step] * kept[step] * shares[step] : 0
      let factor = before + after
      // T's diagonal times Q is the precision of a field that is smoother by it.
      let precision = try PosteriorPrecision(mesh.precision, observing: own.matrix)
      let block = precision.matrix(
        roughness: meshRoughness.map { $0 / factor }, observation: (own.matrix, own.variances))
      for row in 0..<n {
        if step > 0 {
          let weight = -kept[step - 1] * shares[step - 1]
          for k in coupling.rowStarts[row]..<coupling.rowStarts[row + 1] {
            columns.append(Int32((step - 1) * n) + coupling.columns[k])
            values.append(weight * coupling.values[k])
          }
        }
        for k in block.rowStarts[row]..<block.rowStarts[row + 1] {
          columns.append(Int32(step * n) + block.columns[k])
          values.append(block.values[k])
        }
        starts.append(columns.count)
      }
    }
    let matrix = SparseMatrix(rowCount: count * n, columnCount: count * n, rowStarts: starts, columns: columns, values: values)
    let places = order.flatMap { node in (0..<count).map { Int32($0 * n) + node } }
    return SparseSeriesWindow(
      factor: try SparseCholesky(matrix, ordering: .given(places)), observed: observed, nodeCount: n,
      timeLogDeterminant: Double(n) * shares.reduce(0) { $0 + log($1) })
  }
}

/// What was observed at a step, in terms of the nodes of a mesh.
struct ObservedStep: Sendable {
  /// H (m×n), the variance of each value (m) and the values without the field's level (m).
  let matrix: SparseMatrix
  let variances: [Double]
  let anomalies: [Double]

  fileprivate init(_ step: SparseSeriesStep, mesh: SparseFieldPrior.Mesh, roughness: [Double], level: Double) {
    var starts = [0]
    var (columns, values): ([Int32], [Double]) = ([], [])
    var (variances, anomalies): ([Double], [Double]) = ([], [])
    for observation in step.observations {
      let seen = MeshObservation(observation, on: mesh.level)
      for row in 0..<seen.matrix.rowCount {
        let range = seen.matrix.rowStarts[row]..<seen.matrix.rowStarts[row + 1]
        columns += seen.matrix.columns[range]
        values += seen.matrix.values[range]
        starts.append(columns.count)
      }
      variances += seen.variances(roughness: roughness)
      anomalies += observation.residuals(from: level)
    }
    matrix = SparseMatrix(
      rowCount: variances.count, columnCount: mesh.level.nodeCount, rowStarts: starts, columns: columns, values: values)
    (self.variances, self.anomalies) = (variances, anomalies)
  }
}

/// The posterior of a field over the steps of a window.
package struct SparseSeriesWindow: Sendable {
  fileprivate let factor: SparseCholesky
  private let observed: [ObservedStep]
  private let nodeCount: Int
  /// n·log det T.
  fileprivate let timeLogDeterminant: Double

  fileprivate init(factor: SparseCholesky, observed: [ObservedStep], nodeCount: Int, timeLogDeterminant: Double) {
    (self.factor, self.observed, self.nodeCount) = (factor, observed, nodeCount)
    self.timeLogDeterminant = timeLogDeterminant
  }

  /// The number of entries of the factor.
  package var factorEntryCount: Int { factor.factorEntryCount }

  /// The exact variance at each node of each step (W·n), step by step.
  package func variances() throws -> [Double] { try factor.inverseDiagonal() }

  /// The mean at each node of each step without the field's level (W·n), step by step.
  package func mean() -> [Double] {
    // One right-hand side gives the library's threads nothing to do, and their number would change the last digits.
    OpenBLAS.withSingleThread { factor.solve(rightHandSide(observed.map(\.anomalies))) }
  }

  /// What the observations change of draws of the field, so that draw and change together are samples (B×W·n).
  ///
  /// - Parameters:
  ///   - draws: draws of the field at each step of the window (B×n each), which belong together.
  ///   - noise: standard normal numbers for the values of a step with a number; the same at each call, so that overlapping windows
  ///     correct the same draws.
  package func corrections(of draws: [Tensor<Double>], noise: (_ step: Int, _ count: Int) -> Tensor<Double>) -> Tensor<Double> {
    let members = draws.first?.rowCount ?? 0
    let size = observed.count * nodeCount
    let white = observed.indices.map { noise($0, observed[$0].anomalies.count) }
    var right = Tensor<Double>.zeros([members, size])
    for member in 0..<members {
      let residuals = observed.indices.map { step -> [Double] in
        let own = observed[step]
        let seen = own.matrix.times(draws[step].row(member).scalars)
        return own.anomalies.indices.map {
          own.anomalies[$0] - seen[$0] - own.variances[$0].squareRoot() * white[step][member, $0]
        }
      }
      let values = rightHandSide(residuals)
      right.withUnsafeMutableScalars { out in for i in 0..<size { out[member * size + i] = values[i] } }
    }
    return factor.solve(rows: right)
  }

  /// Hᵀ·R⁻¹ times the values of each step (W·n).
  private func rightHandSide(_ values: [[Double]]) -> [Double] {
    var result = [Double](repeating: 0, count: observed.count * nodeCount)
    for (step, own) in observed.enumerated() {
      for row in own.anomalies.indices {
        let weighted = values[step][row] / own.variances[row]
        for k in own.matrix.rowStarts[row]..<own.matrix.rowStarts[row + 1] {
          result[step * nodeCount + Int(own.matrix.columns[k])] += own.matrix.values[k] * weighted
        }
      }
    }
    return result
  }

  /// −log p of what was observed, up to a constant that does not depend on the memory.
  fileprivate var negativeLogLikelihood: Double {
    let right = rightHandSide(observed.map(\.anomalies))
    let part = OpenBLAS.withSingleThread { factor.solveLower(rows: Tensor(right, shape: [1, right.count])) }
    var squares = -part.dot(part)
    for own in observed { for i in own.anomalies.indices { squares += own.anomalies[i] * own.anomalies[i] / own.variances[i] } }
    return 0.5 * (factor.logDeterminant - timeLogDeterminant + squares)
  }
}

// MARK: Parameters

extension SparseFieldPrior {
  /// The parameters of a series from some of its steps: the field at one time from the steps one by one, as the mean of the logarithms
  /// of their roughness and range, and then the memory of largest likelihood of groups of neighbouring steps, on the coarsest mesh.
  ///
  /// - Parameters:
  ///   - fields: what was observed at some steps.
  ///   - groups: groups of a few neighbouring steps each; without any, the memory is the expected one.
  ///   - spacing: the typical time between steps.
  ///   - random: the stream for the samples of the estimation.
  package func seriesParameters(
    from fields: [SparseFieldObservation], groups: [[SparseSeriesStep]], spacing: Double, random: RandomStream
  ) throws -> SparseSeriesParameters {
    guard !fields.isEmpty else { throw PriorError.nothingObserved }
    let all = try fields.enumerated().map { try self.estimate(for: $1, random: random.split($0)) }
    // The smoothness that most steps have; roughnesses of different ones are of different units.
    let smoothness: SparseFieldSmoothness = 2 * all.count { $0.smoothness == .two } > all.count ? .two : .one
    let estimates = all.filter { $0.smoothness == smoothness }
    func meanLogarithm(_ values: [Double]) -> Double { exp(values.reduce(0) { $0 + log($1) } / Double(values.count)) }
    let ranges = estimates.compactMap(\.range)
    let typical = SparseFieldEstimate(
      roughness: (0..<nodeCount).map { node in meanLogarithm(estimates.map { $0.roughness[node] }) },
      kappaSquared: meanLogarithm(estimates.map(\.kappaSquared)), smoothness: smoothness, range: ranges.isEmpty ? nil : meanLogarithm(ranges))
    var parameters = SparseSeriesParameters(
      estimate: typical, level: fields.reduce(0) { $0 + $1.level } / Double(fields.count), memory: 8 * spacing)
    let expected = log(parameters.memory)
    guard !groups.isEmpty else { return parameters }
    func objective(_ logMemory: Double) throws -> Double {
      parameters.memory = exp(logMemory)
      let field = try SparseSeriesField(self, mesh: meshes.count - 1, parameters: parameters)
      // A wide prior, as that of the two-scale series.
      let pull = (logMemory - expected) / 1.5
      return try groups.reduce(0.5 * pull * pull) { try $0 + field.window($1).negativeLogLikelihood / Double(groups.count) }
    }
    var tried = try [-3, -1.5, 0, 1.5, 3].map { (place: expected + $0, value: try objective(expected + $0)) }
    for width in [0.75, 0.375] {
      let best = tried.min { $0.value < $1.value }?.place ?? expected
      tried += try [best - width, best + width].map { (place: $0, value: try objective($0)) }
    }
    parameters.memory = exp(Self.vertex(of: tried))
    return parameters
  }

  /// The place of the least value, by the parabola through it and its neighbours.
  private static func vertex(of tried: [(place: Double, value: Double)]) -> Double {
    let sorted = tried.sorted { $0.place < $1.place }
    let best = sorted.indices.min { sorted[$0].value < sorted[$1].value } ?? 0
    guard best > 0, best + 1 < sorted.count else { return sorted[best].place }
    let (a, b, c) = (sorted[best - 1], sorted[best], sorted[best + 1])
    let (left, right) = ((b.value - a.value) / (b.place - a.place), (c.value - b.value) / (c.place - b.place))
    guard right > left else { return b.place }
    // The slope is linear between the middles of both sides.
    let (from, to) = ((a.place + b.place) / 2, (b.place + c.place) / 2)
    return min(max(from - left * (to - from) / (right - left), a.place), c.place)
  }
}

extension SparseMatrix {
  /// The symmetric matrix of which this is the lower triangle.
  func symmetricFromLower() -> SparseMatrix {
    let upper = transposed()
    var starts = [0]
    var (columns, values): ([Int32], [Double]) = ([], [])
    for row in 0..<rowCount {
      columns += self.columns[rowStarts[row]..<rowStarts[row + 1]]
      values += self.values[rowStarts[row]..<rowStarts[row + 1]]
      for k in upper.rowStarts[row]..<upper.rowStarts[row + 1] where upper.columns[k] > row {
        columns.append(upper.columns[k])
        values.append(upper.values[k])
      }
      starts.append(columns.count)
    }
    return SparseMatrix(rowCount: rowCount, columnCount: columnCount, rowStarts: starts, columns: columns, values: values)
  }
}
