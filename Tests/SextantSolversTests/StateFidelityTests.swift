// The misfit of states to measured values: its gradient against differences of its own values, through transforms too, and
// its least value where the field is what was measured.

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

  static func measured(_ seed: UInt64, space: StateSpace) throws -> MeasuredStates {
    try MeasuredStates(measurement(seed), space: space)
  }

  @Test func theGradientIsThatOfTheValue() throws {
    let space = try Self.space()
    let fidelity = StateFidelity(
      try [1, 2].map { try Self.measured($0, space: space) }, space: space, transforms: Self.transforms)
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

  @Test func aFieldThatWasMeasuredExactlyHasNoMisfit() throws {
    let space = try Self.space()
    var random = RandomStream(seed: 5)
    let states: Tensor<Float> = random.normals([1, 8])
    var field = space.fields(fromStates: states, label: FieldLabel())
    Self.transforms.mapValues(&field)
    let measured = try MeasuredStates(
      FieldMeasurement(
        values: field.scalars, noise: [Float](repeating: 0.1, count: 8),
        operation: SelectionOperator(inputCount: 8, indices: Array(0..<8))), space: space)
    let fidelity = StateFidelity([measured], space: space, transforms: Self.transforms)
    #expect(fidelity(Tape<Float>().constant(states.reshaped(to: [1, 8, 1])), [0]).value.scalars[0] < 1e-6)
  }
}
