// The sparse field over a series against the dense space-time Gaussian Q⁻¹·e^(−|s−t|/τ): mean and spread to rounding over uneven,
// repeated and unobserved times, samples by their moments, and the memory that the likelihood finds.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantPriors

@Suite struct SparseSeriesTests {
  static let memory = 1.8
  let prior: SparseFieldPrior
  let parameters: SparseSeriesParameters
  let field: SparseSeriesField
  let steps: [SparseSeriesStep]
  let count: Int

  init() throws {
    let grid = try LatitudeLongitudeGrid(latitudes: [-4, -2, 0, 2, 4], longitudes: [0, 2, 4, 6, 8, 10])
    // A field that is not nearly intrinsic: its level alone would have a variance of which rounding leaves seven digits.
    var configuration = SparseFieldConfiguration()
    configuration.kappaSquared = 1e-2
    prior = try SparseFieldPrior(domain: grid, configuration: configuration)
    let n = prior.nodeCount
    count = n
    parameters = SparseSeriesParameters(
      estimate: SparseFieldEstimate(roughness: (0..<n).map { 0.02 + 0.002 * Double($0) }, kappaSquared: 1e-2), level: 0.7,
      memory: Self.memory)
    field = try SparseSeriesField(prior, parameters: parameters)
    func observation(_ nodes: [Int], _ seed: UInt64) -> SparseFieldObservation {
      var random = RandomStream(seed: seed)
      return SparseFieldObservation(
        matrix: SparseMatrix(
          rowCount: nodes.count, columnCount: n, entries: nodes.enumerated().map { (row: $0, column: $1, value: 1.0) }),
        anomalies: random.normals([nodes.count], as: Double.self).scalars, noiseVariance: nodes.map { 0.05 + 0.01 * Double($0 % 3) },
        isSelection: true)
    }
    steps = [
      SparseSeriesStep(time: 0, observations: [observation([0, 3, 7, 12, 20, 29], 1)]),
      SparseSeriesStep(time: 0.5, observations: [observation([1, 2, 8, 14], 2), observation([8, 25], 3)]),
      SparseSeriesStep(time: 1.7, observations: []),
      SparseSeriesStep(time: 2, observations: [observation([5, 11, 17, 23], 4)]),
      SparseSeriesStep(time: 9, observations: [observation([0, 6, 28], 5)]),
    ]
  }

  /// The mean without the level and the covariance of all nodes at all steps (W·n), densely.
  private func dense() throws -> (mean: [Double], covariance: Tensor<Double>) {
    let (n, total) = (count, count * steps.count)
    let lower = prior.meshes[0].precision.prior(roughness: parameters.estimate.roughness)
    var precision = Tensor<Double>.zeros([n, n])
    for row in 0..<n {
      for k in lower.rowStarts[row]..<lower.rowStarts[row + 1] {
        precision[row, Int(lower.columns[k])] = lower.values[k]
        precision[Int(lower.columns[k]), row] = lower.values[k]
      }
    }
    var field = try CholeskyFactor(precision).inverse()
    field.mirrorLowerTriangle()
    var joint = Tensor<Double>.zeros([total, total])
    for s in steps.indices {
      for t in steps.indices {
        let fading = exp(-abs(steps[s].time - steps[t].time) / Self.memory)
        for i in 0..<n { for j in 0..<n { joint[s * n + i, t * n + j] = fading * field[i, j] } }
      }
    }
    var (places, values, noise): ([Int], [Double], [Double]) = ([], [], [])
    for (step, own) in steps.enumerated() {
      for observation in own.observations {
        places += observation.matrix.columns.map { step * n + Int($0) }
        values += observation.anomalies.map { $0 - parameters.level }
        noise += observation.noiseVariance
      }
    }
    let rows = joint.gatheringRows(places)
    var seen = rows.gatheringColumns(places)
    for i in places.indices { seen[i, i] += noise[i] }
    let whitened = try CholeskyFactor(seen).solveLower(rows)
    let target = try CholeskyFactor(seen).solveLower(Tensor(values, shape: [values.count, 1]))
    let mean = matrixProduct(whitened, target, transposingFirst: true).scalars
    joint.add(matrixProduct(whitened, whitened, transposingFirst: true), scaledBy: -1)
    return (mean, joint)
  }

