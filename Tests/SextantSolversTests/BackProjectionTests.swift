// What the network of a flow sees of a measurement: against the definition for a matrix, and for masks against the measured values.

import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct BackProjectionTests {
  private static func measurement(by operation: any LinearOperator) -> FieldMeasurement {
    var random = RandomStream(seed: 3)
    let values: Tensor<Float> = random.normals([operation.outputCount])
    return FieldMeasurement(
      values: values.scalars, noise: (0..<operation.outputCount).map { 0.2 + 0.1 * Float($0 % 3) }, operation: operation)
  }

  private static let mixing = SparseMatrix(
    rowCount: 4, columnCount: 6,
    entries: [(0, 0, 0.5), (0, 1, 0.5), (1, 1, 0.25), (1, 2, -0.75), (2, 4, 2), (3, 3, 0.1), (3, 4, 0.9)])

  @Test func itIsTheAdjointOfTheResiduals() throws {
    let reference: [Float] = [0.3, -1, 0.5, 2, 0.25, 7]
    let measurement = Self.measurement(by: SparseOperator(Self.mixing))
    let found = try BackProjection(of: measurement, at: reference)
    let dense = (0..<4).map { row in
      (0..<6).map { column in
        (Self.mixing.rowStarts[row]..<Self.mixing.rowStarts[row + 1]).reduce(0.0) {
          Int(Self.mixing.columns[$1]) == column ? $0 + Self.mixing.values[$1] : $0
        }
      }
    }
    for entry in 0..<6 {
      var (sum, weight) = (0.0, 0.0)
      for row in 0..<4 {
        let expected = (0..<6).reduce(0.0) { $0 + dense[row][$1] * Double(reference[$1]) }
        let variance = Double(measurement.noise[row]) * Double(measurement.noise[row])
        sum += dense[row][entry] * (Double(measurement.values[row]) - expected) / variance
        weight += dense[row][entry] * dense[row][entry] / variance
      }
      #expect(abs(found.sums[entry] - sum) < 1e-12 * max(1, abs(sum)))
      #expect(abs(found.weights[entry] - weight) < 1e-12 * max(1, weight))
      #expect(weight > 0 || found.standardised(at: entry) == 0)
    }
    #expect(found.weights[5] == 0)
  }

  @Test func ofAMaskItIsTheDifferenceInUnitsOfTheNoise() throws {
    let measurement = Self.measurement(by: SelectionOperator(inputCount: 6, indices: [5, 0, 2]))
    let reference: [Float] = [1, 2, 3, 4, 5, 6]
    let found = try BackProjection(of: measurement, at: reference)
    for (row, entry) in [5, 0, 2].enumerated() {
      let expected = Double(measurement.values[row] - reference[entry]) / Double(measurement.noise[row])
      #expect(abs(found.standardised(at: entry) - expected) < 1e-5)
      #expect(abs(found.precision(at: entry) * Double(measurement.noise[row]) - 1) < 1e-6)
    }
    #expect([1, 3, 4].allSatisfy { found.weights[$0] == 0 })
  }

  @Test func valuesThatDependOnUnknownEntriesSayNothing() throws {
    let measurement = Self.measurement(by: SparseOperator(Self.mixing))
    let found = try BackProjection(of: measurement, at: [0, .nan, 0, 0, 0, 0])
    #expect(found.weights[0] == 0 && found.weights[2] == 0 && found.weights[4] > 0)
    #expect(!found.sums.contains { !$0.isFinite })
  }

  @Test func theConditionIsTheAnomalyAndTheMask() throws {
    let space = try StateFidelityTests.space()
    let measurement = StateFidelityTests.measurement(1)
    let condition = try space.condition(of: measurement, transforms: [.none, .none], withMask: true)
    let observed = Dictionary(
      uniqueKeysWithValues: [0, 1, 3, 4, 7].enumerated().map { (Int(space.layout.stateOfEntry[$1]), (row: $0, entry: $1)) })
    let mean = space.climatology.mean(for: FieldLabel())
    #expect(condition.count == 16)
    for state in 0..<8 {
      #expect(condition[8 + state] == (observed[state] == nil ? 0 : 1))
      guard let (row, entry) = observed[state] else {
        #expect(condition[state] == 0)
        continue
      }
      let expected = (measurement.values[row] - mean[state]) / space.scales[entry % 2]
      #expect(abs(condition[state] - expected) < 1e-5 * max(1, abs(expected)))
    }
  }

  /// Halves measured twice with the same noise say as much as the entry measured once with a noise of √2.
  @Test func theConditionOfAMatrixIsWhatItSaysOfEachState() throws {
    let space = try StateFidelityTests.space()
    let mean = space.climatology.mean(for: FieldLabel())
    let places = [0, 3]
    let halves = SparseOperator(
      SparseMatrix(rowCount: 4, columnCount: 8, entries: (0..<4).map { ($0, places[$0 / 2], 0.5) }))
    let values: [Float] = [0.2, 0.4, -0.3, 0.1]
    let condition = try space.condition(
      of: FieldMeasurement(values: values, noise: [0.1, 0.1, 0.1, 0.1], operation: halves), transforms: [.none, .none], withMask: false)
    for (place, entry) in places.enumerated() {
      let state = Int(space.layout.stateOfEntry[entry])
      let estimate = values[2 * place] + values[2 * place + 1]
      #expect(abs(condition[state] - (estimate - mean[state]) / space.scales[entry % 2]) < 1e-5)
    }
  }
}
