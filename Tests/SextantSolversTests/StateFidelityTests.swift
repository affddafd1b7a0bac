// The misfit of states to measured values, of single entries and of sums of several: its gradient against differences of its own values,
// through transforms too, and its least value where the field is what was measured.

import SextantArrays
import SextantAutodiff
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantSolvers
import Testing

@Suite struct StateFidelityTests {
  static let transforms: [MarginalTransform] = [.none, .logit(minimum: 0, maximum: 2)]

  /// Four scattered points with two channels; their climatology is not 0.
  static func space() throws -> StateSpace {
    let points = try ScatteredPoints((0..<4).map { GeographicPoint(latitude: Double($0) * 20, longitude: 10) })
    let layout = StateLayout(domain: points, channelCount: 2, isInside: [Bool](repeating: true, count: 8))
    return StateSpace(
      layout: layout,
      climatology: Climatology(
        kind: .constant, coefficients: Tensor((0..<8).map { Float($0) / 4 - 1 }, shape: [1, 8])),
      scales: [2, 0.7])
  }

  static func measurement(_ seed: UInt64) -> FieldMeasurement {
    var random = RandomStream(seed: seed)
    let values: Tensor<Float> = random.normals([5])
    return FieldMeasurement(
      values: values.scalars.map { abs($0) }, noise: [0.5, 0.3, 0.4, 0.2, 0.6],
      operation: SelectionOperator(inputCount: 8, indices: [0, 1, 3, 4, 7]))
  }

  /// Values that mix entries, of both channels.
  static let mixture = SparseOperator(
    SparseMatrix(
      rowCount: 5, columnCount: 8,
      entries: [(0, 0, 0.5), (0, 2, 0.25), (1, 1, 1), (2, 3, -0.4), (2, 4, 0.6), (2, 7, 0.3), (3, 6, 0.7), (4, 5, 0.5), (4, 0, 0.5)]))

  @Test(arguments: [false, true]) func theGradientIsThatOfTheValue(mixes: Bool) throws {
    let space = try Self.space()
    let measured = try MeasuredStates.all([UInt64(1), 2], space: space) {
      var measurement = Self.measurement($0)
      if mixes { measurement.operation = Self.mixture }
      return measurement
    }
    let fidelity = StateFidelity(measured, space: space, transforms: Self.transforms)
    var random = RandomStream(seed: 3)
    let states: Tensor<Float> = random.normals([3, 8, 1])
    func value(_ x: Tensor<Float>) -> Double {
      Double(fidelity(Tape<Float>().constant(x), [0, 1, 0]).value.scalars[0])
    }
    let tape = Tape<Float>()
    let leaf = tape.leaf(states)
    let gradients = tape.gradients(of: fidelity(leaf, [0, 1, 0]))
    let gradient = try #require(gradients[leaf])
    for entry in 0..<states.count {
      var (above, below) = (states, states)
      above.withUnsafeMutableScalars { $0[entry] += 0.01 }
      below.withUnsafeMutableScalars { $0[entry] -= 0.01 }
      let slope = (value(above) - value(below)) / 0.02
      #expect(abs(slope - Double(gradient.scalars[entry])) < 2e-3 * max(1, abs(slope)), "entry \(entry)")
    }
  }

  @Test(arguments: [false, true]) func aFieldThatWasMeasuredExactlyHasNoMisfit(mixes: Bool) throws {
    let space = try Self.space()
    var random = RandomStream(seed: 5)
    let states: Tensor<Float> = random.normals([1, 8])
    var field = space.fields(fromStates: states, label: FieldLabel())
    Self.transforms.mapValues(&field)
    let operation: any LinearOperator = mixes ? Self.mixture : SelectionOperator(inputCount: 8, indices: Array(0..<8))
    let values = operation.apply(field).scalars
    let measured = try MeasuredStates.all(
      [FieldMeasurement(values: values, noise: [Float](repeating: 0.1, count: values.count), operation: operation)], space: space
    ) { $0 }
    let fidelity = StateFidelity(measured, space: space, transforms: Self.transforms)
    #expect(fidelity(Tape<Float>().constant(states.reshaped(to: [1, 8, 1])), [0]).value.scalars[0] < 1e-6)
  }

  /// A sum that depends on a place outside the domain says nothing.
  @Test func valuesFromOutsideDoNotCount() throws {
    let points = try ScatteredPoints((0..<2).map { GeographicPoint(latitude: Double($0) * 20, longitude: 10) })
    let space = StateSpace(
      layout: StateLayout(domain: points, channelCount: 1, isInside: [true, false]),
      climatology: Climatology(kind: .constant, coefficients: Tensor([0], shape: [1, 1])), scales: [1])
    let sums = SparseOperator(SparseMatrix(rowCount: 2, columnCount: 2, entries: [(0, 0, 0.5), (0, 1, 0.5), (1, 0, 1)]))
    let measured = try MeasuredStates.all([FieldMeasurement(values: [100, 2], noise: [1, 1], operation: sums)], space: space) { $0 }
    let fidelity = StateFidelity(measured, space: space, transforms: [.none])
    #expect(fidelity(Tape<Float>().constant(Tensor([0], shape: [1, 1, 1])), [0]).value.scalars[0] == 2)
  }
}