  @Test func aWindowIsTheDenseGaussian() throws {
    let (mean, covariance) = try dense()
    let window = try field.window(steps)
    let (found, variances) = (window.mean(), try window.variances())
    for i in mean.indices {
      #expect(abs(found[i] - mean[i]) < 1e-7, "mean at \(i)")
      #expect(abs(variances[i] - covariance[i, i]) < 1e-7 * max(1, covariance[i, i]), "variance at \(i)")
    }
  }

  @Test func samplesHaveTheMomentsOfTheDenseGaussian() throws {
    let (mean, covariance) = try dense()
    let (n, members) = (count, 4000)
    let base = RandomStream(seed: 9)
    var draws: [Tensor<Double>] = []
    for (index, step) in steps.enumerated() {
      draws.append(
        field.draws(
          members, after: draws.last, elapsed: index > 0 ? step.time - steps[index - 1].time : 0, random: base.split(index)))
    }
    let corrections = try field.window(steps).corrections(of: draws) { step, count in
      var stream = base.split("noise").split(step)
      return stream.normals([members, count])
    }
    // One place at each step, and the mean over the steps: the members are series.
    let directions = steps.indices.map { [($0 * n + 9, 1.0)] } + [steps.indices.map { ($0 * n + 9, 0.2) }]
    for direction in directions {
      let values = (0..<members).map { member in
        direction.reduce(0.0) { sum, term in
          sum + term.1 * (draws[term.0 / n][member, term.0 % n] + corrections[member, term.0])
        }
      }
      let expected = direction.reduce(0.0) { $0 + $1.1 * mean[$1.0] }
      let variance = direction.reduce(0.0) { sum, a in sum + direction.reduce(0.0) { $0 + a.1 * $1.1 * covariance[a.0, $1.0] } }
      let average = values.reduce(0, +) / Double(members)
      let spread = values.reduce(0.0) { $0 + ($1 - average) * ($1 - average) } / Double(members - 1)
      #expect(abs(average - expected) < 5 * (variance / Double(members)).squareRoot())
      // The relative standard error of a variance of 4000 draws is 2.2 %.
      #expect((0.9...1.1).contains(spread / variance), "\(spread) beside \(variance)")
    }
  }

  @Test(arguments: [2.0, 12.0]) func theMemoryIsFound(memory: Double) throws {
    let grid = try LatitudeLongitudeGrid(
      latitudes: (0..<14).map { Double($0) }, longitudes: (0..<16).map { Double($0) })
    let prior = try SparseFieldPrior(domain: grid)
    let n = prior.nodeCount
    // A range of 9 cells, and a deviation near 1.
    let known = SparseSeriesParameters(
      estimate: SparseFieldEstimate(roughness: [Double](repeating: 1, count: n), kappaSquared: 0.1), level: 0, memory: memory)
    let truth = try SparseSeriesField(prior, parameters: known)
    let base = RandomStream(seed: 4)
    var film: [Tensor<Double>] = []
    for step in 0..<12 { film.append(truth.draws(1, after: film.last, elapsed: 1, random: base.split(step))) }
    let observed = film.indices.map { step -> SparseSeriesStep in
      let nodes = (0..<n).filter { ($0 + step) % 2 == 0 }
      var noise = base.split("noise").split(step)
      let errors: Tensor<Double> = noise.normals([nodes.count])
      return SparseSeriesStep(
        time: Double(step),
        observations: [
          SparseFieldObservation(
            matrix: SparseMatrix(
              rowCount: nodes.count, columnCount: n, entries: nodes.enumerated().map { (row: $0, column: $1, value: 1.0) }),
            anomalies: nodes.enumerated().map { film[step][0, $1] + 0.1 * errors.scalars[$0] },
            noiseVariance: [Double](repeating: 0.01, count: nodes.count), isSelection: true)
        ])
    }
    let found = try prior.seriesParameters(
      from: [0, 4, 8].flatMap { observed[$0].observations }, groups: [0, 4, 8].map { start in [0, 1, 3].map { observed[start + $0] } },
      spacing: 1, random: RandomStream(seed: 2))
    #expect((0.6...1.7).contains(found.memory / memory), "\(found.memory) instead of \(memory)")
    let roughness = found.estimate.roughness.sorted()[n / 2]
    #expect(found.estimate.smoothness == .one && (0.6...1.7).contains(roughness), "\(roughness)")
  }
}
