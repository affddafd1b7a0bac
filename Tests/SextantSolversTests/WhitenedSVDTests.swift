// Measurements in the coordinates of their singular value decomposition, and residuals with their gradients, against dense
// algebra.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct WhitenedSVDTests {
  private static let d = 9

  private func space() -> StateSpace {
    let layout = StateLayout(
      domain: Line(vertexCount: Self.d), channelCount: 1, isInside: [Bool](repeating: true, count: Self.d))
    return StateSpace(
      layout: layout,
      climatology: Climatology(kind: .constant, coefficients: Tensor(repeating: 0.4, shape: [1, Self.d])), scales: [2])
  }

  /// More rows than states, fewer, and rows that repeat each other: rank 9, 3 and 2.
  static let matrices: [SparseMatrix] = [
    SparseMatrix(
      rowCount: 12, columnCount: d,
      entries: (0..<12).flatMap { row in [(row, row % d, 1.0), (row, (2 * row + 3) % d, 0.5), (row, 4, 0.1)] }),
    SparseMatrix(
      rowCount: 3, columnCount: d, entries: [(0, 0, 0.5), (0, 1, 0.5), (1, 1, 1), (2, 7, 2), (2, 8, -1)]),
    SparseMatrix(rowCount: 3, columnCount: d, entries: [(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1), (2, 5, 1)]),
  ]

  private func observation(_ matrix: SparseMatrix) throws -> StateObservation {
    var random = RandomStream(seed: 60)
    return try space().observe(
      FieldMeasurement(
        values: (0..<matrix.rowCount).map { _ in Float(random.normal()) },
        noise: (0..<matrix.rowCount).map { _ in Float(0.3 + random.uniform()) }, operation: SparseOperator(matrix)))
  }

  /// H/σ (m×d) and y/σ (m).
  private func whitened(_ observation: StateObservation) -> (matrix: Tensor<Double>, target: [Double]) {
    var matrix = Tensor<Double>.zeros([observation.count, Self.d])
    let roots = observation.noiseVariance.map { 1 / $0.squareRoot() }
    for row in 0..<observation.count {
      for k in observation.matrix.rowStarts[row]..<observation.matrix.rowStarts[row + 1] {
        matrix[row, Int(observation.matrix.columns[k])] += observation.matrix.values[k] * roots[row]
      }
    }
    return (matrix, zip(observation.anomalies, roots).map { $0 * $1 })
  }

  /// Σ (z − c)²/σ² differs from ‖y − H·x‖²/σ² by what no state explains, and V·Vᵀ is a projection.
  @Test(arguments: matrices.indices)
  func coordinatesSayWhatTheMeasurementSays(index: Int) throws {
    let observation = try observation(Self.matrices[index])
    let spectrum = WhitenedObservation(
      observation, in: try WhitenedSVD(observation.operation, method: "test"))
    #expect(spectrum.rank == [9, 3, 2][index])
    let (matrix, target) = whitened(observation)
    var random = RandomStream(seed: 61)
    let states: Tensor<Float> = random.normals([5, Self.d])
    let coordinates = spectrum.coordinates(of: states)
    let seen = matrixProduct(states.converted(to: Double.self), matrix, transposingSecond: true)
    let differences = (0..<5).map { row in
      let full = (0..<target.count).reduce(0.0) { $0 + pow(target[$1] - seen[row, $1], 2) }
      return (0..<spectrum.rank).reduce(full) {
        $0 - pow((Double(spectrum.measured[$1]) - Double(coordinates[row, $1])) / spectrum.standardDeviations[$1], 2)
      }
    }
    for difference in differences { #expect(abs(difference - differences[0]) < 1e-3) }
    var projected = Tensor<Float>.zeros([5, Self.d])
    spectrum.add(coordinates, to: &projected)
    let again = spectrum.coordinates(of: projected)
    for (a, b) in zip(again.scalars, coordinates.scalars) { #expect(abs(a - b) < 1e-5) }
  }

  private func energy(_ fidelity: any DataFidelity, _ states: Tensor<Float>) -> Double {
    let r = fidelity.residuals(of: states)
    return 0.5 * r.dot(r)
  }

  private func checkDownhill(_ fidelity: any DataFidelity, tolerance: Double) {
    var random = RandomStream(seed: 62)
    let states: Tensor<Float> = random.normals([1, Self.d])
    let downhill = fidelity.pullback(fidelity.residuals(of: states), at: states)
    for j in 0..<Self.d {
      var (above, below) = (states, states)
      above[0, j] += 1e-2
      below[0, j] -= 1e-2
      let slope = (energy(fidelity, above) - energy(fidelity, below)) / 2e-2
      #expect(abs(slope + Double(downhill[0, j])) < tolerance * max(1, abs(slope)))
    }
  }

  @Test(arguments: matrices.indices)
  func theWayBackIsDownhill(index: Int) throws {
    let observation = try observation(Self.matrices[index])
    let fidelity = LinearFidelity(observation)
    checkDownhill(fidelity, tolerance: 1e-3)
    let (matrix, _) = whitened(observation)
    #expect(abs(fidelity.noiseVariance - Double(observation.count) / matrix.dot(matrix)) < 1e-9)
  }

  /// Values that were cut off, alone and beside others, whose level lies below and above what the states give.
  @Test(arguments: matrices.indices, [-3, 0.5, 4] as [Float]) func theWayBackOfCutOffValuesIsDownhill(index: Int, level: Float) throws {
    let matrix = Self.matrices[index]
    var measurement = FieldMeasurement(
      values: [Float](repeating: level, count: matrix.rowCount), noise: [Float](repeating: 0.4, count: matrix.rowCount),
      operation: SparseOperator(matrix))
    for transform in [MarginalTransform.none, .logit(minimum: -1, maximum: 3)] {
      let prior = DiffusionPrior(NoPredictor(), space: space(), transforms: [transform])
      for cut in [0..<matrix.rowCount, 0..<1] {
        measurement.isSaturated = (0..<matrix.rowCount).map { cut.contains($0) }
        let fidelity = try prior.fidelity(
          to: measurement, by: prior.differentiableObservation(measurement.model, method: "DPS"), method: "DPS")
        #expect(fidelity.count == matrix.rowCount)
        checkDownhill(fidelity, tolerance: 5e-3)
      }
    }
  }

  @Test func theUnitOfAMaskIsItsNoise() throws {
    let mask = try space().observe(
      FieldMeasurement(
        values: [1, 2], noise: [0.6, 0.6], operation: SelectionOperator(inputCount: Self.d, indices: [2, 5])))
    #expect(abs(LinearFidelity(mask).noiseVariance - 0.09) < 1e-6)
  }

  @Test func theWayBackGoesThroughTransforms() throws {
    for matrix in Self.matrices {
      let prior = DiffusionPrior(NoPredictor(), space: space(), transforms: [.logit(minimum: -1, maximum: 3)])
      var random = RandomStream(seed: 63)
      let measurement = FieldMeasurement(
        values: (0..<matrix.rowCount).map { _ in Float(1 + 0.5 * random.normal()) },
        noise: [Float](repeating: 0.4, count: matrix.rowCount), operation: SparseOperator(matrix))
      checkDownhill(TransformedFidelity(measurement, matrix: matrix, prior: prior), tolerance: 2e-3)
      // Through transforms that change nothing, they are the linear residuals but for the size of rows.
      let plain = TransformedFidelity(
        measurement, matrix: matrix, prior: DiffusionPrior(NoPredictor(), space: space()))
      let linear = LinearFidelity(try space().observe(measurement))
      let states: Tensor<Float> = random.normals([3, Self.d])
      let (a, b) = (plain.residuals(of: states).scalars, linear.residuals(of: states).scalars)
      for (a, b) in zip(a, b) { #expect(abs(a - b) < 1e-4) }
      #expect(abs(plain.noiseVariance - linear.noiseVariance) < 1e-6)
    }
  }
}
